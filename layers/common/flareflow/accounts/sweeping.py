"""The sweep: at each tick, every key is compared with what LiteLLM says of it, and what differs is mended.

Enforcement reacts to changes; the sweep finds what no change tells: a change that LiteLLM missed while it was down, a
key that somebody unblocked by hand, a spend cap whose period has ended, a ledger that has grown old. It deletes keys
whose time is over, those that were rotated among them.

What an administrator has done to a key in LiteLLM stays and shows: a key that was blocked or deleted there, or limited
to models, to a rate or to an earlier end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final, Protocol

from flareflow.accounts.enforcement import Enforce
from flareflow.accounts.models import KeyLimits, KeyState, KeyStatus, VirtualKey
from flareflow.accounts.ports import KeyIssuer, VirtualKeys
from flareflow.errors import UNREADABLE, FlareFlowError, KeyIssuerUnavailableError
from flareflow.time import Deadline

PAGE_MAX: Final = 100
REASONS_MAX: Final = 20
"""Failures that a report tells with their reasons."""
CLOCKS_DIFFER_MAX: Final = timedelta(minutes=1)
"""LiteLLM counts the time of a key by its own clock."""


class AllSubscriptions(Protocol):
    """Every subscription that the ledger knows."""

    def after(self, subscription_id: int | None, limit: int) -> Sequence[int]:
        """The next ids in their order; from the first one on where `subscription_id` is None."""


class SweepProgress(Protocol):
    """Where a sweep that could not be finished goes on."""

    def last(self) -> int | None:
        """The last subscription that was looked at; None where the next sweep begins anew."""

    def note(self, subscription_id: int | None) -> None: ...


@dataclass(slots=True)
class SweepReport:
    """What one tick did. `is_complete`: the last subscription was reached.

    `missing`: keys of which LiteLLM knows nothing. `reasons`: of the first failures.
    """

    subscriptions: int = 0
    keys_mended: int = 0
    keys_expired: int = 0
    missing: int = 0
    failed: int = 0
    is_complete: bool = False
    reasons: list[str] = field(default_factory=list)

    def fail(self, what: str, error: Exception) -> None:
        self.failed += 1
        if len(self.reasons) < REASONS_MAX:
            self.reasons.append(f"{what}: {type(error).__name__}: {error}")


@dataclass(frozen=True, slots=True)
class Sweep:
    """Look at subscriptions by their ids, from where the last tick ended, until the last one or the deadline.

    One that fails is counted and does not hold up the others. While LiteLLM gives no answer the sweep stops, and the
    next tick goes on at the same subscription.
    """

    subscriptions: AllSubscriptions
    progress: SweepProgress
    keys: VirtualKeys
    issuer: KeyIssuer
    enforce: Enforce

    def run(self, deadline: Deadline) -> SweepReport:
        report = SweepReport()
        last = self.progress.last()
        try:
            while page := self.subscriptions.after(last, PAGE_MAX):
                for subscription_id in page:
                    if deadline.is_near():
                        return report
                    self._look_at(subscription_id, report)
                    last = subscription_id
                self.progress.note(last)
            last, report.is_complete = None, True
        except KeyIssuerUnavailableError as error:
            report.fail("LiteLLM", error)
        finally:
            self.progress.note(last)
        return report

    def _look_at(self, subscription_id: int, report: SweepReport) -> None:
        """Raises KeyIssuerUnavailableError."""
        report.subscriptions += 1
        try:
            for key in self.keys.living(subscription_id):
                if key.has_expired(self.enforce.clock()):
                    self.issuer.delete(key.key_hash)
                    report.keys_expired += self.keys.mark(key, KeyStatus.DELETED)
                else:
                    self._compare(key, self.issuer.find(key.key_hash), report)
            report.keys_mended += self.enforce.run(subscription_id)
        except KeyIssuerUnavailableError:
            raise
        except (FlareFlowError, *UNREADABLE) as error:
            report.fail(f"subscription {subscription_id}", error)

    def _compare(self, key: VirtualKey, found: KeyState | None, report: SweepReport) -> None:
        """Note what LiteLLM says where it is not what is stored; enforcement then makes it what it has to be.

        A key of which LiteLLM knows nothing works for nobody, but is not marked as deleted: LiteLLM may have lost data,
        or another LiteLLM may have answered.
        """
        if found is None:
            report.missing += 1
            return
        noted = _status(found, key.status)
        if noted is not key.status:
            self.keys.mark(key, noted)
        if noted is KeyStatus.DELETED:
            return
        if found.budget_microusd != key.budget_microusd:
            self.keys.note_budget(key, found.budget_microusd or 0)
        self._compare_limits(key, found.limits)

    def _compare_limits(self, key: VirtualKey, found: KeyLimits) -> None:
        """Note the limits that LiteLLM has; but a key never works longer there than it should."""
        wanted = key.limits.expires_at
        if wanted is not None and (found.expires_at is None or found.expires_at > wanted + CLOCKS_DIFFER_MAX):
            self.issuer.expire(key.key_hash, wanted)
        ends_early = found.expires_at and (wanted is None or found.expires_at < wanted - CLOCKS_DIFFER_MAX)
        limits = replace(found, expires_at=found.expires_at if ends_early else wanted)
        if limits != key.limits:
            self.keys.note_limits(key, limits)


def _status(found: KeyState, stored: KeyStatus) -> KeyStatus:
    """The status to store of a key. CHANGING: enforcement decides what it has to be."""
    if found.is_deleted:
        return KeyStatus.DELETED
    if found.is_held:
        return KeyStatus.HELD
    is_as_stored = found.is_blocked is (stored is KeyStatus.BLOCKED) and stored is not KeyStatus.HELD
    return stored if is_as_stored else KeyStatus.CHANGING
