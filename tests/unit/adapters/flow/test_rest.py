"""The access node's REST API: what its statuses mean, how long its answers may be, and the code it is sent."""

import json
from collections.abc import Callable

import httpx
import pytest

from flareflow.adapters.flow.cadence import contract_addresses, resolve_imports
from flareflow.adapters.flow.rest import ANSWER_BYTES_MAX, REASON_CHARACTERS_MAX, FlowRest
from flareflow.errors import (
    FlowAnswerTooLargeError,
    FlowNotFoundError,
    FlowRefusedError,
    FlowUnavailableError,
    UnavailableError,
)
from tests.unit.adapters.flow.node import NOT_FOUND, NOT_READY, UNAVAILABLE, Node, account_key, rest_over

AT = "2026-11-24T10:00:00Z"
ADDRESS = "0xf8d6e0586b0a20c7"
REQUESTS: list[Callable[[FlowRest], object]] = [
    lambda rest: rest.execute("access(all) fun main() {}"),
    lambda rest: rest.account_key(ADDRESS, 0),
    lambda rest: rest.account_balance(ADDRESS),
    lambda rest: rest.latest_final_block(),
    lambda rest: rest.latest_sealed_block(),
    lambda rest: rest.events("A.01.Contract.Event", 1, 2),
    lambda rest: rest.transaction_result("ab" * 32),
]
STATUSES: list[tuple[httpx.Response, type[UnavailableError]]] = [
    (NOT_READY, FlowRefusedError),
    (NOT_FOUND, FlowNotFoundError),
    (httpx.Response(429), FlowUnavailableError),
    (httpx.Response(500), FlowUnavailableError),
    (UNAVAILABLE, FlowUnavailableError),
    (httpx.Response(302, headers={"location": "http://elsewhere.test"}), FlowUnavailableError),
    (httpx.Response(200, text="<html>"), FlowUnavailableError),
    (httpx.Response(200, json={"unknown": "form"}), FlowUnavailableError),
]


def raised_by(request: Callable[[FlowRest], object], node: Node) -> type[UnavailableError]:
    with pytest.raises(UnavailableError) as raised:
        request(node.rest)
    return raised.type


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize(("response", "error"), STATUSES)
def test_a_refusal_an_unknown_thing_and_an_outage_are_told_apart(
    request_: Callable[[FlowRest], object], response: httpx.Response, error: type[UnavailableError]
) -> None:
    assert raised_by(request_, Node(failing=response)) is error


@pytest.mark.parametrize("response", [NOT_FOUND, NOT_READY])
def test_an_account_that_the_node_refuses_has_no_keys(response: httpx.Response) -> None:
    # The emulator and nodes refuse an address that is invalid for their chain with 400, an unused one with 404.
    assert Node(failing=response).rest.account_keys(ADDRESS) == []


def test_an_outage_does_not_mean_that_an_account_has_no_keys() -> None:
    assert raised_by(lambda rest: rest.account_keys(ADDRESS), Node(failing=UNAVAILABLE)) is FlowUnavailableError


def test_final_and_sealed_blocks_are_not_confused() -> None:
    node = Node(sealed_height=1_000, final_height=1_010)
    assert node.rest.latest_sealed_block().height == 1_000
    assert node.rest.latest_final_block().height == 1_010


def test_a_script_runs_at_the_latest_sealed_block() -> None:
    node = Node(script_value={"type": "UInt64", "value": "7"})
    assert node.rest.execute("access(all) fun main(): UInt64 { return 7 }") == 7
    assert node.asked[0].url.params["block_height"] == "sealed"


def test_a_balance_is_in_the_smallest_unit() -> None:
    account = httpx.Response(200, json={"address": ADDRESS, "balance": "100000000000", "keys": []})
    assert rest_over(lambda _: account).account_balance(ADDRESS) == 1_000 * 10**8


def test_revoked_keys_are_listed_as_such() -> None:
    keys = [account_key(0, b"\x01" * 64), account_key(1, b"\x02" * 64, revoked=True)]
    assert [key.revoked for key in Node(keys=keys).rest.account_keys(ADDRESS)] == [False, True]


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
        rest_over(lambda _: response).latest_sealed_block()


def test_an_answer_of_more_bytes_than_the_limit_is_refused() -> None:
    # Given the latest block, padded to as many bytes as an answer may have
    block = json.dumps([{"header": {"id": "ab" * 32, "height": "7", "timestamp": AT}}]).encode()
    longest = block + b" " * (ANSWER_BYTES_MAX - len(block))
    assert rest_over(lambda _: httpx.Response(200, content=longest)).latest_sealed_block().height == 7
    # When it has one byte more, then it is refused
    with pytest.raises(FlowAnswerTooLargeError, match="more than"):
        rest_over(lambda _: httpx.Response(200, content=longest + b" ")).latest_sealed_block()


def test_a_node_that_does_not_answer_in_time_should_be_asked_for_less() -> None:
    def hang(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("too slow", request=request)

    with pytest.raises(FlowAnswerTooLargeError, match="no answer"):
        rest_over(hang).latest_sealed_block()


def test_a_node_that_does_not_answer_is_an_outage() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(FlowUnavailableError, match="no answer") as raised:
        rest_over(refuse).latest_sealed_block()
    assert not isinstance(raised.value, FlowAnswerTooLargeError)


def test_a_node_whose_own_answer_was_too_long_should_be_asked_for_less() -> None:
    message = "failed to retrieve events: grpc: received message larger than max (20971522 vs. 20971520)"
    with pytest.raises(FlowAnswerTooLargeError, match="larger than max"):
        rest_over(lambda _: httpx.Response(400, json={"code": 400, "message": message})).latest_sealed_block()


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


def test_a_long_refusal_keeps_its_code_and_the_cause_that_comes_last() -> None:
    # Given a script's error as nodes write it: code first, cause last, and the lines of the script in between
    message = (
        f"[Error Code: 1101] error caused by: {'line of the script ' * 50} error: DollarRates: the price is 0\\n --> "
    )
    node = Node(failing=httpx.Response(400, json={"code": 400, "message": message}))
    # When the refusal is raised
    with pytest.raises(FlowRefusedError) as refused:
        node.rest.execute("")
    # Then it is short and says both
    assert "1101" in str(refused.value)
    assert "DollarRates: the price is 0" in str(refused.value)
    assert len(str(refused.value)) < 2 * REASON_CHARACTERS_MAX
