"""Keys of which LiteLLM says something else than what is stored here, for an operator to see. Nothing is changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from flareflow.accounts.models import CursorPage, KeyState, KeyStatus, VirtualKey
from flareflow.accounts.ports import KeyIssuer, VirtualKeys
from flareflow.accounts.sweeping import AllSubscriptions
from flareflow.errors import InvalidRequestError

SUBSCRIPTIONS_COMPARED: Final = 10
"""Each has 20 keys at most, and LiteLLM is asked about each."""


@dataclass(frozen=True, slots=True)
class KeyDifference:
    """A key, its stored status, and in sentences what LiteLLM says otherwise."""

    key_hash: str
    subscription_id: int
    owner: str
    status: KeyStatus
    differences: Sequence[str]


@dataclass(frozen=True, slots=True)
class CompareKeys:
    """Compare the living keys of some subscriptions with LiteLLM."""

    subscriptions: AllSubscriptions
    keys: VirtualKeys
    issuer: KeyIssuer

    def run(self, cursor: str | None) -> CursorPage[KeyDifference]:
        """Only keys that differ. A cursor is the last subscription that was compared.

        Raises InvalidRequestError `invalid_cursor`, KeyIssuerUnavailableError.
        """
        ids = self.subscriptions.after(_number(cursor), SUBSCRIPTIONS_COMPARED)
        found = [difference for one in ids for difference in self._of(one)]
        return CursorPage(found, str(ids[-1]) if len(ids) == SUBSCRIPTIONS_COMPARED else None)

    def _of(self, subscription_id: int) -> Iterator[KeyDifference]:
        for key in self.keys.living(subscription_id):
            if differences := list(_differences(key, self.issuer.find(key.key_hash))):
                yield KeyDifference(key.key_hash, subscription_id, key.owner, key.status, differences)


def _number(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 20):
        raise InvalidRequestError("invalid_cursor", "Send next_cursor as it was given.")
    return int(cursor)


def _differences(key: VirtualKey, found: KeyState | None) -> Iterator[str]:
    if found is None:
        yield "LiteLLM does not know the key."
        return
    if found.is_deleted:
        yield "LiteLLM has deleted the key."
        return
    is_held, should_be_blocked = key.status is KeyStatus.HELD, key.status in {KeyStatus.BLOCKED, KeyStatus.HELD}
    if found.is_held and not is_held:
        yield "An administrator has blocked the key in LiteLLM."
    elif found.is_blocked is not should_be_blocked:
        yield f"LiteLLM has the key {'blocked' if found.is_blocked else 'unblocked'}."
    if found.budget_microusd != key.budget_microusd:
        yield f"LiteLLM has a budget of {found.budget_microusd} microdollars, not {key.budget_microusd}."
    if found.limits != key.limits:
        yield "LiteLLM has other limits."
