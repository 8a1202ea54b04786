"""A user's own log of calls against the calls that statements bill, and proofs of what differs."""
