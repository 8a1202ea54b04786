"""Calling a handler whose composition root is not what the function would put together, or whose tick may fail."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from flareflow.errors import UnavailableError
from tests.fakes.accounts import ALICE, FakeOnChainSubscriptions
from tests.unit.template.litellm_stand_in import Event


@contextmanager
def replaced(app: Any, **roots: object) -> Iterator[None]:
    """The handler finds these instead of what its composition root would put together."""
    with pytest.MonkeyPatch.context() as patch:
        for name, root in roots.items():
            patch.setattr(app, name, lambda root=root: root)
        yield


def handle_whatever(handle: Any, event: Event) -> None:
    """For a tick whose outside system may be down, which the handler tells by raising."""
    with warnings.catch_warnings(), suppress(UnavailableError):
        warnings.simplefilter("ignore")  # there is nothing to measure then
        handle(event)


def chain_of(subscription_id: int) -> FakeOnChainSubscriptions:
    """The chain with a subscription of Alice."""
    chain = FakeOnChainSubscriptions()
    chain.open(subscription_id, ALICE)
    return chain
