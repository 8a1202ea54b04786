"""From an attested statement to a charge on Flow, and from the chain's events to the journal.

Always true, asserted where it could break and tested as properties:

1. The price is a pure function of the cumulative rated total; it is rounded once, in favour of the user.
2. The lines of every journal entry sum to zero, and entries are only ever added.
3. deposited = balance + charged + withdrawn + refunded, after each event, and the balance is the chain's.
4. A transaction is stored before it is sent. Another is made for the same purpose only when the last can no longer
   have an effect.
5. An event is entered in the journal once, however often it is read.
6. A bill in dollars becomes tokens at the rate of the charge, never before. What the journal says that a charge pays of
   the bill, and the charge of the event, are the same by that rate.
"""
