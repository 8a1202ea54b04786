"""Ownership: only its owner may see or change a subscription."""

from typing import Protocol

from flareflow.errors import NotFoundError


class Owned(Protocol):
    """Something with an owner, a Flow address."""

    @property
    def owner(self) -> str: ...


def require_owner[S: Owned](subscription: S | None, caller: str, subscription_id: int) -> S:
    """Return `subscription` if `caller` owns it.

    Raises NotFoundError `subscription_not_found` otherwise, the same for a subscription of somebody else and for one
    that does not exist.
    """
    if subscription is None or subscription.owner != caller:
        raise NotFoundError("subscription_not_found", f"You own no subscription {subscription_id}.")
    return subscription
