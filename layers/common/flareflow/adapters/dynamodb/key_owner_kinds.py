"""The kinds of items in AccountsTable that say whose calls a virtual key makes."""

from typing import Final

from flareflow.adapters.dynamodb.keys import ItemKind

HASHED_KEY: Final = ItemKind(
    pk="KEY#{hashed_twice}",
    sk="HASHED_TWICE",
    holds="The SHA-256 of the hash of a virtual key, which LiteLLM may log instead of the hash.",
    serves="Metering names such rows.",
)
KEY_OWNER: Final = ItemKind(
    pk="KEY#{key_hash}",
    sk="KEY",
    holds="The subscription of a virtual key. Never changed or deleted, so that late usage finds who pays for it.",
    serves="Metering reads up to 100 at once; key_provisioning finds a key by its hash.",
    attributes=("subscription_id",),
)
