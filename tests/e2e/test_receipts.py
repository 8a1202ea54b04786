"""A call from its receipt to the statement, on the whole local stack, with what its caller and the public can read."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import httpx
import jwt
import pytest
from jwt.api_jws import PyJWS

from flareflow.keccak import keccak256
from flareflow.metering.receipts import Receipt, ReceiptKeys
from flareflow.statements.documents import receipt_keys_path
from flareflow.time import Epochs
from infra.local.demo import job
from infra.local.demo.api import Api
from infra.local.demo.customer import Subscriber
from infra.local.demo.run import DEPOSIT_UFIX64, Stack
from infra.local.demo.sources import Documents
from infra.local.flow.network import EPOCH_SECONDS
from infra.local.launch import Facts
from infra.waiting import until
from tests.support.model_calls import answer_of, patiently

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

WAIT_SECONDS: Final = job.WAIT_SECONDS_MAX
COMMENT: Final = re.compile(r"(?m)^: x-flareflow-receipt (.*)$")


def test_receipts_lead_to_their_calls_in_a_statement(running: Facts) -> None:
    with Stack.of(running) as stack:
        # Given a customer who calls a model twice, once for a stream, and keeps the receipts
        subscriber = Subscriber.open(stack.flow, DEPOSIT_UFIX64)
        with job.signed_in(stack, subscriber) as api, Api.at(running["api_url"]) as public:
            secret, _ = subscriber.make_key(api)
            whole, stream = call(running, secret, stream=False), call(running, secret, stream=True)
            signed = [whole.headers["x-flareflow-receipt"], *COMMENT.findall(stream.text)]
            # When they have been sealed
            epoch, events = until(lambda: sealed(api, subscriber.subscription_id, len(signed)), WAIT_SECONDS)
            # Then the statement names the key that has signed, and each of its calls is what was signed
            receipts = [checked(one, keys_of(public, epoch)) for one in signed]
            assert [shared(one.model_dump(mode="json")) for one in receipts] == [shared(one) for one in events]
            assert all(epoch <= one.counted_until_epoch for one in receipts)
            # And the gate gives a receipt again, to the key of its call alone
            assert asked_again(running, secret, receipts[0].event_id).text == signed[0]
            other, _ = subscriber.make_key(api)
            assert asked_again(running, other, receipts[0].event_id).status_code == 404


def call(facts: Facts, secret: str, *, stream: bool) -> httpx.Response:
    body = {"model": "gpt-4o", "max_tokens": 20, "messages": [{"role": "user", "content": "one two"}], "stream": stream}
    return answer_of(facts, secret, body).raise_for_status()


def sealed(api: Api, subscription_id: int, count: int) -> tuple[int, list[dict[str, Any]]] | None:
    """The last epoch in which the customer's calls were sealed, once all are; and the calls, oldest first."""
    listed = api.get(f"/v1/subscriptions/{subscription_id}/events")["items"]
    if len(listed) < count or any(one["state"] == "pending" for one in listed):
        return None
    epochs = {int(one["epoch"]) for one in listed}
    events = [json.loads(text) for epoch in epochs for text in texts(api, subscription_id, epoch)]
    return max(epochs), sorted(events, key=lambda event: str(event["started_at"]))


def texts(api: Api, subscription_id: int, epoch: int) -> list[str]:
    return [item["leaf"] for item in api.get(f"/v1/subscriptions/{subscription_id}/usage/{epoch}")["items"]]


def keys_of(public: Api, epoch: int) -> ReceiptKeys:
    """The keys that the statement of an epoch names."""
    wanted = Documents(public).statement(epoch).receipt_key_hash
    document = public.text(receipt_keys_path(wanted))
    assert keccak256(document.encode()) == wanted
    return ReceiptKeys.model_validate_json(document)


def checked(signed: str, keys: ReceiptKeys) -> Receipt:
    """What a receipt says, if one of these keys has signed it at a time at which it may."""
    [key] = [one for one in keys.keys if one.kid == jwt.get_unverified_header(signed)["kid"]]
    public_key = jwt.PyJWK(key.model_dump(), algorithm="ES256").key
    receipt = Receipt.model_validate_json(PyJWS().decode(signed, public_key, algorithms=["ES256"]))
    assert key.signs_at(Epochs(EPOCH_SECONDS).at(receipt.ended_at))
    return receipt


def shared(call: Mapping[str, Any]) -> dict[str, object]:
    """What a receipt and the text of a counted call both tell."""
    names = "event_id", "key_hash", "call_type", "price_book_hash"
    tokens = {kind: int(number) for kind, number in call["tokens"].items() if int(number)}
    cost = int(call["rated_microtokens"])
    return {name: call[name] for name in names} | {"tokens": tokens, "rated_microtokens": cost}


def asked_again(facts: Facts, secret: str, event_id: str) -> httpx.Response:
    return patiently("GET", f"{facts['litellm_url']}/v1/receipts/{event_id}", secret)
