"""A batch of changes enforces each of its subscriptions once."""

import pytest

from flareflow.accounts.enforcement import once_each
from flareflow.errors import KeyIssuerUnavailableError


def test_a_batch_enforces_each_subscription_once() -> None:
    enforced: list[int] = []
    handle = once_each(enforced.append)
    for subscription_id in [7, 8, 7, 7]:
        handle(subscription_id)
    assert enforced == [7, 8]


def test_a_failed_enforcement_is_repeated_within_the_batch() -> None:
    # Given an enforcement that fails once
    enforced: list[int] = []

    def fail_once(subscription_id: int) -> None:
        enforced.append(subscription_id)
        if len(enforced) == 1:
            raise KeyIssuerUnavailableError("told to be down")

    handle = once_each(fail_once)
    with pytest.raises(KeyIssuerUnavailableError):
        handle(7)
    # When the same subscription comes again
    handle(7)
    # Then it is enforced again
    assert enforced == [7, 7]
