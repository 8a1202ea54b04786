"""The public, immutable document of an epoch, and the two Merkle trees that it commits to.

Always true, asserted where it could break and tested as properties:

1. A sealed statement never changes: its documents are written once, from usage that can no longer change.
2. Totals are cumulative and never go down; a late call is in the next epoch's totals.
3. The leaves' rated micro-tokens add up to the statement's total.
4. Each statement names the hash of the one before.
"""
