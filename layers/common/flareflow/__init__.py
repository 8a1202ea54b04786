"""Pay-per-token access to language models, with usage that anyone can verify on chain.

The packages follow the way of a token: `metering`, `statements`, `attestation`, `settlement`; `accounts` and
`realtime` stand beside it. Each holds its models, rules, use cases and the ports it needs from the world.
`adapters` implements the ports, `bootstrap` puts both together, one module for each function.
"""
