"""Logs of calls as programs write them."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Final

import pytest

from flareflow_verify.audit.log import LogError, Tokens, read_log
from tests.support.bills import FIRST_EPOCH, World
from tests.support.signed_receipts import receipt, signed

EVENT: Final = World().events_of(FIRST_EPOCH)[0]
EVENT_ID: Final = receipt(EVENT).event_id
RECEIPT: Final = signed(EVENT)
USED: Final = {"prompt_tokens": 3, "completion_tokens": 4}
HEADERS: Final = {"x-flareflow-event-id": EVENT_ID, "x-flareflow-receipt": RECEIPT}


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(RECEIPT, id="the header's value"),
        pytest.param(f": x-flareflow-receipt {RECEIPT}", id="the comment of a stream"),
        pytest.param(json.dumps({"receipt": RECEIPT}), id="JSON"),
        pytest.param(json.dumps({"headers": {"X-FlareFlow-Receipt": RECEIPT}}), id="headers with capitals"),
    ],
)
def test_a_receipt_is_enough(line: str) -> None:
    (call,) = read_log([line]).values()
    assert (call.event_id, call.tokens) == (EVENT_ID, None)
    assert [one.receipt for one in call.receipts] == [receipt(EVENT)]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param({**HEADERS, "usage": USED}, id="flat"),
        pytest.param(
            {"response": {"headers": HEADERS, "body": {"id": "chatcmpl-1", "usage": USED}}}, id="OpenAI export"
        ),
        pytest.param(
            {
                "id": "chatcmpl-1",
                "litellm_call_id": "an id of the client's own",
                "prompt_tokens": 3,
                "completion_tokens": 4,
                "response": {"id": "chatcmpl-1", "usage": USED},
                "hidden_params": {
                    "additional_headers": {f"llm_provider-{name}": value for name, value in HEADERS.items()}
                },
            },
            id="LiteLLM's logging payload",
        ),
        pytest.param({"data": [{**HEADERS, "usage": USED}]}, id="a list in an object"),
        pytest.param([{**HEADERS, "usage": USED}], id="an array"),
    ],
)
def test_usage_and_receipt_are_found_where_loggers_put_them(line: Any) -> None:
    (call,) = read_log([json.dumps(line)]).values()
    assert (call.event_id, call.tokens, len(call.receipts)) == (EVENT_ID, Tokens(3, 4), 1)


def test_a_row_of_the_proxys_spend_log_is_read_by_its_call_id() -> None:
    row = {"request_id": "chatcmpl-1", "litellm_call_id": EVENT_ID, "prompt_tokens": 3, "completion_tokens": 4}
    assert read_log([json.dumps(row)])[EVENT_ID].tokens == Tokens(3, 4)


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        pytest.param({"input_tokens": 3, "output_tokens": 4}, Tokens(3, 4), id="OpenAI's responses"),
        pytest.param({"prompt_tokens": 3}, Tokens(3, 0), id="embeddings"),
        pytest.param(
            {"input_tokens": 3, "output_tokens": 4, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 6},
            Tokens(14, 4),
            id="Anthropic tells its cache beside the input",
        ),
        pytest.param(
            {"prompt_tokens": 14, "completion_tokens": 4, "cache_read_input_tokens": 5, "input_tokens": 14},
            Tokens(14, 4),
            id="LiteLLM counts it into the prompt",
        ),
    ],
)
def test_usage_of_several_forms_is_read(usage: dict[str, int], tokens: Tokens) -> None:
    assert read_log([json.dumps({"event_id": "one", "usage": usage})])["one"].tokens == tokens


def test_lines_of_one_call_are_put_together() -> None:
    # Given a call's usage and its receipt on lines of their own, and the receipt twice
    (call,) = read_log([json.dumps({"event_id": EVENT_ID, "usage": USED}), RECEIPT, RECEIPT]).values()
    # Then they are one call with one receipt
    assert (call.tokens, len(call.receipts)) == (Tokens(3, 4), 1)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (json.dumps({"event_id": "another", "receipt": RECEIPT}), "the receipt is that of another call"),
        (RECEIPT[:100], "no receipt"),
        (RECEIPT.replace(".", "", 1), "no receipt"),
        ("eyJ" + "A" * 10_000 + ".a.b", "no receipt"),
        (json.dumps({"receipt": "eyJ.a.b"}), "no receipt"),
        (json.dumps({"event_id": "one"}), "no usage and no receipt"),
        (json.dumps({"usage": USED}), "no event id"),
        (json.dumps({"data": []}), "no event id"),
        (json.dumps([[USED]]), "no event id"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(line: str, reason: str) -> None:
    with pytest.raises(LogError, match=f"line 1: .*{reason}"):
        read_log([line])


def test_a_receipt_is_one_of_ours_by_its_header() -> None:
    # Given a token of another kind with the same payload
    header, payload, signature = RECEIPT.split(".")
    assert header.startswith("eyJ")
    other = f"eyJhbGciOiJub25lIn0.{payload}.{signature}"
    with pytest.raises(LogError, match="no receipt"):
        read_log([other])


def rewritten(head: bytes | None = None, body: bytes | None = None) -> str:
    """The receipt with other bytes in its header or its payload."""
    header, payload, signature = RECEIPT.split(".")
    parts = (
        part if given is None else urlsafe_b64encode(given).rstrip(b"=").decode()
        for part, given in ((header, head), (payload, body))
    )
    return ".".join([*parts, signature])


HEADER: Final = json.loads(urlsafe_b64decode(RECEIPT.partition(".")[0] + "=="))
PAYLOAD: Final = receipt(EVENT).payload


@pytest.mark.parametrize(
    "header",
    [
        HEADER | {"crit": ["b64"], "b64": False},
        HEADER | {"jwk": {}},
        HEADER | {"alg": "HS256"},
        HEADER | {"typ": "JWT"},
    ],
)
def test_a_header_that_says_something_else_is_refused(header: Any) -> None:
    with pytest.raises(LogError, match="no receipt"):
        read_log([rewritten(head=json.dumps(header).encode())])


def test_a_header_is_in_utf_8() -> None:
    assert read_log([rewritten(head=json.dumps(HEADER).encode())])
    with pytest.raises(LogError, match="no receipt"):
        read_log([json.dumps({"receipt": rewritten(head=json.dumps(HEADER).encode("utf-16"))})])


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(PAYLOAD + b" ", id="a space"),
        pytest.param(PAYLOAD.replace(b'"prompt":', b'"prompt":-'), id="tokens below zero"),
        pytest.param(PAYLOAD.replace(b'"prompt":', b'"prompt":9007199254740993'), id="more tokens than are exact"),
        pytest.param(PAYLOAD.replace(b'"version":"flareflow-receipt/1",', b""), id="no version"),
        pytest.param(
            PAYLOAD.replace(b'"rated_microtokens":', b'"rated_microtokens":1,"rated_microtokens":'), id="twice"
        ),
        pytest.param(PAYLOAD.replace(b'estimated":false', b'estimated":"false"'), id="a text that is no truth value"),
    ],
)
def test_a_payload_has_one_form(payload: bytes) -> None:
    assert payload != PAYLOAD
    with pytest.raises(LogError, match="no receipt"):
        read_log([rewritten(body=payload)])
