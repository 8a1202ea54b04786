// Recovers the signers of one digest: a loop around the ecrecover precompile, without storage or owner.
//
// Calldata: digest(32), then for each signature v(1) r(32) s(32) index(2), as in the calldata of Flare's Relay.
// Returns:  uint256[] in ABI encoding, a word for each signature: index << 160 | signer. The signer is 0 where
//           v is not 27 or 28 or the signature has no signer. Reverts when the precompile runs out of gas.
//
// `FlareSignatures.cdc` holds the compiled code and deploys it; a test compiles this file and compares.
object "RecoverSigners" {
    code {
        datacopy(0, dataoffset("runtime"), datasize("runtime"))
        return(0, datasize("runtime"))
    }
    object "runtime" {
        code {
            // 0x00 to 0x7f: what ecrecover reads. From 0x80: what is returned; fresh memory is zero.
            let count := div(sub(calldatasize(), 32), 67)
            mstore(0x80, 32)
            mstore(0xa0, count)
            mstore(0, calldataload(0))
            for { let i := 0 } lt(i, count) { i := add(i, 1) } {
                let signature := add(32, mul(i, 67))
                let word := add(0xc0, mul(i, 32))
                mstore(0x20, byte(0, calldataload(signature)))
                mstore(0x40, calldataload(add(signature, 1)))
                mstore(0x60, calldataload(add(signature, 33)))
                if iszero(staticcall(gas(), 1, 0, 0x80, word, 32)) { revert(0, 0) }
                let index := shr(240, calldataload(add(signature, 65)))
                mstore(word, or(mload(word), shl(160, index)))
            }
            return(0x80, add(0x40, mul(32, count)))
        }
    }
}
