"""Enforcement: a key works exactly while the standing of its subscription allows calls."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flareflow.accounts.budgets import Budgets
from flareflow.accounts.models import KeyStatus, VirtualKey
from flareflow.accounts.ports import KeyIssuer, VirtualKeys
from flareflow.accounts.standings import Judgement, JudgeStanding
from flareflow.errors import RaceLostError
from flareflow.time import Clock

ROUNDS_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class Enforce:
    """Block a subscription's keys when its standing allows no calls, unblock them when it does.

    Keys that a former owner has made are deleted; those that an administrator has blocked stay blocked. The standing is
    stored before keys are listed, and a key is recorded only under a stored standing that allows it, so no new key is
    missed. Concurrent invocations may read different balances, so each re-checks after a change; the last check wins.
    A key is marked CHANGING before LiteLLM is called: after a crash in between, the next run calls LiteLLM again.
    `issuer` is asked for when a key has to change, which few changes of usage lead to.
    """

    judge: JudgeStanding
    keys: VirtualKeys
    issuer: Callable[[], KeyIssuer]
    budgets: Budgets
    clock: Clock

    def run(self, subscription_id: int) -> int:
        """Enforce one subscription; return how many keys were changed. May be repeated.

        Raises KeyIssuerUnavailableError or StorageUnavailableError, and RaceLostError when the balance has changed
        after each of `ROUNDS_MAX` rounds.
        """
        changed = 0
        for _ in range(ROUNDS_MAX):
            judgement = self.judge.run(subscription_id)
            changes = [self._correct(key, judgement) for key in self.keys.living(subscription_id)]
            changed += sum(changes)
            if not any(changes):
                return changed
        raise RaceLostError(f"the balance of subscription {subscription_id} changed in each of {ROUNDS_MAX} rounds")

    def _correct(self, key: VirtualKey, judgement: Judgement) -> bool:
        """Change the key if it is not as it should be; whether its status was changed."""
        wanted = judgement.wanted_status(self.clock())
        if judgement.known.owner not in {None, key.owner}:
            self.issuer().delete(key.key_hash)
            return self.keys.mark(key, KeyStatus.DELETED)
        if wanted is KeyStatus.ACTIVE:
            self._correct_budget(key, judgement)
        if wanted is None or key.status in {wanted, KeyStatus.HELD} or not self.keys.mark(key, KeyStatus.CHANGING):
            return False
        if wanted is KeyStatus.BLOCKED:
            self.issuer().block(key.key_hash)
        else:
            self.issuer().unblock(key.key_hash)
        return self.keys.mark(key, wanted)

    def _correct_budget(self, key: VirtualKey, judgement: Judgement) -> None:
        """Raise a budget that is too low for what the subscription can pay; lower one that is more than twice that."""
        budget_microusd = self.budgets.microusd(judgement.decision, key.first_microtokens, key.cap_microtokens)
        if not budget_microusd <= key.budget_microusd <= 2 * budget_microusd:
            self.issuer().set_budget(key.key_hash, budget_microusd)
            self.keys.note_budget(key, budget_microusd)


def once_each(enforce: Callable[[int], object]) -> Callable[[int], None]:
    """Wrap `enforce` so that it runs once for each subscription of a batch.

    Once is enough: it reads the present state, which contains all changes of the batch.
    """
    enforced: set[int] = set()

    def handle(subscription_id: int) -> None:
        if subscription_id not in enforced:
            enforce(subscription_id)
            enforced.add(subscription_id)

    return handle
