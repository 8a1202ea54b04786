"""From a sealed statement to a proof by Flare's voters that it was public and said what it says.

An attestation goes SEALED → REQUESTED → FINALIZED → PROVEN here, CONFIRMED_ON_FLOW → SETTLED in `settlement`;
SKIPPED is one whose totals a newer statement carries. Every step can be repeated, and each goes on from what
is stored.
"""
