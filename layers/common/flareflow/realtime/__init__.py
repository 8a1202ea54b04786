"""What happens to a subscription, told to whoever watches it.

Rules that always hold:

1. A connection is opened by a ticket that works once, and watches only subscriptions of the ticket's account.
2. The messages of a subscription are numbered 1, 2, 3, … without a gap.
3. A stream record makes a message once; delivered again, it sends the same message with the same number.
4. A message is stored before it is sent: what a connection missed is there to be resumed from.
"""
