"""The books: money and usage as double-entry transactions, and their rebuilding from the sources.

Nothing is stored twice for them. The journal's entries, the epochs' packs, the statements, the attestations and the
decided cases are written once each and name their causes; the transactions are views of them. `docs/books.md` lists
accounts and causes.
"""
