"""Events and the light client's state, as an access node answers."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import httpx
import pytest

from flareflow.adapters.flow.contracts import FlowChainLog
from flareflow.adapters.flow.json_cdc import Argument, address, ufix64, uint64
from flareflow.adapters.flow.rest import ANSWER_BYTES_MAX, FlowRest, contract_addresses, resolve_imports
from flareflow.errors import FlowUnavailableError
from flareflow.settlement.events import ChainEvent, OwnerChanged, Position, Settled, SubscriptionEvent, ToppedUp

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
        name = request.url.params["type"].removeprefix(f"{CONTRACT}.")
        block = {"block_id": "00", "block_height": "3", "block_timestamp": AT}
        if name in events:
            return httpx.Response(200, json=[block | {"events": events[name]}])
        return httpx.Response(200, json=[block])

    return FlowChainLog(rest(answer), "0xf8d6e0586b0a20c7")


def rest(answer: Callable[[httpx.Request], httpx.Response]) -> FlowRest:
    return FlowRest(httpx.Client(base_url="http://flow.test", transport=httpx.MockTransport(answer)))


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
    }
    topped_up = {
        "subscriptionId": uint64(1),
        "from": Argument("Optional", address("0x2").as_json()),
        "amount": ufix64(100),
        "balanceAfter": ufix64(1_100),
    }
    chain = chain_of({"Settled": [told(settled, 1)], "ToppedUp": [told(topped_up, 2)]})
    assert chain.events(3, 3) == [at(1, Settled(1, 7, 5_000, 300, 0, 800)), at(2, ToppedUp(1, "0x2", 100, 1_100))]


def test_a_new_owner_is_read_from_the_field_to() -> None:
    moved = {"subscriptionId": uint64(1), "from": address("0x2"), "to": address("0x3")}
    assert chain_of({"OwnerChanged": [told(moved)]}).events(3, 3) == [at(0, OwnerChanged(1, "0x3"))]


@pytest.mark.parametrize("fields", [{}, {"subscriptionId": ufix64(0), "epoch": address("0x1")}])
def test_an_event_of_an_unknown_form_stops_reading(fields: Mapping[str, Argument]) -> None:
    with pytest.raises(FlowUnavailableError, match="unknown form"):
        chain_of({"Settled": [told(fields)]}).events(3, 3)


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(500, text="oops"),
        httpx.Response(429),
        httpx.Response(200, text="not json"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json=[{"header": {"id": "x"}}]),
    ],
)
def test_an_answer_of_an_unknown_form_is_an_outage(response: httpx.Response) -> None:
    with pytest.raises(FlowUnavailableError):
        rest(lambda _: response).latest_sealed_block()


def test_an_answer_of_more_bytes_than_the_limit_is_refused() -> None:
    # Given the latest block, padded to as many bytes as an answer may have
    block = json.dumps([{"header": {"id": "ab" * 32, "height": "7", "timestamp": AT}}]).encode()
    longest = block + b" " * (ANSWER_BYTES_MAX - len(block))
    assert rest(lambda _: httpx.Response(200, content=longest)).latest_sealed_block().height == 7
    # When it has one byte more, then it is refused
    with pytest.raises(FlowUnavailableError, match="more than"):
        rest(lambda _: httpx.Response(200, content=longest + b" ")).latest_sealed_block()


def test_a_node_that_does_not_answer_is_an_outage() -> None:
    def hang(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("too slow", request=request)

    with pytest.raises(FlowUnavailableError, match="no answer"):
        rest(hang).latest_sealed_block()


def test_imports_by_name_get_their_address() -> None:
    code = 'import "A"\n    import "B"\nimport Crypto\nlet text = "import"'
    resolved = 'import A from 0x01\n    import B from 0x02\nimport Crypto\nlet text = "import"'
    assert resolve_imports(code, {"A": "01", "B": "0x02"}) == resolved


def test_an_import_without_address_is_an_error() -> None:
    with pytest.raises(KeyError):
        resolve_imports('import "A"', {})


def test_our_contracts_are_on_one_account_and_others_where_flow_json_says() -> None:
    addresses = contract_addresses("testnet", "0xabc")
    assert addresses["UsageBasedSubscriptions"] == "0xabc"
    assert addresses["FlowToken"].removeprefix("0x") == "7e60df042a9c0868"
