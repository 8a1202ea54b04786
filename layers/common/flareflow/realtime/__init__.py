"""Live notifications of what happens to a subscription, over WebSockets.

Rules that always hold:

1. A ticket opens one connection, which can watch only subscriptions of the ticket's account, and each of them only as
   long as it is that account's.
2. The messages about a subscription's money have the sequence numbers 1, 2, 3, … without a gap.
3. A change becomes one message of each type; delivered again, the same message is sent with the same number.
4. Such a message is stored before it is sent, so a client can resume from the last number it has seen.
5. A message about usage carries the totals and their version, and is not stored: a client keeps the highest version.
"""
