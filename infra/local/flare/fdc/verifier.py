"""How each voter checks a `Web2Json` request: fetch, filter, encode, compare, with the limits of the real verifier.

It differs from the real one in three ways: host names are looked up in a table (`hosts`), they are asked over HTTP
without TLS, and the filter is run by jq itself, while Flare's verifiers run a JavaScript jq with fewer filters.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import jq
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError

from flareflow.adapters.http import bounded_chunks
from flareflow.attestation.request import (
    ATTESTATION_TYPE,
    NO_TIMESTAMP,
    RequestBody,
    encode_response,
    identifier,
    message_integrity_code,
)
from flareflow.keccak import WORD_BYTES

URL_CHARACTERS_MAX: Final = 2_000
RESPONSE_BYTES_MAX: Final = 100 * 1024
FETCH_SECONDS: Final = 5.0
JQ_CHARACTERS_MAX: Final = 5_000
ABI_SIGNATURE_CHARACTERS_MAX: Final = 5_000
PROCESSING_SECONDS_MAX: Final = 0.5
USER_AGENT: Final = "axios/1.8.4"
HEAD_BYTES: Final = 3 * WORD_BYTES
REQUEST_BODY_TYPE: Final = "(string,string,string,string,string,string,string)"


class Status(StrEnum):
    """Why a request is not confirmed, in the words of Flare's verifier."""

    INVALID_SOURCE_URL = "INVALID: INVALID SOURCE URL"
    INVALID_METHOD = "INVALID: INVALID HTTP METHOD"
    INVALID_HEADERS = "INVALID: INVALID HEADERS"
    INVALID_QUERY = "INVALID: INVALID QUERY PARAMETERS"
    INVALID_BODY = "INVALID: INVALID BODY"
    INVALID_JQ = "INVALID: INVALID JQ FILTER"
    INVALID_ABI_SIGNATURE = "INVALID: INVALID ABI SIGNATURE"
    INVALID_CONTENT_TYPE = "INVALID: INVALID RESPONSE CONTENT TYPE"
    INVALID_JSON = "INVALID: INVALID JSON RESPONSE"
    JQ_ERROR = "INVALID: JQ PARSE ERROR"
    FETCH_ERROR = "INVALID: FETCH ERROR"
    ENCODING_ERROR = "INVALID: ABI ENCODING ERROR"
    TIMEOUT = "INVALID: PROCESSING TIMEOUT"
    MALFORMED = "INVALID: MALFORMED ATTESTATION REQUEST"
    INTEGRITY = "INVALID: MESSAGE INTEGRITY CODE"


class NotConfirmedError(Exception):
    """The voter does not confirm the request; `status` says why."""

    def __init__(self, status: Status, detail: str = "") -> None:
        super().__init__(f"{status} {detail}".strip())
        self.status = status


@dataclass(frozen=True, slots=True)
class Verifier:
    """One voter's verifier; `hosts` maps the names it can resolve to where they answer, as `http://address:port`."""

    http: httpx.Client
    source_id: str
    hosts: Mapping[str, str]

    @classmethod
    def resolving(cls, hosts: Mapping[str, str], source_id: str) -> "Verifier":
        http = httpx.Client(
            timeout=FETCH_SECONDS, follow_redirects=False, headers={"user-agent": USER_AGENT}, trust_env=False
        )
        return cls(http, source_id, hosts)

    def confirm(self, request: bytes, voting_round: int) -> bytes:
        """The response that this voter attests. Raises NotConfirmedError, which says why it attests none."""
        body = self._parsed(request)
        data = encoded_answer(self._fetched(body), body)
        unbound = encode_response(self.source_id, body, data, 0, NO_TIMESTAMP)
        if message_integrity_code(unbound) != request[2 * WORD_BYTES : HEAD_BYTES]:
            raise NotConfirmedError(Status.INTEGRITY)
        return encode_response(self.source_id, body, data, voting_round, NO_TIMESTAMP)

    def _parsed(self, request: bytes) -> RequestBody:
        if request[: 2 * WORD_BYTES] != identifier(ATTESTATION_TYPE) + identifier(self.source_id):
            raise NotConfirmedError(Status.MALFORMED, "unsupported type or source")
        try:
            (values,) = decode([REQUEST_BODY_TYPE], request[HEAD_BYTES:])
        except (DecodingError, UnicodeDecodeError, OverflowError) as error:
            raise NotConfirmedError(Status.MALFORMED, str(error)) from error
        body = RequestBody(*values)
        _check(body)
        return body

    def _fetched(self, body: RequestBody) -> bytes:
        parts = urlsplit(body.url)
        host = parts.hostname or ""
        if host not in self.hosts:
            raise NotConfirmedError(Status.INVALID_SOURCE_URL, f"{host} is not resolved")
        address = self.hosts[host] + parts.path
        try:
            with self.http.stream(body.http_method, address, headers={"host": host}) as response:
                return _body(response)
        except httpx.HTTPError as error:
            raise NotConfirmedError(Status.FETCH_ERROR, str(error)) from error


def _check(body: RequestBody) -> None:
    parts = urlsplit(body.url)
    if parts.scheme != "https" or not parts.hostname or len(body.url) > URL_CHARACTERS_MAX:
        raise NotConfirmedError(Status.INVALID_SOURCE_URL, body.url[:100])
    if body.http_method not in {"GET", "POST"}:
        raise NotConfirmedError(Status.INVALID_METHOD, body.http_method[:10])
    for text, status in (
        (body.headers, Status.INVALID_HEADERS),
        (body.query_params, Status.INVALID_QUERY),
        (body.body, Status.INVALID_BODY),
    ):
        if text not in {"", "{}"}:
            raise NotConfirmedError(status, "the local verifier takes none")
    if len(body.post_process_jq) > JQ_CHARACTERS_MAX:
        raise NotConfirmedError(Status.INVALID_JQ)
    if len(body.abi_signature) > ABI_SIGNATURE_CHARACTERS_MAX:
        raise NotConfirmedError(Status.INVALID_ABI_SIGNATURE)


def _body(response: httpx.Response) -> bytes:
    if not response.is_success:
        raise NotConfirmedError(Status.FETCH_ERROR, str(response.status_code))
    if "application/json" not in response.headers.get("content-type", ""):
        raise NotConfirmedError(Status.INVALID_CONTENT_TYPE)
    received, give_up = b"", time.perf_counter() + FETCH_SECONDS
    for chunk in bounded_chunks(response, RESPONSE_BYTES_MAX):
        received += chunk
        if time.perf_counter() > give_up:
            raise NotConfirmedError(Status.FETCH_ERROR, f"more than {FETCH_SECONDS:.0f} s")
    return received


def encoded_answer(answer: bytes, body: RequestBody) -> bytes:
    """`abiEncodedData`: the answer, filtered by jq and encoded by the ABI signature."""
    began = time.perf_counter()
    try:
        document = json.loads(answer)
    except ValueError as error:
        raise NotConfirmedError(Status.INVALID_JSON) from error
    if not isinstance(document, dict | list | str):
        raise NotConfirmedError(Status.INVALID_JSON, "the root is a number, a truth value or null")
    try:
        filtered = jq.compile(body.post_process_jq).input_value(document).first()
    except (ValueError, StopIteration) as error:
        raise NotConfirmedError(Status.JQ_ERROR, str(error)) from error
    encoded = _abi_encoded(filtered, body.abi_signature)
    if time.perf_counter() - began > PROCESSING_SECONDS_MAX:
        raise NotConfirmedError(Status.TIMEOUT)
    return encoded


def _abi_encoded(value: Any, signature: str) -> bytes:
    """The value, encoded by a signature that is one primitive or one flat tuple of named primitives."""
    try:
        kind: Any = json.loads(signature) if signature.startswith("{") else {"type": signature.strip('"')}
        if kind["type"] != "tuple":
            return encode([kind["type"]], [_primitive(kind["type"], value)])
        components = kind["components"]
        if any("tuple" in one["type"] or "[" in one["type"] for one in components):
            raise NotConfirmedError(Status.INVALID_ABI_SIGNATURE, "components must be primitive")
        types = ",".join(one["type"] for one in components)
        return encode([f"({types})"], [tuple(_primitive(one["type"], value[one["name"]]) for one in components)])
    except (KeyError, TypeError, ValueError, EncodingError) as error:
        raise NotConfirmedError(Status.ENCODING_ERROR, str(error)) from error


def _primitive(kind: str, value: Any) -> Any:
    if kind.startswith(("uint", "int")):
        return int(str(value), 0) if str(value).startswith("0x") else int(str(value))
    if kind.startswith("bytes"):
        return bytes.fromhex(str(value).removeprefix("0x"))
    return value
