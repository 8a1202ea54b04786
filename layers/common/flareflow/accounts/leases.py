"""Credit that gates hold: a gate admits a call only if its upper bound fits into what it has leased.

What is left of a subscription is decided by its standing: funds less the price of all metered usage. A lease takes a
part of that for one gate and one virtual key, until calls have ended and their records have arrived, which makes them
metered usage. So many gates share a subscription, and together they never admit more than is left. A lease that is not
renewed runs out; overshoot is at most what was under way then.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flareflow.accounts.gates import require_gate
from flareflow.accounts.key_usage import KeyUsages, left_of_cap_microtokens, used_towards_cap_microtokens
from flareflow.accounts.models import KeyStatus, Lease, Standing, VirtualKey
from flareflow.accounts.ports import Leases, VirtualKeys
from flareflow.accounts.requests import LeaseRequest
from flareflow.accounts.standings import JudgeStanding
from flareflow.errors import NotFoundError, RaceLostError
from flareflow.time import Clock

LEASE_LIFETIME: Final = timedelta(minutes=3)
HOLDERS_MAX: Final = 200
"""Leases of one subscription at the same time; one more is refused."""
ATTEMPTS_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class GrantedLease:
    """What the gate is told.

    `held_microtokens` is all that it holds now. `left_microtokens` is what the subscription can still pay for, leases
    aside: more than is held where other gates or calls under way hold the rest. `key_left_microtokens` is what is left
    of the key's cap; None for a key without one.
    """

    standing: Standing
    held_microtokens: int
    left_microtokens: int
    lifetime_seconds: int
    key_left_microtokens: int | None = None


@dataclass(frozen=True, slots=True)
class LeaseCredit:
    """Give a gate credit for the calls of one key. `gate_secret` returns the bearer token that the gate must send."""

    gate_secret: Callable[[], str]
    keys: VirtualKeys
    judge: JudgeStanding
    leases: Leases
    usages: KeyUsages
    clock: Clock

    def run(self, authorization: str, request: LeaseRequest) -> GrantedLease:
        """Raises UnauthenticatedError `gate_secret_wrong`, NotFoundError `key_not_found`, StorageUnavailableError, and
        RaceLostError when other gates changed the subscription's leases at each attempt.
        """
        require_gate(self.gate_secret, authorization)
        key = self.keys.find(request.key_hash)
        if key is None or key.status is KeyStatus.DELETED:
            raise _not_found()
        for _ in range(ATTEMPTS_MAX):
            try:
                return self._grant(key, request)
            except RaceLostError:
                continue
        raise RaceLostError(f"the leases of subscription {key.subscription_id} changed in {ATTEMPTS_MAX} attempts")

    def _grant(self, key: VirtualKey, request: LeaseRequest) -> GrantedLease:
        # Leases are read before the usage: what arrives in between counts twice for a moment, never not at all.
        now = self.clock()
        before = self.leases.of(key.subscription_id).living(now)
        judgement = self.judge.run(key.subscription_id)
        if judgement.known.owner not in {None, key.owner}:  # a former owner's, which enforcement has yet to delete
            raise _not_found()
        left_microtokens = judgement.decision.left_microtokens if judgement.known.standing.allows_calls else 0
        free_microtokens = left_microtokens - before.held_by_others_microtokens(request.holder)
        used_microtokens = used_towards_cap_microtokens(key, self.usages)
        key_left_microtokens = left_of_cap_microtokens(key, used_microtokens)
        if key_left_microtokens is not None:
            held_of_cap = before.held_for_keys_by_others_microtokens(used_microtokens, request.holder)
            free_microtokens = min(free_microtokens, key_left_microtokens - held_of_cap)
        held_microtokens = granted_microtokens(request, free_microtokens)
        if len(before.leases) >= HOLDERS_MAX and request.holder not in before.leases:
            held_microtokens = request.kept_microtokens
        if held_microtokens or request.holder in before.leases:
            self.leases.replace(before.with_lease(request.holder, Lease(held_microtokens, now + LEASE_LIFETIME)))
        lifetime_seconds = int(LEASE_LIFETIME.total_seconds())
        return GrantedLease(
            judgement.known.standing, held_microtokens, left_microtokens, lifetime_seconds, key_left_microtokens
        )


def _not_found() -> NotFoundError:
    return NotFoundError("key_not_found", "There is no such key.")


def granted_microtokens(request: LeaseRequest, free_microtokens: int) -> int:
    """What the gate holds afterwards.

    What it keeps has been spent already or may be spent any moment, so it stays reserved even where it is not free.
    What a waiting call needs is given whole or not at all. Of what is wanted beyond, for later calls, half of the rest
    is given at most, so that other gates find something too.
    """
    base = request.kept_microtokens + request.needed_microtokens
    if base > free_microtokens:
        return request.kept_microtokens
    return base + min(request.wanted_microtokens, (free_microtokens - base) // 2)
