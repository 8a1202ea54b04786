"""Live notifications of what happens to a subscription, over WebSockets; `docs/live.md` is the protocol.

Rules that always hold:

1. A ticket opens one connection, which can watch only subscriptions of the ticket's account, and each of them only as
   long as it is that account's.
2. The messages of a subscription have sequence numbers without a gap, for as long as somebody watches it.
3. A change becomes one message; delivered again, it takes no other number.
4. A message is stored before it is sent, so a client can resume from the last number it has seen; where not all that
   it missed is stored, it gets a snapshot instead.
5. Nothing is written about a subscription that nobody watches.
6. No client waits for another: sending has a time limit, and what it misses a client gets by resuming.
"""
