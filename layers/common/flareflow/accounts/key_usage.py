"""What each key has used, and what a key may ask of itself."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Final, Protocol

from flareflow.accounts.gates import require_gate
from flareflow.accounts.models import KeyLimits, KeyStatus, Standing, VirtualKey
from flareflow.accounts.ports import VirtualKeys
from flareflow.accounts.standings import JudgeStanding
from flareflow.errors import NotFoundError
from flareflow.time import Clock

DAYS_REPORTED: Final = 30


@dataclass(frozen=True, slots=True)
class KeyAmounts:
    """Answered calls, and what they weigh."""

    requests: int = 0
    rated_microtokens: int = 0

    def __add__(self, other: "KeyAmounts") -> "KeyAmounts":
        return KeyAmounts(self.requests + other.requests, self.rated_microtokens + other.rated_microtokens)


@dataclass(frozen=True, slots=True)
class KeyUsage:
    """The usage of a key so far, billed or not: in all, and of some days by the start of calls in UTC."""

    total: KeyAmounts
    by_day: Mapping[date, KeyAmounts]


class KeyUsages(Protocol):
    """What keys have used."""

    def of_key(self, key: VirtualKey, days: Sequence[date]) -> KeyUsage:
        """Up to now; never less than was recorded, and more for a moment while a call moves on to be billed.

        Raises StorageUnavailableError, also where the usage of long ago is not added up yet.
        """

    def totals_microtokens(self, subscription_id: int, key_hashes: Collection[str]) -> Mapping[str, int]:
        """What each of these keys of a subscription has used in all, in rated micro-tokens, as `of_key` tells it."""


def used_towards_cap_microtokens(key: VirtualKey, usages: KeyUsages) -> Mapping[str, int]:
    """What each key that counts towards the cap of `key` has used in all; without a cap nothing is read."""
    if key.cap_microtokens is None:
        return {}
    return usages.totals_microtokens(key.subscription_id, [key.key_hash, *key.shares_cap_with])


def left_of_cap_microtokens(key: VirtualKey, used_microtokens: Mapping[str, int]) -> int | None:
    """What the key may still use, of `used_towards_cap_microtokens`; None for a key without a cap."""
    if key.cap_microtokens is None:
        return None
    by_others = sum(used_microtokens[other] - before for other, before in key.shares_cap_with.items())
    return max(0, key.cap_microtokens - used_microtokens[key.key_hash] - by_others)


@dataclass(frozen=True, slots=True)
class DayOfKey:
    """What a key used on a day, in UTC."""

    day: str
    requests: int
    rated_microtokens: int


@dataclass(frozen=True, slots=True)
class KeyReport:
    """What a key may know: of itself, and what its subscription can still pay for. Amounts in rated micro-tokens.

    `key_left_microtokens`: what is left of the key's cap; None without one. `days` are those with usage, newest first.
    """

    key_hash: str
    alias: str
    status: KeyStatus
    limits: KeyLimits
    cap_microtokens: int | None
    key_left_microtokens: int | None
    standing: Standing
    left_microtokens: int
    total: KeyAmounts
    days: Sequence[DayOfKey]


@dataclass(frozen=True, slots=True)
class ReportKey:
    """Tell a gate what a key may know. `gate_secret` returns the bearer token that the gate must send."""

    gate_secret: Callable[[], str]
    keys: VirtualKeys
    judge: JudgeStanding
    usages: KeyUsages
    clock: Clock

    def run(self, authorization: str, key_hash: str) -> KeyReport:
        """Raises UnauthenticatedError `gate_secret_wrong`, NotFoundError `key_not_found`, StorageUnavailableError."""
        require_gate(self.gate_secret, authorization)
        key = self.keys.find(key_hash)
        if key is None or key.status is KeyStatus.DELETED:
            raise NotFoundError("key_not_found", "There is no such key.")
        judgement = self.judge.run(key.subscription_id)
        today = self.clock().astimezone(UTC).date()
        used = self.usages.of_key(key, [today - timedelta(days=back) for back in range(DAYS_REPORTED)])
        shared = self.usages.totals_microtokens(key.subscription_id, key.shares_cap_with)
        towards_cap = {**shared, key.key_hash: used.total.rated_microtokens}
        return KeyReport(
            key_hash=key.key_hash,
            alias=key.alias,
            status=key.status,
            limits=key.limits,
            cap_microtokens=key.cap_microtokens,
            key_left_microtokens=left_of_cap_microtokens(key, towards_cap),
            standing=judgement.known.standing,
            left_microtokens=judgement.decision.left_microtokens if judgement.known.standing.allows_calls else 0,
            total=used.total,
            days=[
                DayOfKey(day.isoformat(), one.requests, one.rated_microtokens)
                for day, one in sorted(used.by_day.items(), reverse=True)
                if one.requests
            ],
        )
