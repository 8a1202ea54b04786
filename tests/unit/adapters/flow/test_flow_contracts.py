"""Events and the light client's state, as an access node answers."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx
import pytest

from flareflow.adapters.flow.contracts import FlowChainLog
from flareflow.adapters.flow.json_cdc import Argument, address, ufix64, uint64
from flareflow.errors import FlowUnavailableError
from flareflow.settlement.events import ChainEvent, OwnerChanged, Position, Settled, SubscriptionEvent, ToppedUp
from tests.unit.adapters.flow.node import rest_over

CONTRACT = "A.f8d6e0586b0a20c7.UsageBasedSubscriptions"
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
    assert chain.events(3, 3) == [
        at(1, Settled(1, 7, 5_000, 300, 0, 800, 25_000_000)),
        at(2, ToppedUp(1, "0x2", 100, 1_100)),
    ]


def test_a_new_owner_is_read_from_the_field_to() -> None:
    moved = {"subscriptionId": uint64(1), "from": address("0x2"), "to": address("0x3")}
    assert chain_of({"OwnerChanged": [told(moved)]}).events(3, 3) == [at(0, OwnerChanged(1, "0x3"))]


@pytest.mark.parametrize("fields", [{}, {"subscriptionId": ufix64(0), "epoch": address("0x1")}])
def test_an_event_of_an_unknown_form_stops_reading(fields: Mapping[str, Argument]) -> None:
    with pytest.raises(FlowUnavailableError, match="unknown form"):
        chain_of({"Settled": [told(fields)]}).events(3, 3)
