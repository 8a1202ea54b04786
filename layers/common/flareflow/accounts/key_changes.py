"""What an owner does with keys that there are, and the first keys of new subscriptions."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from flareflow.accounts.key_usage import KeyUsages, left_of_cap_microtokens, used_towards_cap_microtokens
from flareflow.accounts.keys import CreatedKey, CreateKey, own_key
from flareflow.accounts.models import KeyStatus, VirtualKey
from flareflow.accounts.ports import (
    KEYS_PER_SUBSCRIPTION_MAX,
    KeyIssuer,
    OnChainSubscriptions,
    OwnedSubscriptions,
    VirtualKeys,
)
from flareflow.accounts.requests import KeyChange, KeyRequest, RotationRequest, SuccessorRequest
from flareflow.errors import (
    ConflictError,
    InvalidRequestError,
    KeyIssuerUnavailableError,
    RaceLostError,
    RequestError,
    UnavailableError,
)
from flareflow.time import Clock

OVERLAP: Final = timedelta(days=1)
OVERLAP_MAX: Final = timedelta(days=90)
FIRST_KEYS_MAX: Final = 3
"""Keys that one request makes: each may take LiteLLM some seconds."""
SUBSCRIPTION_PAGES_MAX: Final = 20
FIRST_ALIAS: Final = "first key"


@dataclass(frozen=True, slots=True)
class ChangeKey:
    """Give a key another name or cap. LiteLLM's budget follows the cap at the next sweep; the gate asks for the cap."""

    subscriptions: OnChainSubscriptions
    keys: VirtualKeys

    def run(self, caller: str, key_hash: str, change: KeyChange) -> VirtualKey:
        """Return the key as it is now. Raises NotFoundError `key_not_found`, ConflictError `key_ended`."""
        key = own_key(self.subscriptions, self.keys, caller, key_hash)
        changed = replace(
            key,
            alias=key.alias if change.alias is None else change.alias,
            cap_microtokens=change.cap_microtokens if change.changes_cap else key.cap_microtokens,
        )
        if not self.keys.change(changed):
            raise _ended()
        return changed


@dataclass(frozen=True, slots=True)
class RotateKey:
    """Make a key in place of another, with its name and limits. Both work until a moment, then the old one is deleted.

    The new key's cap is what is left of the old one's. Both count towards it from then on, and so do other living keys
    that the old one shares its cap with.

    That moment is stored with the new key, and LiteLLM is told of it. Where LiteLLM cannot be told, the sweep does it.
    """

    subscriptions: OnChainSubscriptions
    keys: VirtualKeys
    issuer: KeyIssuer
    create: CreateKey
    usages: KeyUsages
    clock: Clock

    def run(self, caller: str, idempotency_key: str, key_hash: str, request: RotationRequest) -> CreatedKey:
        """Return the new key and its secret.

        Raises NotFoundError `key_not_found`; ConflictError `key_ended`, `key_held`, `key_cap_reached` and those of
        `CreateKey`; InvalidRequestError `invalid_overlap`.
        """
        old = own_key(self.subscriptions, self.keys, caller, key_hash)
        if old.status is KeyStatus.DELETED or old.has_expired(self.clock()):
            raise _ended()
        if old.status is KeyStatus.HELD:
            raise ConflictError("key_held", "An administrator has blocked this key.")
        ending = self._ending(old, request)
        used_microtokens = used_towards_cap_microtokens(old, self.usages)
        left_microtokens = left_of_cap_microtokens(old, used_microtokens)
        if left_microtokens == 0:
            raise ConflictError("key_cap_reached", "The cap of this key is used up: raise it first.")
        sharing = {one.key_hash: used_microtokens[one.key_hash] for one in self._sharing(old, used_microtokens)}
        successor = _successor(old, request, left_microtokens, sharing)
        created = self.create.run(caller, idempotency_key, successor, ending)
        if ending.limits.expires_at is not None:
            with suppress(KeyIssuerUnavailableError):  # the secret is shown once, so this answer must not be lost
                self.issuer.expire(old.key_hash, ending.limits.expires_at)
        return created

    def _sharing(self, old: VirtualKey, used_microtokens: Mapping[str, int]) -> Sequence[VirtualKey]:
        """The living keys that count towards the cap. Raises ConflictError `too_many_keys`."""
        living = self.keys.living(old.subscription_id) if used_microtokens else ()
        sharing = [one for one in living if one.key_hash in used_microtokens]
        if any(len(one.shares_cap_with) >= KEYS_PER_SUBSCRIPTION_MAX for one in sharing):
            raise ConflictError("too_many_keys", "Too many keys have shared this cap: delete the oldest of them.")
        return sharing

    def _ending(self, old: VirtualKey, request: RotationRequest) -> VirtualKey:
        """The old key with its new end, which is never later than the one that it has."""
        now = self.clock()
        until = request.old_key_until or now + OVERLAP
        if not now < until <= now + OVERLAP_MAX:
            raise InvalidRequestError(
                "invalid_overlap", f"old_key_until is in the future, and {OVERLAP_MAX.days} days ahead at most."
            )
        end = min(until, old.limits.expires_at or until)
        return replace(old, limits=replace(old.limits, expires_at=end))


def _successor(
    old: VirtualKey, request: RotationRequest, left_microtokens: int | None, sharing: Mapping[str, int]
) -> KeyRequest:
    return SuccessorRequest(
        subscription_id=old.subscription_id,
        alias=old.alias,
        models=old.limits.models,
        expires_at=old.limits.expires_at,
        requests_per_minute=old.limits.requests_per_minute,
        tokens_per_minute=old.limits.tokens_per_minute,
        replaces=old.key_hash,
        old_key_until=request.old_key_until,
        left_microtokens=left_microtokens,
        shares_cap_with=dict(sharing),
    )


def _ended() -> ConflictError:
    return ConflictError("key_ended", "This key was deleted, or its time is over.")


@dataclass(frozen=True, slots=True)
class MakeFirstKeys:
    """Make a key for each subscription of an account that never had one, so that its owner can call models at once.

    Each is made once, whoever asks at the same time, and its secret is in one answer. An owner who has deleted all
    keys gets no other one by this.
    """

    owned: OwnedSubscriptions
    keys: VirtualKeys
    create: CreateKey

    def run(self, caller: str) -> Sequence[CreatedKey]:
        """Up to `FIRST_KEYS_MAX` new keys; none when there is nothing to do, or nothing that can be done now.

        Raises UnavailableError, but not once a key was made: its secret has to be shown.
        """
        made: list[CreatedKey] = []
        cursor: str | None = None
        for _ in range(SUBSCRIPTION_PAGES_MAX):
            page = self.owned.owned_by(caller, cursor)
            for subscription_id in page.items:
                try:
                    made += self._first(caller, subscription_id)
                except (UnavailableError, RaceLostError):
                    if not made:
                        raise
                    return made
                if len(made) == FIRST_KEYS_MAX:
                    return made
            cursor = page.next_cursor
            if cursor is None:
                break
        return made

    def _first(self, caller: str, subscription_id: int) -> Sequence[CreatedKey]:
        if self.keys.living(subscription_id) or self._has_deleted(caller, subscription_id):
            return []
        request = KeyRequest(subscription_id=subscription_id, alias=FIRST_ALIAS)
        try:
            return [self.create.run(caller, f"first-key-{subscription_id}", request)]
        except RequestError:
            return []

    def _has_deleted(self, caller: str, subscription_id: int) -> bool:
        """Keys of a former owner do not count."""
        return any(key.owner == caller for key in self.keys.deleted(subscription_id, None).items)
