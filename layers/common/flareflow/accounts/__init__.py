"""Who may do what: signing in by wallet, virtual keys, and an account's own view of its subscriptions.

Rules that always hold:

1. A nonce, a session token and a key's secret are given out once; of the last two only the hash is kept.
2. A session names one Flow address, which proved itself with unrevoked keys of full weight (1000).
3. Nothing of a subscription is read or changed by anybody but its owner; to others it does not exist (404).
4. One idempotency key makes at most one virtual key that anybody has seen.
5. A key works exactly while its subscription can pay for what was metered; a deleted key is never revived.
"""
