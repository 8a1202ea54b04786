"""The client that is made from docs/openapi.json: it asks for what is documented, and reads what is answered."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import httpx
import pytest

from flareflow_verify.sources.api import Api, KeyRequest, RotationRequest
from flareflow_verify.sources.http import SourceError
from flareflow_verify.sources.service import ITEMS_MAX, Parts, Service
from infra.openapi.python import OPERATIONS
from tests.support.openapi import document, operation_of

KEY_HASH: Final = "9b" * 32
CALLS: Final[Mapping[str, Callable[[Api], object]]] = {
    "GET /v1/deployment": Api.get_deployment,
    "GET /v1/subscriptions": Api.get_subscriptions,
    "GET /v1/subscriptions/{subscription_id}": lambda api: api.get_subscriptions_subscription_id(7),
    "GET /v1/subscriptions/{subscription_id}/keys": lambda api: api.get_subscriptions_subscription_id_keys(7),
    "GET /v1/subscriptions/{subscription_id}/usage": lambda api: api.get_subscriptions_subscription_id_usage(7),
    "POST /v1/keys": lambda api: api.post_keys(KeyRequest(subscription_id=7, alias="laptop")),
    "POST /v1/keys/{key_hash}/rotations": lambda api: api.post_keys_key_hash_rotations(KEY_HASH, RotationRequest()),
    "DELETE /v1/keys/{key_hash}": lambda api: api.delete_keys_key_hash(KEY_HASH),
    "POST /v1/websocket-tickets": Api.post_websocket_tickets,
}


class Documented:
    """Answers each request with the example of the document, changed as a test wants; a list has two parts."""

    def __init__(self, change: Callable[[Any], Any] = lambda content: content) -> None:
        self.requests: list[httpx.Request] = []
        self.change = change

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        operation = operation_of(request.method, request.url.path)
        assert operation is not None
        [(status, success)] = [(one, it) for one, it in operation["responses"].items() if one.startswith("2")]
        if "content" not in success:
            return httpx.Response(int(status))
        content = success["content"]["application/json"]["example"]
        if "next_cursor" in content:
            content = {**content, "next_cursor": None if "cursor" in request.url.params else "c"}
        return httpx.Response(int(status), json=self.change(content))

    @property
    def api(self) -> Api:
        http = httpx.Client(transport=httpx.MockTransport(self.answer))
        return Api(Service(http, "https://api.example", "a session"))


def test_every_operation_that_is_made_is_tried_here() -> None:
    assert set(CALLS) == set(OPERATIONS)


@pytest.mark.parametrize("named", OPERATIONS)
def test_an_operation_is_asked_for_as_documented_and_its_example_is_read(named: str) -> None:
    # Given a server that answers with the examples of the document
    server = Documented()
    # When the operation is called
    found = CALLS[named](server.api)
    # Then it was the documented one, and all of its answer was read, of a list all parts
    items = list(found) if isinstance(found, Iterator) else [found]
    methods_and_paths = {(one.method, one.url.path) for one in server.requests}
    method, path = named.split(" ")
    assert methods_and_paths == {(method, path.format(subscription_id=7, key_hash=KEY_HASH))}
    assert len(items) == len(server.requests)
    for item in items:
        assert item is None or isinstance(item, Parts)


def test_only_what_is_set_is_sent() -> None:
    server = Documented()
    server.api.post_keys(KeyRequest(subscription_id=7, alias="laptop", cap_rated_tokens=1_000))
    list(server.api.get_subscriptions_subscription_id_usage(7, by=("day", "model"), from_="2026-11-01T00:00:00Z"))
    created, listed, _ = server.requests
    assert json.loads(created.content) == {"subscription_id": "7", "alias": "laptop", "cap_rated_tokens": "1000"}
    assert listed.url.params.multi_items() == [("by", "day"), ("by", "model"), ("from", "2026-11-01T00:00:00Z")]


def test_what_is_new_in_an_answer_is_passed_over() -> None:
    # Given an API that has a field and a standing more than the document
    server = Documented(lambda content: {**content, "standing": "of tomorrow", "of_tomorrow": "1"})
    # Then the answer is read
    assert server.api.get_subscriptions_subscription_id(7).standing == "of tomorrow"


@pytest.mark.parametrize(
    "change",
    [
        lambda content: {name: part for name, part in content.items() if name != "items"},
        lambda content: {**content, "items": [{**content["items"][0], "key_hash": 7}]},
        lambda content: {**content, "items": content["items"] * (ITEMS_MAX + 1)},
        lambda content: [content],
    ],
    ids=["a field is missing", "a number instead of text", "too many", "a list"],
)
def test_an_answer_of_another_form_is_refused(change: Callable[[Any], Any]) -> None:
    with pytest.raises(SourceError, match="unknown form"):
        list(Documented(change).api.get_subscriptions_subscription_id_keys(7))


def test_a_value_is_one_segment_of_the_path() -> None:
    server = Documented()
    with pytest.raises(AssertionError):  # nothing of the kind is documented
        server.api.delete_keys_key_hash("../subscriptions/7")
    assert server.requests[0].url.raw_path == b"/v1/keys/..%2Fsubscriptions%2F7"


def test_every_operation_of_the_document_has_a_name_of_its_own() -> None:
    names = [one["operationId"] for operations in document()["paths"].values() for one in operations.values()]
    assert len(set(names)) == len(names)
