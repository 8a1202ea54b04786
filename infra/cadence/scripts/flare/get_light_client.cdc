import "FlareOracleVerifier"

/// The light client's newest signing policy in short.
access(all) fun main(): FlareOracleVerifier.Status {
    return FlareOracleVerifier.status()
}
