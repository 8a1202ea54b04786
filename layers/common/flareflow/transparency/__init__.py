"""The log of statements: append-only, so that nobody is shown statements that others do not see."""
