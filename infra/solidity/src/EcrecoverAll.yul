/// Recovers the signer of each of many signatures over one digest, with the ecrecover precompile.
///
/// Input: digest(32), then for each signature v(1) r(32) s(32) index(2), as in the calldata of Flare's Relay.
/// Output: one word a signature, the signer's address, or zero where the signature has none. Has no state, no owner
/// and no other function. FlareOracleVerifier.cdc deploys exactly this code and calls it without leaving a trace.
object "EcrecoverAll" {
    code {
        datacopy(0, dataoffset("runtime"), datasize("runtime"))
        return(0, datasize("runtime"))
    }
    object "runtime" {
        code {
            mstore(0, calldataload(0))
            let out := 128
            for { let at := 32 } lt(at, calldatasize()) { at := add(at, 67) } {
                mstore(32, byte(0, calldataload(at)))
                calldatacopy(64, add(at, 1), 64)
                pop(staticcall(gas(), 1, 0, 128, out, 32))
                out := add(out, 32)
            }
            return(128, sub(out, 128))
        }
    }
}
