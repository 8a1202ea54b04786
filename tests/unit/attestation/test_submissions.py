"""The calldata of the Submission contract, as a voter of Flare sent it."""

from typing import Final

import pytest

from flareflow.attestation.submissions import SUBMIT_SIGNATURES_SELECTOR, submitted_signature
from flareflow.keccak import keccak256
from tests.unit.attestation.vectors import recorded, unhex

RECORDED: Final = recorded("signature_812662")
MESSAGE: Final = unhex(RECORDED["message"])
VRS: Final = bytes([RECORDED["v"]]) + unhex(RECORDED["r"]) + unhex(RECORDED["s"])


def call(payload: bytes, before: bytes = b"") -> bytes:
    return SUBMIT_SIGNATURES_SELECTOR + before + MESSAGE[:5] + len(payload).to_bytes(2) + payload


def test_the_selector_is_that_of_submit_signatures() -> None:
    assert keccak256(b"submitSignatures()")[:4] == SUBMIT_SIGNATURES_SELECTOR


def test_a_voters_call_on_flare_has_the_voters_signature() -> None:
    # Given the calldata of a voter in round 812662: one payload of 104 bytes, which names its message
    calldata = bytes.fromhex("57eed58064000c6676006800") + MESSAGE + VRS
    assert submitted_signature(calldata, MESSAGE) == VRS


@pytest.mark.parametrize(
    "calldata",
    [
        call(b"\x01" + VRS),
        call(b"\x01" + VRS + b"a bit vector"),
        call(b"\x00" + MESSAGE + VRS + b"more"),
        call(b"\x01" + VRS, before=b"\xc8" + MESSAGE[1:5] + b"\x00\x03abc"),
        call(b"\x01" + VRS, before=b"\xc8" + MESSAGE[1:5] + b"\x00\x00"),
        call(b"\x01" + VRS, before=MESSAGE[:4] + b"\xff" + b"\x00\x42" + b"\x01" + bytes(65)),
        call(b"\x01" + VRS) + b"\xc8",
    ],
    ids=[
        "no message",
        "more bytes",
        "message and more",
        "another protocol before",
        "an empty payload before",
        "another round before",
        "a rest",
    ],
)
def test_the_signature_is_found_in_every_form(calldata: bytes) -> None:
    assert submitted_signature(calldata, MESSAGE) == VRS


@pytest.mark.parametrize(
    "calldata",
    [
        b"",
        SUBMIT_SIGNATURES_SELECTOR,
        b"\x00" * 4 + call(b"\x01" + VRS)[4:],
        call(b"\x01" + VRS)[:-1],
        call(b"\x02" + VRS),
        call(b""),
        call(b"\x00" + MESSAGE[:-1] + b"\xff" + VRS),
        call(b"\x01" + VRS[:-1], before=MESSAGE[:5] + b"\x00\x00"),
        SUBMIT_SIGNATURES_SELECTOR + MESSAGE[:4],
    ],
    ids=[
        "nothing",
        "no payload",
        "another function",
        "cut",
        "a third form",
        "empty",
        "another root",
        "twice",
        "half a head",
    ],
)
def test_a_call_without_a_signature_of_the_message_has_none(calldata: bytes) -> None:
    assert submitted_signature(calldata, MESSAGE) is None
