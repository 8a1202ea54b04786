"""Answers of the HTTP API to an operator about subscriptions and keys."""

from typing import Annotated

from flareflow.accounts.models import KeyStatus, Standing
from flareflow.answers import Address, Answer, KeyHash, Moment, Number, shown
from flareflow.settlement.answers import BalancesAnswer


class KnownStandingAnswer(Answer):
    """A standing as it was decided last, and since when."""

    standing: Standing
    owner: Address | None
    since: Moment
    version: Number


class OperatorSubscriptionAnswer(Answer):
    """What a subscription may do and has; null where nothing is known of it."""

    standing: KnownStandingAnswer | None
    subscription: BalancesAnswer


class KeyDifferenceAnswer(Answer):
    """A key of which LiteLLM says something else than what is stored, and what that is."""

    key_hash: KeyHash
    subscription_id: Number
    owner: Address
    status: KeyStatus
    differences: list[Annotated[str, shown("LiteLLM has the key unblocked.")]]
