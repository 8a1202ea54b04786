"""Accounts: sign-in by wallet, virtual keys, enforcement, and an account's view of its own subscriptions.

Rules that always hold:

1. A nonce, a session's token and a key's secret are given out once; of tokens and secrets only the hash is stored.
2. A session belongs to one Flow address, which was proven with unrevoked keys that weigh 999 together. It has one
   access token and one refresh token; a refresh token that comes a second time ends it.
3. Only its owner can read or change a subscription; to everybody else it does not exist (404).
4. Of all keys made for one idempotency key at most one is ever shown; the others are deleted.
5. A key works exactly while the standing of its subscription allows calls; a deleted key never works again.
6. A key is recorded only under a stored standing that allows it, for the owner in the ledger, as one of 20 at most.
7. All credit that gates hold is within what the subscription can pay for, but for what they have spent already.
"""
