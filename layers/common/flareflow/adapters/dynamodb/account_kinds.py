"""The kinds of items in AccountsTable: sign-ins and virtual keys."""

from dataclasses import fields
from typing import Final

from flareflow.accounts.models import Session, VirtualKey
from flareflow.adapters.dynamodb.key_owner_kinds import HASHED_KEY, KEY_OWNER
from flareflow.adapters.dynamodb.keys import EXPIRES_AT, ItemKind
from flareflow.inputs import Client

_CLIENT_ATTRIBUTES: Final = tuple(field.name for field in fields(Client))
NONCE: Final = ItemKind(
    pk="NONCE#{nonce}",
    sk="NONCE",
    holds="A nonce for one sign-in; deleted by its use.",
    serves="wallet_auth uses it up.",
    attributes=(EXPIRES_AT,),
)
SESSION: Final = ItemKind(
    pk="ACCOUNT#{address}",
    sk="SESSION#{session_id}",
    holds="A session of an account: the SHA-256 of its two tokens and, while a refresh may be repeated, of the refresh "
    "token before; and who refreshed it last. Deleted when it ends.",
    serves="session_authorizer reads the one that a token names, and clears `replaced_hash`; wallet_auth lists and "
    "replaces them.",
    attributes=(*(field.name for field in fields(Session) if field.name != "client"), *_CLIENT_ATTRIBUTES),
)
_KEY_ATTRIBUTES: Final = tuple(field.name for field in fields(VirtualKey))
VIRTUAL_KEY: Final = ItemKind(
    pk="SUB#{subscription_id}",
    sk="KEY#{key_hash}",
    holds="A virtual key that is not deleted; `status` is active, changing or blocked.",
    serves="key_provisioning and enforcement list the keys of a subscription.",
    attributes=_KEY_ATTRIBUTES,
)
DELETED_KEY: Final = ItemKind(
    pk="SUB#{subscription_id}",
    sk="DELETED#{key_hash}",
    holds="A virtual key that was deleted, so that living keys are found without them, however many there were.",
    serves="key_provisioning lists them.",
    attributes=_KEY_ATTRIBUTES,
)
LIVING_KEYS: Final = ItemKind(
    pk="SUB#{subscription_id}",
    sk="LIVING_KEYS",
    holds="How many keys a subscription has that are not deleted.",
    serves="Recording and deleting a key change it in the same transaction, which holds the limit.",
    attributes=("number",),
)
LEASES: Final = ItemKind(
    pk="SUB#{subscription_id}",
    sk="LEASES",
    holds="The credit that gates have leased for keys of a subscription; `version` guards its changes.",
    serves="credit_leases reads and replaces it for each lease.",
    attributes=("subscription_id", "leases", "version"),
)
KEY_SWEEP: Final = ItemKind(
    pk="KEY_SWEEP",
    sk="LAST",
    holds="The last subscription whose keys the sweep has looked at, where it was not finished.",
    serves="key_sweep goes on from there.",
    attributes=("subscription_id",),
)
KEY_REQUEST: Final = ItemKind(
    pk="IDEMPOTENCY#{owner}#{idempotency_key}",
    sk="REQUEST",
    holds="A request for a key; `state` is started or done, `key_hash` is there once it is done.",
    serves="key_provisioning looks for a repetition and holds a lease while it carries the request out.",
    attributes=("request_hash", "state", "lease_until", "key_hash"),
)

ACCOUNT_KINDS: Final = (
    *(NONCE, SESSION, KEY_OWNER, HASHED_KEY, VIRTUAL_KEY),
    *(DELETED_KEY, LIVING_KEYS, LEASES, KEY_REQUEST, KEY_SWEEP),
)
