"""Creating, listing and deleting virtual keys."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from flareflow.accounts.budgets import Budgets
from flareflow.accounts.models import CursorPage, KeyStatus, Standing, VirtualKey
from flareflow.accounts.ownership import require_owner
from flareflow.accounts.ports import (
    KEYS_PER_SUBSCRIPTION_MAX,
    KeyIssuer,
    KeyRequestClaim,
    KeyRequests,
    OnChainSubscriptions,
    VirtualKeys,
)
from flareflow.accounts.requests import KeyRequest
from flareflow.accounts.standing import Decision
from flareflow.accounts.standings import JudgeStanding
from flareflow.errors import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    RaceLostError,
    RequestError,
    UnavailableError,
)
from flareflow.time import Clock

LEASE: Final = timedelta(seconds=30)
"""The longest time an invocation can run, so an attempt whose lease is over no longer runs."""


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A new key; `key` is its secret, which no later answer contains."""

    key: str = field(repr=False)
    key_hash: str
    subscription_id: int
    alias: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CreateKey:
    """Create a virtual key. A request that is repeated, also after a crash, creates one key and shows one secret.

    The key's alias at LiteLLM is derived from the account and the idempotency key. An attempt that ended before the
    key was recorded has shown its secret to nobody, so the next attempt deletes the key with the alias and starts over.
    """

    subscriptions: OnChainSubscriptions
    requests: KeyRequests
    keys: VirtualKeys
    issuer: KeyIssuer
    judge: JudgeStanding
    budgets: Budgets
    clock: Clock

    def run(
        self, caller: str, idempotency_key: str, request: KeyRequest, replaced: VirtualKey | None = None
    ) -> CreatedKey:
        """Create the key and return its secret. `replaced`: the key that it is made for, with the limits it then has.

        Raises NotFoundError `subscription_not_found`; ConflictError `subscription_not_open`, `too_many_keys`,
        `deposit_used_up`, `spend_cap_reached`, `standing_unknown`, `secret_already_shown`, `idempotency_key_reused` or
        `request_in_progress`; InvalidRequestError `already_over` for an end that is not in the future.
        """
        if request.limits.expires_at is not None and request.limits.expires_at <= self.clock():
            raise InvalidRequestError("already_over", "expires_at is not in the future.")
        earlier = self.requests.find(caller, idempotency_key)
        self._check_repetition(earlier, request)
        decision = self._check_subscription(caller, request.subscription_id)
        claim = self._claim(caller, idempotency_key, request, resumed=earlier is not None)
        try:
            return self._issue(claim, request, decision, replaced)
        except (UnavailableError, RaceLostError):
            self.requests.release(claim, self.clock())
            raise

    def _check_repetition(self, earlier: KeyRequestClaim | None, request: KeyRequest) -> None:
        if earlier is None:
            return
        if earlier.request_hash != request.hash():
            raise ConflictError(
                "idempotency_key_reused", "This Idempotency-Key was used for a request with another body."
            )
        if earlier.key_hash is not None:
            raise ConflictError(
                "secret_already_shown",
                f"This request created key {earlier.key_hash}; its secret was shown once.",
            )

    def _check_subscription(self, caller: str, subscription_id: int) -> Decision:
        found = self.subscriptions.find(subscription_id)
        if not require_owner(found, caller, subscription_id).is_open:
            raise _refusal(Standing.EXITING)
        judgement = self.judge.run(subscription_id)
        if judgement.known.owner != caller:
            raise _refusal(Standing.UNKNOWN)
        if not judgement.known.standing.allows_calls:
            raise _refusal(judgement.known.standing)
        if len(self.keys.living(subscription_id)) >= KEYS_PER_SUBSCRIPTION_MAX:
            raise ConflictError("too_many_keys", f"A subscription has at most {KEYS_PER_SUBSCRIPTION_MAX} keys.")
        return judgement.decision

    def _claim(self, caller: str, idempotency_key: str, request: KeyRequest, *, resumed: bool) -> KeyRequestClaim:
        now = self.clock()
        claim = KeyRequestClaim(caller, idempotency_key, request.hash(), now + LEASE, resumed)
        try:
            self.requests.claim(claim, now)
        except RaceLostError as error:
            raise ConflictError(
                "request_in_progress", "The same request is being processed; try again in half a minute."
            ) from error
        return claim

    def _issue(
        self, claim: KeyRequestClaim, request: KeyRequest, decision: Decision, replaced: VirtualKey | None
    ) -> CreatedKey:
        alias = issuer_alias(claim.owner, claim.idempotency_key)
        if claim.resumed:
            self.issuer.delete_alias(alias)
        budget_microusd = self.budgets.microusd(decision, decision.metered_microtokens, request.cap_microtokens)
        issued = self.issuer.issue(alias, request.subscription_id, claim.owner, budget_microusd, request.limits)
        key = VirtualKey(
            issued.key_hash,
            request.subscription_id,
            request.alias,
            KeyStatus.ACTIVE,
            self.clock(),
            claim.owner,
            decision.metered_microtokens,
            budget_microusd,
            request.limits,
            None if replaced is None else replaced.key_hash,
            request.cap_microtokens,
            request.shared,
        )
        try:
            self.requests.finish(claim, key, replaced)
        except RaceLostError:
            self._take_back(claim, key)
            raise
        return CreatedKey(issued.secret, key.key_hash, key.subscription_id, key.alias, key.created_at)

    def _take_back(self, claim: KeyRequestClaim, key: VirtualKey) -> None:
        """Delete a key that could not be recorded. Raises ConflictError if the subscription may have no more keys."""
        self.issuer.delete(key.key_hash)
        try:
            self._check_subscription(claim.owner, key.subscription_id)
        except RequestError:
            self.requests.release(claim, self.clock())
            raise


@dataclass(frozen=True, slots=True)
class ListKeys:
    """List the keys of one subscription: first those that are not deleted, oldest first, then deleted ones."""

    subscriptions: OnChainSubscriptions
    keys: VirtualKeys

    def run(self, caller: str, subscription_id: int, cursor: str | None = None) -> CursorPage[VirtualKey]:
        require_owner(self.subscriptions.find(subscription_id), caller, subscription_id)
        living = [] if cursor else self.keys.living(subscription_id)
        deleted = self.keys.deleted(subscription_id, cursor)
        return CursorPage([*living, *deleted.items], deleted.next_cursor)


@dataclass(frozen=True, slots=True)
class DeleteKey:
    """Delete a key at LiteLLM, then mark it as deleted; a repetition changes nothing."""

    subscriptions: OnChainSubscriptions
    keys: VirtualKeys
    issuer: KeyIssuer

    def run(self, caller: str, key_hash: str) -> None:
        """Raises NotFoundError `key_not_found`, also for a key of somebody else."""
        key = own_key(self.subscriptions, self.keys, caller, key_hash)
        if key.status != KeyStatus.DELETED:
            self.issuer.delete(key_hash)
            self.keys.mark(key, KeyStatus.DELETED)


def own_key(subscriptions: OnChainSubscriptions, keys: VirtualKeys, caller: str, key_hash: str) -> VirtualKey:
    """A key of a subscription that the caller owns. Raises NotFoundError `key_not_found` for any other."""
    not_found = NotFoundError("key_not_found", "You own no such key.")
    key = keys.find(key_hash)
    if key is None:
        raise not_found
    try:
        require_owner(subscriptions.find(key.subscription_id), caller, key.subscription_id)
    except NotFoundError as error:
        raise not_found from error
    return key


_REFUSALS: Final = {
    Standing.OVERDRAWN: ("deposit_used_up", "The deposit is used up: top up."),
    Standing.CAPPED: ("spend_cap_reached", "The spend cap of this period is used up: raise it, or wait for the next."),
    Standing.EXITING: ("subscription_not_open", "Keys can be created for open subscriptions only."),
    Standing.UNKNOWN: (
        "standing_unknown",
        "What the chain says of this subscription is not known yet, or any more: try again in a few minutes.",
    ),
}


def _refusal(standing: Standing) -> ConflictError:
    return ConflictError(*_REFUSALS[standing])


def issuer_alias(owner: str, idempotency_key: str) -> str:
    """The key's alias at LiteLLM: always the same for one account and idempotency key, different for any others."""
    return "flareflow-" + hashlib.sha256(f"{owner}\n{idempotency_key}".encode()).hexdigest()[:32]
