"""The `Web2Json` request for one statement and the response that it must have, byte for byte.

Sources: Flare's `IWeb2Json.sol` and the FDC specification ("Making a request"). The verifier fetches only
`protocol//hostname+pathname`, so the URL has neither port nor query; the epoch is its last path segment.
"""

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import accumulate
from typing import Final

from flareflow.keccak import WORD_BYTES, keccak256
from flareflow.statements.models import EPOCH_DIGITS

ATTESTATION_TYPE: Final = "Web2Json"
URL_CHARACTERS_MAX: Final = 2000
MIC_SALT: Final = "Flare"
NO_TIMESTAMP: Final = 2**64 - 1
"""`lowestUsedTimestamp` in the current verifier's `Web2Json` responses; older verifiers gave 0."""

ATTESTED_FIELDS: Final = (
    ("epoch", "epoch", "uint64"),
    ("windowStart", "window_start", "uint64"),
    ("windowEnd", "window_end", "uint64"),
    ("usageRoot", "usage_root", "bytes32"),
    ("settlementRoot", "settlement_root", "bytes32"),
    ("subscriptionCount", "subscription_count", "uint64"),
    ("totalRatedMicrotokens", "total_rated_microtokens", "uint256"),
    ("priceBookHash", "price_book_hash", "bytes32"),
    ("receiptKeyHash", "receipt_key_hash", "bytes32"),
    ("meterHash", "meter_hash", "bytes32"),
    ("previousStatementHash", "previous_statement_hash", "bytes32"),
)
"""(component name, field of the statement, Solidity type). Every type is static, so each value is one word."""

POST_PROCESS_JQ: Final = "{" + ", ".join(f"{name}: .{field}" for name, field, _ in ATTESTED_FIELDS) + "}"
ABI_SIGNATURE: Final = json.dumps(
    {
        "type": "tuple",
        "components": [{"name": name, "type": kind} for name, _, kind in ATTESTED_FIELDS],
    },
    separators=(",", ":"),
)


def identifier(name: str) -> bytes:
    """An attestation type or source id as Flare encodes it: ASCII, padded with zeros to 32 bytes."""
    encoded = name.encode("ascii")
    if not 0 < len(encoded) <= WORD_BYTES:
        raise ValueError(f"an identifier has 1 to {WORD_BYTES} characters, not {len(encoded)}")
    return encoded.ljust(WORD_BYTES, b"\0")


@dataclass(frozen=True, slots=True)
class RequestBody:
    """`IWeb2Json.RequestBody`."""

    url: str
    http_method: str
    headers: str
    query_params: str
    body: str
    post_process_jq: str
    abi_signature: str

    def encode(self) -> bytes:
        """The ABI's encoding: the offset of each field from the beginning, then the fields."""
        fields = [_counted(text.encode()) for text in astuple(self)]
        offsets = accumulate((len(field) for field in fields[:-1]), initial=WORD_BYTES * len(fields))
        return b"".join([*map(_word, offsets), *fields])


@dataclass(frozen=True, slots=True)
class AttestationTarget:
    """Where Flare's voters read our statements: a source id, and an `https` URL up to the epoch."""

    source_id: str
    url_prefix: str

    def __post_init__(self) -> None:
        if not self.url_prefix.startswith("https://") or ":" in self.url_prefix.removeprefix("https://"):
            raise ValueError(f"Flare fetches https URLs without a port, not {self.url_prefix}")
        if any(character in self.url_prefix for character in "?#") or len(self.url_prefix) > URL_CHARACTERS_MAX:
            raise ValueError(f"Flare takes URLs of at most {URL_CHARACTERS_MAX} characters, without query or fragment")

    def request_body(self, epoch: int) -> RequestBody:
        return RequestBody(
            url=f"{self.url_prefix}{epoch:0{EPOCH_DIGITS}d}",
            http_method="GET",
            headers="",
            query_params="",
            body="",
            post_process_jq=POST_PROCESS_JQ,
            abi_signature=ABI_SIGNATURE,
        )

    def response(self, epoch: int, words: Sequence[int], voting_round: int, lowest_used_timestamp: int) -> bytes:
        """The ABI-encoded `IWeb2Json.Response` whose attested data is these words."""
        return encode_response(
            self.source_id,
            self.request_body(epoch),
            b"".join(word.to_bytes(WORD_BYTES) for word in words),
            voting_round,
            lowest_used_timestamp,
        )

    def request(self, epoch: int, words: Sequence[int]) -> bytes:
        """The argument of `FdcHub.requestAttestation`: type ‖ source id ‖ message integrity code ‖ ABI-encoded body."""
        expected = self.response(epoch, words, voting_round=0, lowest_used_timestamp=NO_TIMESTAMP)
        return encode_request(self.source_id, self.request_body(epoch), message_integrity_code(expected))


def encode_response(
    source_id: str, body: RequestBody, abi_encoded_data: bytes, voting_round: int, lowest_used_timestamp: int
) -> bytes:
    """`abi.encode(IWeb2Json.Response)`, which the data availability API calls `response_hex`."""
    encoded_body, data = body.encode(), _counted(abi_encoded_data)
    heads_bytes = 6 * WORD_BYTES
    return b"".join(
        [
            _word(WORD_BYTES),
            identifier(ATTESTATION_TYPE),
            identifier(source_id),
            _word(voting_round),
            _word(lowest_used_timestamp),
            _word(heads_bytes),
            _word(heads_bytes + len(encoded_body)),
            encoded_body,
            _word(WORD_BYTES),
            data,
        ]
    )


def encode_request(source_id: str, body: RequestBody, integrity_code: bytes) -> bytes:
    """The bytes of an attestation request."""
    names = identifier(ATTESTATION_TYPE) + identifier(source_id)
    return names + integrity_code + _word(WORD_BYTES) + body.encode()


def _word(number: int) -> bytes:
    return number.to_bytes(WORD_BYTES)


def _counted(content: bytes) -> bytes:
    """The ABI's encoding of `string` and `bytes`: the length, and the content padded with zeros to whole words."""
    return _word(len(content)) + content + bytes(-len(content) % WORD_BYTES)


def message_integrity_code(response: bytes) -> bytes:
    """keccak256(abi.encode(response with voting round 0, "Flare"))."""
    round_at = 3 * WORD_BYTES
    tuple_bytes = response[WORD_BYTES:round_at] + bytes(WORD_BYTES) + response[round_at + WORD_BYTES :]
    salt = len(MIC_SALT).to_bytes(WORD_BYTES) + MIC_SALT.encode().ljust(WORD_BYTES, b"\0")
    heads = (2 * WORD_BYTES).to_bytes(WORD_BYTES) + (2 * WORD_BYTES + len(tuple_bytes)).to_bytes(WORD_BYTES)
    return keccak256(heads + tuple_bytes + salt)


def leaf_hash(response: bytes) -> bytes:
    """A response's leaf in its round's Merkle tree: the Keccak-256 of all its bytes."""
    return keccak256(response)
