"""Models of accounts, sessions, virtual keys and standings. Every Flow address is `0x` and 16 lowercase hex digits."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from flareflow.errors import InvalidRequestError
from flareflow.inputs import Client

_ADDRESS: Final = re.compile(r"(0x)?[0-9a-fA-F]{1,16}")


def flow_address(text: str) -> str:
    """`text` in the form that is compared and stored. Raises InvalidRequestError `invalid_address`."""
    if not _ADDRESS.fullmatch(text):
        raise InvalidRequestError("invalid_address", "A Flow address is 0x and up to 16 hex digits.")
    return f"0x{text.removeprefix('0x').lower():0>16}"


class SignatureAlgorithm(StrEnum):
    """The curves of Flow account keys, by the names that the chain uses."""

    P256 = "ECDSA_P256"
    SECP256K1 = "ECDSA_secp256k1"


class HashAlgorithm(StrEnum):
    """The hash algorithms of Flow account keys, by the names that the chain uses."""

    SHA2_256 = "SHA2_256"
    SHA3_256 = "SHA3_256"


FULL_WEIGHT: Final = 1_000
"""Keys of a Flow account that weigh this much together have full authority over it."""
SIGN_IN_WEIGHT: Final = 999
"""Keys that weigh this much together sign in: users of custodial wallets have no more, the wallet holds a key of 1."""


class ProofType(StrEnum):
    """What the wallet signs, by the names of FCL's services. USER_SIGNATURE is for wallets without account proof."""

    ACCOUNT_PROOF = "account-proof"
    USER_SIGNATURE = "user-signature"


@dataclass(frozen=True, slots=True)
class AccountKey:
    """One key of a Flow account: `public_key` is x and y, 32 bytes each."""

    index: int
    public_key: bytes
    signature_algorithm: SignatureAlgorithm
    hash_algorithm: HashAlgorithm
    weight: int
    revoked: bool


@dataclass(frozen=True, slots=True)
class KeySignature:
    """What one key of an account signed: r and s, 32 bytes each."""

    key_index: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class AccountProof:
    """A wallet's proof: `origin` is the app identifier that the wallet signed (the page's origin), `nonce` is ours."""

    address: str
    origin: str
    nonce: bytes
    signatures: Sequence[KeySignature]
    type: ProofType = ProofType.ACCOUNT_PROOF


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in account, with the SHA-256 of the two tokens that work now. At `expires_at` the session is over.

    `replaced_hash` is that of the refresh token before, while it may come again because the answer to it was lost:
    until the new pair is used, and at most until `replaced_until`. Empty otherwise.
    """

    session_id: str
    address: str
    created_at: datetime
    refreshed_at: datetime
    expires_at: datetime
    access_hash: str
    access_expires_at: datetime
    refresh_hash: str
    client: Client
    replaced_hash: str = ""
    replaced_until: datetime | None = None

    def takes(self, refresh_hash: str, now: datetime) -> bool:
        """Whether the refresh token of this hash gives the next pair."""
        is_repeated = (
            refresh_hash == self.replaced_hash and self.replaced_until is not None and now < self.replaced_until
        )
        return is_repeated or refresh_hash == self.refresh_hash

    @classmethod
    def new(cls, session_id: str, address: str, client: Client, now: datetime) -> "Session":
        """A session that is over: it has no tokens yet."""
        return cls(session_id, address, now, now, now, "", now, "", client)


@dataclass(frozen=True, slots=True)
class OnChainSubscription:
    """A subscription as the contract has it now, as far as key provisioning needs it."""

    subscription_id: int
    owner: str
    is_open: bool


class KeyStatus(StrEnum):
    """CHANGING: LiteLLM was called, and its answer is outstanding or lost, so the key may work or not.

    BLOCKED: the standing of its subscription allows no calls. HELD: an administrator of LiteLLM has blocked it.
    """

    ACTIVE = "active"
    CHANGING = "changing"
    BLOCKED = "blocked"
    HELD = "held"
    DELETED = "deleted"


class Standing(StrEnum):
    """What a subscription may do now. Its keys work while it is `active` or `warned`."""

    ACTIVE = "active"
    WARNED = "warned"
    OVERDRAWN = "overdrawn"
    CAPPED = "capped"
    EXITING = "exiting"
    UNKNOWN = "unknown"

    @property
    def allows_calls(self) -> bool:
        """Whether keys may be made and work."""
        return self in {Standing.ACTIVE, Standing.WARNED}


@dataclass(frozen=True, slots=True)
class KnownStanding:
    """A standing as it is stored. `since` is when it began, `version` grows with each change, from 1.

    `owner` is the owner as of the ledger; None where the ledger does not know the subscription.
    """

    subscription_id: int
    standing: Standing
    owner: str | None
    since: datetime
    version: int


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """What LiteLLM allows one key. An empty list of models: all of them; None: no limit of the key's own."""

    models: tuple[str, ...] = ()
    expires_at: datetime | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


UNLIMITED: Final = KeyLimits()


@dataclass(frozen=True, slots=True)
class VirtualKey:
    """A LiteLLM key: `key_hash` is the SHA-256 of its secret in hex, `alias` the owner's name for it.

    `owner` is who made it; it ends when the subscription moves to somebody else. `budget_microusd` is LiteLLM's limit
    of what the key may ever cost, `first_microtokens` the subscription's usage when the key was made. `replaces` is the
    hash of the key that it was made for, by rotation. `cap_microtokens` is what the key may use in all, in rated
    micro-tokens; None: as much as its subscription can pay for. `shares_cap_with`: the keys whose usage counts towards
    that cap too since a rotation, and what each had used before.
    """

    key_hash: str
    subscription_id: int
    alias: str
    status: KeyStatus
    created_at: datetime
    owner: str
    first_microtokens: int
    budget_microusd: int
    limits: KeyLimits = UNLIMITED
    replaces: str | None = None
    cap_microtokens: int | None = None
    shares_cap_with: Mapping[str, int] = field(default_factory=dict)

    def has_expired(self, now: datetime) -> bool:
        return self.limits.expires_at is not None and self.limits.expires_at <= now


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key and its secret, which is shown once and never stored."""

    secret: str = field(repr=False)
    key_hash: str


@dataclass(frozen=True, slots=True)
class KeyState:
    """A key as LiteLLM has it. `budget_microusd` is None for a key without a limit.

    `is_held`: it was blocked by somebody else than FlareFlow. Of a deleted key nothing else is told.
    """

    is_blocked: bool = False
    budget_microusd: int | None = None
    is_held: bool = False
    is_deleted: bool = False
    limits: KeyLimits = UNLIMITED


@dataclass(frozen=True, slots=True)
class CursorPage[T]:
    """A part of a list; `next_cursor` is the cursor of the next part, None at the end."""

    items: Sequence[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Lease:
    """Rated micro-tokens that a holder has until `expires_at`."""

    held_microtokens: int
    expires_at: datetime


def holder_of(gate: str, key_hash: str) -> str:
    """Who holds a lease: a gate has one for each key."""
    return f"{gate}.{key_hash[:16]}"


@dataclass(frozen=True, slots=True)
class SubscriptionLeases:
    """All leases of a subscription by holder; `version` grows with each change, from 1 (0: there was none yet)."""

    subscription_id: int
    leases: Mapping[str, Lease]
    version: int

    def held_by_others_microtokens(self, holder: str) -> int:
        return sum(lease.held_microtokens for name, lease in self.leases.items() if name != holder)

    def held_for_keys_by_others_microtokens(self, key_hashes: Iterable[str], holder: str) -> int:
        """What all but one holder hold for these keys."""
        names = tuple(holder_of("", key_hash) for key_hash in key_hashes)
        return sum(
            lease.held_microtokens for name, lease in self.leases.items() if name != holder and name.endswith(names)
        )

    def living(self, now: datetime) -> "SubscriptionLeases":
        """Without those that have run out."""
        return replace(self, leases={name: one for name, one in self.leases.items() if one.expires_at > now})

    def with_lease(self, holder: str, lease: Lease) -> "SubscriptionLeases":
        """The next version; a lease of nothing goes."""
        others = {name: one for name, one in self.leases.items() if name != holder}
        leases = {**others, holder: lease} if lease.held_microtokens else others
        return replace(self, leases=leases, version=self.version + 1)
