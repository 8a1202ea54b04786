"""What accounts need from the world. An adapter raises its UnavailableError where it cannot be asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from flareflow.accounts.models import (
    AccountKey,
    AccountProof,
    CursorPage,
    IssuedKey,
    KeyStatus,
    OnChainSubscription,
    Session,
    VirtualKey,
)
from flareflow.metering.models import LiveTotals, UsageEvent
from flareflow.settlement.journal import Entry, Subscription


class Nonces(Protocol):
    """Nonces that were given out and not used yet."""

    def put(self, nonce: str, expires_at: datetime) -> None: ...

    def consume(self, nonce: str, now: datetime) -> bool:
        """Take it away; True for exactly one caller, and for none once it has expired."""


class Sessions(Protocol):
    """Sessions by the SHA-256 of their token."""

    def put(self, token_hash: str, session: Session) -> None: ...

    def find(self, token_hash: str) -> Session | None: ...


class AccountKeys(Protocol):
    """The keys of Flow accounts."""

    def of(self, address: str) -> Sequence[AccountKey]:
        """Every key that we can check, revoked ones too; none where there is no such account.

        Raises FlowUnavailableError.
        """


class ProofVerifier(Protocol):
    """Checks the signatures of account proofs."""

    def holds(self, key: AccountKey, proof: AccountProof, signature: bytes) -> bool:
        """True when `signature` (r and s, 64 bytes) is the key's over the proof; False for malformed ones too."""


class OnChainSubscriptions(Protocol):
    """Subscriptions as the contract has them at this moment."""

    def find(self, subscription_id: int) -> OnChainSubscription | None:
        """Raises FlowUnavailableError."""


class KeyIssuer(Protocol):
    """What accounts need from LiteLLM; all but `issue` may be repeated. Raises KeyIssuerUnavailableError."""

    def issue(self, alias: str, subscription_id: int, owner: str) -> IssuedKey:
        """A new key that can call models and nothing else; `alias` must be free."""

    def delete_alias(self, alias: str) -> None:
        """The key with this alias does not exist afterwards."""

    def delete(self, key_hash: str) -> None:
        """The key does not exist afterwards."""

    def block(self, key_hash: str) -> None:
        """The key is refused from now on; nothing to do where it is gone."""

    def unblock(self, key_hash: str) -> None:
        """The key works again; nothing to do where it is gone."""


class VirtualKeys(Protocol):
    """The keys that we know."""

    def find(self, key_hash: str) -> VirtualKey | None: ...

    def of_subscription(self, subscription_id: int) -> Sequence[VirtualKey]:
        """Oldest first, deleted ones too."""

    def mark(self, key: VirtualKey, status: KeyStatus) -> bool:
        """Set the status; False, and nothing changes, where the key is deleted: that is for good."""


@dataclass(frozen=True, slots=True)
class KeyRequestClaim:
    """The right to carry out one idempotent request, until `lease_until`.

    `resumed`: an earlier attempt ended somewhere in the middle. `key_hash` is set once the request is done.
    """

    owner: str
    idempotency_key: str
    request_hash: str
    lease_until: datetime
    resumed: bool = False
    key_hash: str | None = None


class KeyRequests(Protocol):
    """What became of each `Idempotency-Key` of each account."""

    def find(self, owner: str, idempotency_key: str) -> KeyRequestClaim | None: ...

    def claim(self, claim: KeyRequestClaim, now: datetime) -> None:
        """Take it, where it is new, or started by an attempt whose lease has ended at `now`.

        Raises RaceLostError where another attempt holds it, or it is done.
        """

    def release(self, claim: KeyRequestClaim, now: datetime) -> None:
        """Let the next attempt begin at once; nothing to do where it is done or somebody else's by now."""

    def finish(self, claim: KeyRequestClaim, key: VirtualKey) -> None:
        """Record the key and that the request is done, both or neither.

        Raises RaceLostError where the lease was lost to another attempt.
        """


class Ledger(Protocol):
    """Money, as the chain told it."""

    def subscription(self, subscription_id: int) -> Subscription | None:
        """As of the last write; None until the chain was seen to open the subscription."""

    def owned_by(self, owner: str, cursor: str | None) -> CursorPage[int]:
        """The ids of an account's subscriptions."""

    def journal(self, subscription_id: int, cursor: str | None) -> CursorPage[Entry]:
        """Newest first."""


class MeteredUsage(Protocol):
    """What was metered, attested or not."""

    def live(self, subscription_id: int) -> LiveTotals:
        """As of the last write."""

    def events(self, subscription_id: int, epoch: int, cursor: str | None) -> CursorPage[UsageEvent]:
        """The usage events that were counted under an epoch."""
