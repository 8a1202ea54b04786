"""The kinds of items in UsageTable that hold price books, what models brought, and the keys of receipts."""

from typing import Final

from flareflow.adapters.dynamodb.keys import EXPIRES_AT, ItemKind

BOOK_IN_FORCE: Final = ItemKind(
    pk="PRICE_BOOKS",
    sk="FROM#{epoch:020}",
    holds="The hash of the price book that rates what is counted under `epoch` and those after it. Never changed.",
    serves="Metering and sealing ask for the last one not after an epoch.",
    attributes=("hash",),
)
PRICE_BOOK: Final = ItemKind(
    pk="PRICE_BOOKS",
    sk="BOOK#{hash}",
    holds="The canonical JSON of a price book, compressed with zlib, under its hash in hex.",
    serves="Metering, sealing and public_api read one.",
    attributes=("text",),
)
SOLD_OF_MODEL: Final = ItemKind(
    pk="SOLD#{day}",
    sk="MODEL#{model}",
    holds="What was billed of a model, under the SHA-256 of its name, on a day; the last epoch in it; kept 40 days.",
    serves="reconciliation lists the models of a day.",
    attributes=("model", "calls", "rated_microtokens", "cost_nanousd", "epoch", EXPIRES_AT),
)
RECEIPT_KEYS_IN_FORCE: Final = ItemKind(
    pk="RECEIPT_KEYS",
    sk="FROM#{epoch:020}",
    holds="The canonical JSON of the keys that sign receipts, which statements of `epoch` and later ones name.",
    serves="Sealing asks for the last one not after an epoch.",
    attributes=("text",),
)

BOOK_KINDS: Final = (BOOK_IN_FORCE, PRICE_BOOK, RECEIPT_KEYS_IN_FORCE, SOLD_OF_MODEL)
