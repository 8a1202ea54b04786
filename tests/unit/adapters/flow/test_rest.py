"""What the access node's statuses mean to us."""

from collections.abc import Callable

import httpx
import pytest

from flareflow.adapters.flow.rest import FlowRest
from flareflow.errors import FlowNotFoundError, FlowRefusedError, FlowUnavailableError, UnavailableError
from tests.unit.adapters.flow.node import NOT_FOUND, NOT_READY, UNAVAILABLE, Node, account_key

ADDRESS = "0xf8d6e0586b0a20c7"
REQUESTS: list[Callable[[FlowRest], object]] = [
    lambda rest: rest.execute("access(all) fun main() {}"),
    lambda rest: rest.account_key(ADDRESS, 0),
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


def test_revoked_keys_are_listed_as_such() -> None:
    keys = [account_key(0, b"\x01" * 64), account_key(1, b"\x02" * 64, revoked=True)]
    assert [key.revoked for key in Node(keys=keys).rest.account_keys(ADDRESS)] == [False, True]
