"""A witness of the statement log for the local stack: somebody else who signs what has only grown."""
