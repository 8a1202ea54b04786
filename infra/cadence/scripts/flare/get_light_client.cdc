import "FlareOracleVerifier"

/// The light client's newest signing policy in short, and whether policies have to be rolled.
access(all) fun main(): FlareOracleVerifier.Status {
    return FlareOracleVerifier.status()
}
