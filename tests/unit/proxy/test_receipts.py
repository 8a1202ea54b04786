"""The gate signs what it will bill, before the answer has ended."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.api_jws import PyJWS

from flareflow.metering.calls import Ending, Tokens
from flareflow.metering.receipts import RECEIPT_BYTES_MAX, Receipt
from flareflow_gate import receipt_key
from flareflow_gate.receipts import KeptReceipts, ReceiptStore, Signer
from tests.unit.proxy.gate_harness import (
    BOOK_HASH,
    DONE,
    EPOCH_SECONDS,
    KEY,
    NOW,
    SIGNER,
    Answered,
    FakeReceiptStore,
    GateHarness,
    answer,
    chat,
    delta,
    receipts_in,
    usage_chunk,
)

UNSIGNED = re.compile(rb": x-flareflow-receipt .*\n")


def checked(signed: str) -> Receipt:
    """What a receipt says, if it is signed with the public key."""
    key = jwt.PyJWK(SIGNER.public_key, algorithm="ES256").key
    return Receipt.model_validate_json(PyJWS().decode(signed, key, algorithms=["ES256"]))


def asked(gate: GateHarness, event_id: str, key: str = KEY) -> Answered:
    return gate.call(f"/v1/receipts/{event_id}", b"", method="GET", headers={"authorization": f"Bearer {key}"})


def test_the_receipt_of_a_whole_answer_says_what_is_billed_and_for_which_bytes(gate: GateHarness) -> None:
    # Given a request and an answer
    body = json.dumps(chat()).encode()
    gate.litellm.parts = [answer(3, 5)]
    # When the call is made
    answered = gate.call(body=body)
    # Then the receipt has the record, its cost, the book, both hashes, and an hour as the promise
    assert checked(answered.receipt) == Receipt(
        event_id="event-1",
        key_hash=sha256(KEY.encode()).hexdigest(),
        call_type="acompletion",
        model="gpt-4o",
        answered_by="gpt-4o-2024-08-06",
        base_model="openai/gpt-4o",
        ending=Ending.COMPLETE,
        tokens=Tokens(prompt=3, completion=5),
        tokens_are_estimated=False,
        rated_microtokens=12_000_000,
        price_book_hash=f"0x{BOOK_HASH.hex()}",
        request_hash=sha256(body).hexdigest(),
        answer_hash=sha256(answered.whole).hexdigest(),
        started_at=NOW,
        ended_at=NOW,
        counted_until_epoch=int((NOW + timedelta(hours=1)).timestamp()) // EPOCH_SECONDS,
    )


def test_the_receipt_of_a_stream_is_a_comment_before_its_last_event(gate: GateHarness) -> None:
    gate.litellm.parts = [delta("one "), delta("two"), usage_chunk(3, 2) + DONE[:5], DONE[5:], b""]
    answered = gate.call(body=chat(stream=True))
    # Then it covers all bytes but its own line, and clients that stop at the last event have read it
    receipt = checked(answered.receipt)
    assert receipt.answer_hash == sha256(UNSIGNED.sub(b"", answered.whole)).hexdigest()
    assert answered.whole.index(b"x-flareflow-receipt") < answered.whole.index(DONE)
    assert (receipt.ending, receipt.tokens) == (Ending.COMPLETE, Tokens(prompt=3, completion=2))
    events = answered.whole.split(b"\n\n")
    assert [re.sub(rb"(?m)^:.*\n", b"", event) for event in events[-2:]] == [DONE.strip(), b""]


def test_a_stream_that_ends_too_early_says_so_in_its_receipt(gate: GateHarness) -> None:
    gate.litellm.parts = [delta("one two"), b""]
    receipt = checked(gate.call(body=chat(stream=True)).receipt)
    assert (receipt.ending, receipt.tokens_are_estimated) == (Ending.BROKEN_OFF, True)
    assert receipt.tokens == Tokens(prompt=3, completion=2)


def test_whoever_broke_off_a_stream_finds_its_receipt_for_what_was_sent(gate: GateHarness) -> None:
    # Given a caller who hangs up after two parts of an endless stream
    gate.litellm.parts, gate.litellm.endless, gate.hangs_up_after = [delta("one "), delta("two ")], True, 2
    broken_off = gate.call(body=chat(stream=True))
    gate.hangs_up_after = None
    # When it asks for the receipt
    receipt = checked(asked(gate, "event-1").whole.decode())
    # Then that is for what was sent until then
    assert (receipt.ending, receipt.tokens_are_estimated) == (Ending.BROKEN_OFF, True)
    assert receipt.answer_hash == sha256(broken_off.whole).hexdigest()


def test_a_receipt_is_handed_out_again_to_the_key_that_made_the_call(gate: GateHarness) -> None:
    gate.litellm.parts = [answer()]
    answered = gate.call()
    again = asked(gate, "event-1")
    assert (again.status, again.headers["content-type"]) == (200, "application/jose")
    assert again.whole.decode() == answered.receipt


@pytest.mark.parametrize(("event_id", "key"), [("event-1", "sk-another"), ("event-2", KEY)])
def test_nobody_else_gets_a_receipt(gate: GateHarness, event_id: str, key: str) -> None:
    gate.litellm.parts = [answer()]
    gate.call()
    refused = asked(gate, event_id, key)
    assert (refused.status, refused.document["error"]["code"]) == (404, "unknown_receipt")


def test_a_call_that_was_refused_has_no_receipt(gate: GateHarness) -> None:
    gate.litellm.status, gate.litellm.parts = 500, [b"{}"]
    assert "x-flareflow-receipt" not in gate.call().all_headers
    assert asked(gate, "event-1").status == 404


def test_an_answer_is_not_lost_because_its_receipt_cannot_be_kept(gate: GateHarness, kept: KeptReceipts) -> None:
    gate.receipts = receipts_in(kept)
    kept.close()
    gate.litellm.parts = [answer()]
    answered = gate.call()
    assert (answered.status, checked(answered.receipt).event_id) == (200, "event-1")
    assert asked(gate, "event-1").status == 503


@pytest.fixture(params=["fake", "file"])
def store(request: pytest.FixtureRequest, kept: KeptReceipts) -> ReceiptStore:
    return FakeReceiptStore() if request.param == "fake" else kept


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[KeptReceipts]:
    with closing(KeptReceipts(tmp_path / "receipts.db")) as opened:
        yield opened


def test_a_store_gives_a_receipt_to_the_key_of_the_call(gate: GateHarness, store: ReceiptStore) -> None:
    receipt = receipt_of_a_call(gate)
    store.put(receipt, "first")
    store.put(receipt, "again")
    assert store.find(receipt.event_id, receipt.key_hash) == "again"
    assert store.find(receipt.event_id, "0" * 64) is None
    assert store.find("event-2", receipt.key_hash) is None


def test_receipts_are_forgotten_when_they_are_old(gate: GateHarness, kept: KeptReceipts) -> None:
    receipt = receipt_of_a_call(gate)
    kept.put(receipt, "signed")
    kept.forget_before(receipt.ended_at)
    assert kept.find(receipt.event_id, receipt.key_hash) == "signed"
    kept.forget_before(receipt.ended_at + timedelta(seconds=1))
    assert kept.find(receipt.event_id, receipt.key_hash) is None


def test_the_header_names_form_algorithm_and_key(gate: GateHarness) -> None:
    gate.litellm.parts = [answer()]
    signed = gate.call().receipt
    assert jwt.get_unverified_header(signed) == {
        "alg": "ES256",
        "typ": "flareflow-receipt",
        "kid": SIGNER.public_key["kid"],
    }


def test_the_longest_receipt_fits_into_a_header(gate: GateHarness) -> None:
    texts = "event_id", "model", "answered_by", "base_model", "call_type"
    longest = receipt_of_a_call(gate).model_copy(update=dict.fromkeys(texts, "m" * 256))
    assert len(SIGNER.sign(longest)) < RECEIPT_BYTES_MAX


def test_a_changed_receipt_is_not_signed(gate: GateHarness) -> None:
    gate.litellm.parts = [answer()]
    head, payload, signature = gate.call().receipt.split(".")
    other = payload[:-1] + ("A" if payload[-1] != "A" else "B")
    with pytest.raises(jwt.InvalidSignatureError):
        checked(f"{head}.{other}.{signature}")


def test_a_new_key_is_made_once_and_only_its_owner_can_read_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given no key, When the public key is asked for twice
    file = tmp_path / "key.pem"
    assert receipt_key.main([str(file)]) == receipt_key.main([str(file)]) == 0
    # Then both times it is that of the one key that was made, which signs
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first == second == Signer.from_file(file).public_key
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(urlsafe_b64decode(first["x"] + "=")) == 32
    with pytest.raises(FileExistsError):
        receipt_key.make(file)


def test_another_kind_of_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rsa.pem"
    key = generate_rsa_key(65_537, 2_048)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ValueError, match="no P-256 key"):
        Signer.from_file(file)


def receipt_of_a_call(gate: GateHarness) -> Receipt:
    gate.litellm.parts = [answer()]
    return checked(gate.call().receipt)
