"""The account that pays for requests on Flare, as its node tells of it."""

import json
from collections.abc import Callable
from typing import Any, Final, cast

import httpx
import pytest

from flareflow.adapters.aws.kms import KmsKey
from flareflow.adapters.flare.evm_signer import KmsEvmSigner
from flareflow.adapters.flare.payer import ANSWER_BYTES_MAX, FlarePayer
from flareflow.errors import FlareUnavailableError
from tests.support.kms import MemoryKms

RPC: Final = "http://flare.test/ext/C/rpc"
KEY: Final = KmsKey(cast("Any", MemoryKms()), "key-1")


def payer(answer: Callable[[httpx.Request], httpx.Response], key: KmsKey = KEY) -> FlarePayer:
    return FlarePayer(httpx.Client(transport=httpx.MockTransport(answer)), RPC, key)


def test_a_balance_is_asked_for_by_the_address_that_signs() -> None:
    # Given a node that notes what it is asked
    asked: list[tuple[str, object]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((str(request.url), json.loads(request.content)["params"]))
        return httpx.Response(200, json={"jsonrpc": "2.0", "id": 1, "result": "0x1bc16d674ec80000"})

    # When the balance is read, Then it is that of the account whose key signs requests, in wei
    assert payer(answer).balance() == 2 * 10**18
    assert asked == [(RPC, [f"0x{KmsEvmSigner(KEY).address.hex()}", "latest"])]


def test_the_key_service_is_asked_for_the_address_once() -> None:
    # Given an account whose address was asked for
    kms = MemoryKms()
    one = payer(lambda _: httpx.Response(200, json={"result": "0x10"}), KmsKey(cast("Any", kms), "key-1"))
    address = one.address()
    # When the key service does not answer any more, Then address and balance are still told
    kms.is_down = True
    assert (one.address(), one.balance()) == (address, 16)


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(200, json={"error": {"code": -32000, "message": "header not found"}}),
        httpx.Response(200, json={"result": "16"}),
        httpx.Response(200, json={"result": None}),
        httpx.Response(200, text="0" * (ANSWER_BYTES_MAX + 1)),
        httpx.Response(502, text="<html>"),
    ],
)
def test_an_answer_without_a_balance_is_an_outage(response: httpx.Response) -> None:
    with pytest.raises(FlareUnavailableError):
        payer(lambda _: response).balance()


def test_a_node_that_cannot_be_reached_is_an_outage() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("no answer", request=request)

    with pytest.raises(FlareUnavailableError):
        payer(fail).balance()
