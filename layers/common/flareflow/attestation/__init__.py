"""Flare's voters attest each sealed statement; the proof shows that it was public and what it said.

An attestation's state goes SEALED → REQUESTED → FINALIZED → PROVEN here and CONFIRMED_ON_FLOW → SETTLED in
`settlement`. SKIPPED means that a newer statement carries its totals. Each step starts from what is stored and can be
repeated.
"""
