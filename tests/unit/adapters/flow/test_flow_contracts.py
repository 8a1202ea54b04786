"""Events and the light client's state, as an access node answers."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx
import pytest

from flareflow.adapters.flow.cadence import contract_addresses
from flareflow.adapters.flow.contracts import FlowChainLog, FlowDepositToken, FlowDollarRates
from flareflow.adapters.flow.json_cdc import Argument, address, string, ufix64, uint64
from flareflow.adapters.flow.rest import FlowRest, FlowScripts
from flareflow.errors import BlocksNotKeptError, FlowRefusedError, FlowUnavailableError
from flareflow.settlement.events import (
    ChainEvent,
    OwnerChanged,
    PlanAdded,
    PlanRetired,
    Settled,
    SubscriptionEvent,
    ToppedUp,
    Unreadable,
)
from flareflow.settlement.positions import Position
from flareflow.settlement.pricing import Tier
from tests.unit.adapters.flow.node import Node, rest_over

CONTRACT = "A.f8d6e0586b0a20c7.UsageBasedSubscriptions"
ADDRESSES = contract_addresses("emulator", "0xf8d6e0586b0a20c7")
AT = "2026-11-24T10:00:00Z"


def told(fields: Mapping[str, Argument], index: int = 0) -> dict[str, object]:
    """An event as the node writes it."""
    listed = [{"name": name, "value": value.as_json()} for name, value in fields.items()]
    payload = json.dumps({"type": "Event", "value": {"id": CONTRACT, "fields": listed}})
    return {
        "type": CONTRACT,
        "transaction_id": "ab" * 32,
        "transaction_index": "0",
        "event_index": str(index),
        "payload": base64.b64encode(payload.encode()).decode(),
    }


def chain_of(events: Mapping[str, list[dict[str, object]]]) -> FlowChainLog:
    """A chain log of these events by name, all in block 3."""

    def answer(request: httpx.Request) -> httpx.Response:
        name = request.url.params["type"].rpartition(".")[2]
        block = {"block_id": "00", "block_height": "3", "block_timestamp": AT}
        if name in events:
            return httpx.Response(200, json=[block | {"events": events[name]}])
        return httpx.Response(200, json=[block])

    return FlowChainLog(rest_over(answer), "0xf8d6e0586b0a20c7")


def rates_of(node: Node) -> FlowDollarRates:
    return FlowDollarRates(FlowScripts(node.rest, ADDRESSES), "0xf8d6e0586b0a20c7")


def at(index: int, happened: SubscriptionEvent) -> ChainEvent:
    return ChainEvent(Position(3, 0, index), datetime(2026, 11, 24, 10, tzinfo=UTC), "ab" * 32, happened)


def test_events_of_all_types_come_in_the_order_in_which_they_happened() -> None:
    settled = {
        "subscriptionId": uint64(1),
        "epoch": uint64(7),
        "ratedMicrotokens": uint64(5_000),
        "charged": ufix64(300),
        "owed": ufix64(0),
        "balanceAfter": ufix64(800),
        "rate": Argument("Optional", ufix64(25_000_000).as_json()),
    }
    topped_up = {
        "subscriptionId": uint64(1),
        "from": Argument("Optional", address("0x2").as_json()),
        "amount": ufix64(100),
        "balanceAfter": ufix64(1_100),
    }
    chain = chain_of({"Settled": [told(settled, 1)], "ToppedUp": [told(topped_up, 2)]})
    assert chain.events(3, 3).events == [
        at(1, Settled(1, 7, 5_000, 300, 0, 800, 25_000_000)),
        at(2, ToppedUp(1, "0x2", 100, 1_100)),
    ]


def test_a_new_owner_is_read_from_the_field_to() -> None:
    moved = {"subscriptionId": uint64(1), "from": address("0x2"), "to": address("0x3")}
    assert chain_of({"OwnerChanged": [told(moved)]}).events(3, 3).events == [at(0, OwnerChanged(1, "0x3"))]


def test_a_plan_is_read_with_its_tiers() -> None:
    tiers: list[tuple[object, int]] = [(uint64(1_000).as_json(), 2_000_000), (None, 1_000_000)]
    structs: list[object] = []
    for end, price in tiers:
        fields = [
            {"name": "endTokens", "value": {"type": "Optional", "value": end}},
            {"name": "price", "value": ufix64(price).as_json()},
        ]
        structs.append({"type": "Struct", "value": {"id": "A.01.GraduatedPricing.Tier", "fields": fields}})
    added = {
        "planId": uint64(1),
        "planVersion": uint64(2),
        "isInDollars": Argument("Bool", True),
        "tiers": Argument("Array", structs),
        "minimumDeposit": ufix64(7),
        "lowBalance": ufix64(8),
        "effectiveAt": ufix64(9),
    }
    chain = chain_of({"PlanAdded": [told(added)], "PlanRetired": [told({"planId": uint64(1)}, 1)]})
    assert [event.happened for event in chain.events(3, 3).events] == [
        PlanAdded(1, 2, True, (Tier(1_000, 2_000_000), Tier(None, 1_000_000)), 7, 8, 9),
        PlanRetired(1),
    ]


def test_the_events_of_plans_are_asked_of_their_own_contract() -> None:
    assert chain_of({})._type_of("PlanAdded") == "A.f8d6e0586b0a20c7.SubscriptionPlans.PlanAdded"


def test_the_rate_of_dollars_is_what_the_script_returns() -> None:
    assert rates_of(Node(script_value=ufix64(25_000_000).as_json())).now() == 25_000_000


def test_a_rate_that_the_contract_would_refuse_is_refused_with_the_reason() -> None:
    message = "assertion failed: DollarRates: the price of FLOW is 0"
    refusing = httpx.Response(400, json={"code": 400, "message": message})
    with pytest.raises(FlowRefusedError, match="the price of FLOW is 0"):
        rates_of(Node(failing=refusing)).now()


@pytest.mark.parametrize("value", [string("0.25"), ufix64(0)])
def test_a_rate_of_an_unknown_form_is_no_rate(value: Argument) -> None:
    with pytest.raises(FlowUnavailableError, match="unknown form"):
        rates_of(Node(script_value=value.as_json())).now()


@pytest.mark.parametrize("is_dollar", [True, False])
def test_whether_the_token_is_a_dollar_is_what_the_script_returns(is_dollar: bool) -> None:
    node = Node(script_value={"type": "Bool", "value": is_dollar})
    assert FlowDepositToken(FlowScripts(node.rest, ADDRESSES)).is_dollar() is is_dollar


def test_what_the_token_is_must_be_a_truth_value() -> None:
    with pytest.raises(FlowUnavailableError, match="unknown form"):
        FlowDepositToken(FlowScripts(Node(script_value=uint64(1).as_json()).rest, ADDRESSES)).is_dollar()


@pytest.mark.parametrize(
    ("fields", "subscription_id"),
    [({}, None), ({"subscriptionId": uint64(7), "epoch": address("0x1")}, 7), ({"subscriptionId": string("7")}, None)],
)
def test_an_event_of_an_unknown_form_comes_with_the_reason(
    fields: Mapping[str, Argument], subscription_id: int | None
) -> None:
    [event] = chain_of({"Settled": [told(fields)]}).events(3, 3).events
    assert isinstance(event.happened, Unreadable)
    assert (event.position, event.subscription_id) == (Position(3, 0, 0), subscription_id)
    assert event.happened.reason.startswith("unknown form")


def test_an_event_whose_payload_is_no_json_cadence_comes_with_the_reason() -> None:
    garbled = told({}) | {"payload": base64.b64encode(b"{").decode()}
    [event] = chain_of({"Settled": [garbled]}).events(3, 3).events
    assert isinstance(event.happened, Unreadable)
    assert event.happened.name == "Settled"


def searching(*, up_to: Mapping[str, int], first: int = 1) -> FlowRest:
    """A node that has searched blocks `first` to `up_to` for each kind of event (`*` for all others), all empty."""

    def answer(request: httpx.Request) -> httpx.Response:
        name, last = request.url.params["type"].rpartition(".")[2], int(request.url.params["end_height"])
        if int(request.url.params["start_height"]) < first:
            return httpx.Response(404, json={"message": "less than the spork root block height"})
        searched = range(int(request.url.params["start_height"]), min(last, up_to.get(name, up_to["*"])) + 1)
        blocks = [{"block_height": str(height), "block_timestamp": AT, "events": []} for height in searched]
        return httpx.Response(200, json=blocks)

    return rest_over(answer)


def test_an_answer_ends_with_the_last_block_that_was_searched_for_every_kind_of_event() -> None:
    chain = FlowChainLog(searching(up_to={"*": 9, "Settled": 6}), "0x1")
    assert chain.events(3, 9).read_to == 6


def test_a_node_that_tells_nothing_of_the_blocks_has_given_no_answer() -> None:
    with pytest.raises(FlowUnavailableError, match="nothing about block 7"):
        FlowChainLog(searching(up_to={"*": 6}), "0x1").events(7, 9)


def test_blocks_before_a_spork_are_asked_of_the_node_that_has_them() -> None:
    # Given nodes of two past sporks, which end with blocks 10 and 20
    historic = {20: searching(up_to={"*": 20}, first=11), 10: searching(up_to={"*": 10})}
    chain = FlowChainLog(searching(up_to={"*": 99}, first=21), "0x1", historic)
    # When blocks are read across the sporks, then each answer ends with its spork
    assert [chain.events(first, 30).read_to for first in (5, 10, 11, 20, 21)] == [10, 10, 20, 20, 30]


def test_blocks_that_no_named_node_has_are_an_error_that_says_so() -> None:
    chain = FlowChainLog(searching(up_to={"*": 99}, first=21), "0x1")
    with pytest.raises(BlocksNotKeptError, match="does not have block 5"):
        chain.events(5, 30)


def test_only_the_events_that_are_named_are_asked_for() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["type"])
        return httpx.Response(200, json=[{"block_height": "3", "block_timestamp": AT, "events": []}])

    FlowChainLog(rest_over(answer), "0x1").events(3, 3, {"Settled"})
    assert asked == ["A.1.SubscriptionAccounts.Settled"]
