"""Pay-per-token access to language models, with usage that anyone can verify on chain.

`metering` counts used tokens, `statements` publishes them, `attestation` has Flare attest them and `settlement`
charges them on Flow. `accounts` and `realtime` serve users. Each of these packages has models, rules, use cases and
ports: protocols for what it needs from outside systems. `adapters` implements the ports, one package for each outside
system; `entrypoints` parses what AWS hands a function; `bootstrap` connects them, one module for each function.
"""
