"""Subscriptions as a script reports them: which can get keys."""

import pytest

from flareflow.accounts.models import OnChainSubscription
from flareflow.adapters.flow.cadence import contract_addresses
from flareflow.adapters.flow.json_cdc import Argument, address, string
from flareflow.adapters.flow.rest import FlowScripts
from flareflow.adapters.flow.subscriptions import FlowSubscriptions
from flareflow.errors import FlowUnavailableError
from tests.unit.adapters.flow.node import Node

OWNER = "0x01cf0e2f2f715450"
CONTRACTS = contract_addresses("emulator", "f8d6e0586b0a20c7")


def subscriptions(answer: Argument) -> FlowSubscriptions:
    return FlowSubscriptions(FlowScripts(Node(script_value=answer.as_json()).rest, CONTRACTS))


def reported(**fields: Argument) -> Argument:
    """What `get_subscription.cdc` returns: an optional struct."""
    listed = [{"name": name, "value": value.as_json()} for name, value in fields.items()]
    return Argument("Optional", {"type": "Struct", "value": {"id": "s.0.Answer", "fields": listed}})


@pytest.mark.parametrize(
    ("status", "is_open"), [("active", True), ("suspended", False), ("exiting", False), ("closed", False)]
)
def test_only_an_active_subscription_is_open(status: str, is_open: bool) -> None:
    found = subscriptions(reported(owner=address(OWNER), status=string(status))).find(7)
    assert found == OnChainSubscription(7, OWNER, is_open)


def test_a_subscription_that_the_contract_does_not_have_is_none() -> None:
    assert subscriptions(Argument("Optional", None)).find(7) is None


@pytest.mark.parametrize("answer", [reported(owner=address(OWNER)), string("active"), reported()])
def test_an_answer_of_an_unknown_form_is_refused(answer: Argument) -> None:
    with pytest.raises(FlowUnavailableError, match="unknown form"):
        subscriptions(answer).find(7)
