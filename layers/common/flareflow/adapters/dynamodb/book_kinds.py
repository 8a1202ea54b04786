"""The kinds of items in UsageTable that hold price books."""

from typing import Final

from flareflow.adapters.dynamodb.keys import ItemKind

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
