"""A subscription's amounts as the contract's script tells them."""

import pytest

from flareflow.adapters.flow.balances import FIELDS, FlowBalances
from flareflow.adapters.flow.cadence import contract_addresses
from flareflow.adapters.flow.json_cdc import Argument, string, ufix64, uint64
from flareflow.adapters.flow.rest import FlowScripts
from flareflow.errors import FlowUnavailableError
from flareflow.settlement.comparing import Balances
from tests.unit.adapters.flow.node import Node
from tests.unit.adapters.flow.test_subscriptions import reported

CONTRACTS = contract_addresses("emulator", "f8d6e0586b0a20c7")
AMOUNTS = {name: ufix64(number) for number, name in enumerate(FIELDS[:-1], start=1)}


def balances(answer: Argument) -> Balances | None:
    return FlowBalances(FlowScripts(Node(script_value=answer.as_json()).rest, CONTRACTS)).balances(7)


def test_every_amount_is_read_to_the_last_unit() -> None:
    assert balances(reported(**AMOUNTS, settledMicrotokens=uint64(9))) == Balances(1, 2, 3, 4, 5, 6, 7, 9)


def test_a_subscription_that_the_contract_does_not_have_is_none() -> None:
    assert balances(Argument("Optional", None)) is None


@pytest.mark.parametrize("answer", [reported(**AMOUNTS), string("5"), reported()])
def test_an_answer_of_an_unknown_form_is_refused(answer: Argument) -> None:
    with pytest.raises(FlowUnavailableError, match="unknown form"):
        balances(answer)
