"""In-memory fakes of what is outside of the accounts package for keys: LiteLLM, and their usage."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from flareflow.accounts.key_usage import KeyAmounts, KeyUsage
from flareflow.accounts.models import UNLIMITED, IssuedKey, KeyLimits, KeyState, VirtualKey
from flareflow.errors import KeyIssuerUnavailableError


@dataclass
class FakeKeyIssuer:
    """`KeyIssuer` in memory, `blocked` by key hash.

    The next `lose_requests` calls fail before they are carried out, the next `lose_answers` calls after it.
    `held`: keys that an administrator has blocked.
    """

    blocked: dict[str, bool] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    budgets: dict[str, int] = field(default_factory=dict)
    limits: dict[str, KeyLimits] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    lose_requests: int = 0
    lose_answers: int = 0
    issued: int = 0

    def issue(
        self, alias: str, subscription_id: int, owner: str, budget_microusd: int, limits: KeyLimits = UNLIMITED
    ) -> IssuedKey:
        self._receive("issue")
        if alias in self.aliases:
            raise KeyIssuerUnavailableError(f"{alias} is taken")
        self.issued += 1
        secret = f"sk-secret-of-key-number-{self.issued}"
        key_hash = hashlib.sha256(secret.encode()).hexdigest()
        self.aliases[alias] = key_hash
        self.blocked[key_hash] = False
        self.budgets[key_hash] = budget_microusd
        self.limits[key_hash] = limits
        self._answer("issue")
        return IssuedKey(secret, key_hash)

    def delete_alias(self, alias: str) -> None:
        self._receive("delete_alias")
        self._forget(self.aliases.pop(alias, ""))
        self._answer("delete_alias")

    def delete(self, key_hash: str) -> None:
        self._receive("delete")
        self.aliases = {alias: other for alias, other in self.aliases.items() if other != key_hash}
        self._forget(key_hash)
        self._answer("delete")

    def _forget(self, key_hash: str) -> None:
        if self.blocked.pop(key_hash, None) is not None:
            self.deleted.add(key_hash)

    def block(self, key_hash: str) -> None:
        self._switch("block", key_hash, blocked=True)

    def unblock(self, key_hash: str) -> None:
        self._switch("unblock", key_hash, blocked=False)

    def find(self, key_hash: str) -> KeyState | None:
        self._receive("find")
        self._answer("find")
        if key_hash in self.deleted:
            return KeyState(is_deleted=True)
        known = self.blocked.get(key_hash)
        if known is None:
            return None
        return KeyState(known, self.budgets.get(key_hash), key_hash in self.held, limits=self.limits[key_hash])

    def hold(self, key_hash: str) -> None:
        """An administrator blocks the key."""
        self.blocked[key_hash] = True
        self.held.add(key_hash)

    def set_budget(self, key_hash: str, budget_microusd: int) -> None:
        self._receive("set_budget")
        self.budgets[key_hash] = budget_microusd
        self._answer("set_budget")

    def expire(self, key_hash: str, at: datetime) -> None:
        self._receive("expire")
        if key_hash in self.blocked:
            self.limits[key_hash] = replace(self.limits[key_hash], expires_at=at)
        self._answer("expire")

    def _switch(self, call: str, key_hash: str, *, blocked: bool) -> None:
        self._receive(call)
        if key_hash in self.blocked and key_hash not in self.held:
            self.blocked[key_hash] = blocked
        self._answer(call)

    def _receive(self, call: str) -> None:
        if self.lose_requests > 0:
            self.lose_requests -= 1
            raise KeyIssuerUnavailableError(f"the request to {call} was lost")

    def _answer(self, call: str) -> None:
        self.calls.append(call)
        if self.lose_answers > 0:
            self.lose_answers -= 1
            raise KeyIssuerUnavailableError(f"the answer to {call} was lost")


@dataclass
class FakeKeyUsages:
    """`KeyUsages` in memory: `used` rated micro-tokens by key hash, all of today in `calls` calls."""

    used: dict[str, int] = field(default_factory=dict)
    calls: int = 1
    asked: int = 0

    def of_key(self, key: VirtualKey, days: Sequence[date]) -> KeyUsage:
        self.asked += 1
        rated_microtokens = self.used.get(key.key_hash, 0)
        total = KeyAmounts(self.calls if rated_microtokens else 0, rated_microtokens)
        return KeyUsage(total, {day: total if number == 0 else KeyAmounts() for number, day in enumerate(days)})

    def totals_microtokens(self, subscription_id: int, key_hashes: Collection[str]) -> Mapping[str, int]:
        self.asked += bool(key_hashes)
        return {key_hash: self.used.get(key_hash, 0) for key_hash in key_hashes}
