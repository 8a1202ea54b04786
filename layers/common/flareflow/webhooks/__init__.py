"""Webhooks: messages that an account has posted to a URL of its own; `docs/webhooks.md` is the protocol.

Rules that always hold:

1. A webhook belongs to one account and one subscription. It is told of the subscription only while that is the
   account's.
2. An event has one id, whatever happens to it: a receiver that has seen the id has seen the event.
3. A delivery is stored before it is sent, ends as delivered or failed, and is attempted `ATTEMPTS_MAX` times at most
   until its owner asks for it again.
4. No secret is stored: each is derived, for its webhook, from one secret of the deployment.
5. A request goes only to an address that everybody can reach, and to exactly the one that was checked.
6. No receiver waits for another: an attempt has a time limit, and its retries are messages of their own.
"""
