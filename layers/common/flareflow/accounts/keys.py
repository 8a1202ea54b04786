"""Virtual keys: made once for one idempotency key, listed, and deleted for good."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from flareflow.accounts.models import KeyStatus, OnChainSubscription, VirtualKey
from flareflow.accounts.ports import (
    KeyIssuer,
    KeyRequestClaim,
    KeyRequests,
    OnChainSubscriptions,
    VirtualKeys,
)
from flareflow.errors import ConflictError, NotFoundError, RaceLostError, UnavailableError
from flareflow.time import Clock

KEYS_PER_SUBSCRIPTION_MAX: Final = 20
LEASE: Final = timedelta(seconds=30)
"""As long as one invocation can live: an attempt whose lease has ended is surely dead."""


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """What is asked for: a key of a subscription, and what its owner calls it."""

    subscription_id: int
    alias: str

    def hash(self) -> str:
        """Equal for equal requests: tells a repetition from another request with the same idempotency key."""
        return hashlib.sha256(f"{self.subscription_id}\n{self.alias}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A new key with its secret `key`, this one time."""

    key: str = field(repr=False)
    key_hash: str
    subscription_id: int
    alias: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OwnedSubscription:
    """The one rule of who may touch a subscription's keys: its owner on chain, now."""

    subscriptions: OnChainSubscriptions

    def of(self, caller: str, subscription_id: int) -> OnChainSubscription:
        """Raises NotFoundError `subscription_not_found`, for another's subscription too."""
        subscription = self.subscriptions.find(subscription_id)
        if subscription is None or subscription.owner != caller:
            raise NotFoundError("subscription_not_found", f"You own no subscription {subscription_id}.")
        return subscription


@dataclass(frozen=True, slots=True)
class CreateKey:
    """Make a key, so that a request that is repeated after any crash makes one key and shows one secret.

    The alias at LiteLLM follows from the account and its idempotency key. An attempt that ended before the key
    was recorded has shown its secret to nobody: the next one deletes whatever has the alias and begins anew.
    """

    owned: OwnedSubscription
    requests: KeyRequests
    keys: VirtualKeys
    issuer: KeyIssuer
    clock: Clock

    def run(self, caller: str, idempotency_key: str, request: KeyRequest) -> CreatedKey:
        """Raises NotFoundError `subscription_not_found`; ConflictError `subscription_not_open`,
        `too_many_keys`, `secret_already_shown`, `idempotency_key_reused` or `request_in_progress`.
        """
        earlier = self.requests.find(caller, idempotency_key)
        self._refuse_repeat(earlier, request)
        self._refuse_unfit(caller, request.subscription_id)
        claim = self._claim(caller, idempotency_key, request, resumed=earlier is not None)
        try:
            return self._issue(claim, request)
        except UnavailableError:
            self.requests.release(claim, self.clock())
            raise

    def _refuse_repeat(self, earlier: KeyRequestClaim | None, request: KeyRequest) -> None:
        if earlier is None:
            return
        if earlier.request_hash != request.hash():
            raise ConflictError(
                "idempotency_key_reused", "This Idempotency-Key belongs to a request with another body."
            )
        if earlier.key_hash is not None:
            raise ConflictError(
                "secret_already_shown",
                f"This request made key {earlier.key_hash}; its secret was shown once.",
            )

    def _refuse_unfit(self, caller: str, subscription_id: int) -> None:
        if not self.owned.of(caller, subscription_id).is_open:
            raise ConflictError("subscription_not_open", "A key needs an open subscription.")
        alive = [key for key in self.keys.of_subscription(subscription_id) if key.status != KeyStatus.DELETED]
        if len(alive) >= KEYS_PER_SUBSCRIPTION_MAX:
            raise ConflictError("too_many_keys", f"A subscription has at most {KEYS_PER_SUBSCRIPTION_MAX} keys.")

    def _claim(self, caller: str, idempotency_key: str, request: KeyRequest, *, resumed: bool) -> KeyRequestClaim:
        now = self.clock()
        claim = KeyRequestClaim(caller, idempotency_key, request.hash(), now + LEASE, resumed)
        try:
            self.requests.claim(claim, now)
        except RaceLostError as error:
            raise ConflictError(
                "request_in_progress", "The same request is being carried out; ask again in half a minute."
            ) from error
        return claim

    def _issue(self, claim: KeyRequestClaim, request: KeyRequest) -> CreatedKey:
        alias = issuer_alias(claim.owner, claim.idempotency_key)
        if claim.resumed:
            self.issuer.delete_alias(alias)
        issued = self.issuer.issue(alias, request.subscription_id, claim.owner)
        now = self.clock()
        self.requests.finish(
            claim,
            VirtualKey(issued.key_hash, request.subscription_id, request.alias, KeyStatus.ACTIVE, now),
        )
        return CreatedKey(issued.secret, issued.key_hash, request.subscription_id, request.alias, now)


@dataclass(frozen=True, slots=True)
class ListKeys:
    """The keys of one subscription, oldest first, deleted ones too."""

    owned: OwnedSubscription
    keys: VirtualKeys

    def run(self, caller: str, subscription_id: int) -> Sequence[VirtualKey]:
        self.owned.of(caller, subscription_id)
        return self.keys.of_subscription(subscription_id)


@dataclass(frozen=True, slots=True)
class DeleteKey:
    """Revoke a key at LiteLLM, then mark it; repeating it changes nothing."""

    owned: OwnedSubscription
    keys: VirtualKeys
    issuer: KeyIssuer

    def run(self, caller: str, key_hash: str) -> None:
        """Raises NotFoundError `key_not_found`, for another's key too."""
        key = self._own_key(caller, key_hash)
        if key.status != KeyStatus.DELETED:
            self.issuer.delete(key_hash)
            self.keys.mark(key, KeyStatus.DELETED)

    def _own_key(self, caller: str, key_hash: str) -> VirtualKey:
        not_found = NotFoundError("key_not_found", "You own no such key.")
        key = self.keys.find(key_hash)
        if key is None:
            raise not_found
        try:
            self.owned.of(caller, key.subscription_id)
        except NotFoundError as error:
            raise not_found from error
        return key


def issuer_alias(owner: str, idempotency_key: str) -> str:
    """What LiteLLM calls the key of this request: the same each time, and another for each account."""
    return "flareflow-" + hashlib.sha256(f"{owner}\n{idempotency_key}".encode()).hexdigest()[:32]
