"""Notes in the form of C2SP, against an example of its specification, and bad ones."""

from datetime import UTC, datetime

import pytest

from flareflow.transparency.notes import Checkpoint, KeyKind, NoteError, NoteKey, SignatureLine, SignedCheckpoint
from flareflow.transparency.proofs import HASH_BYTES
from flareflow.transparency.witnessing import AddCheckpoint
from tests.fakes.transparency import LOG, NOON, signer

WITNESS = signer("witness.example", KeyKind.WITNESS)
CHECKPOINT = Checkpoint(LOG.name, 7, bytes(range(32)))
SIGNED = SignedCheckpoint(CHECKPOINT, (LOG.sign(CHECKPOINT, NOON), WITNESS.sign(CHECKPOINT, NOON)))


def test_a_key_is_read_as_other_programs_write_it() -> None:
    # Given the key of Go's checksum database, as its tools have it built in
    text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert NoteKey.parse(text).text == text


def test_what_is_signed_is_read_back_and_holds() -> None:
    read = SignedCheckpoint.parse(SIGNED.text)
    assert read == SIGNED
    assert (read.check(LOG.key), read.check(WITNESS.key)) == (None, NOON)


@pytest.mark.parametrize(
    "other",
    [
        Checkpoint(LOG.name, 8, CHECKPOINT.root),
        Checkpoint(LOG.name, 7, bytes(32)),
        Checkpoint("another.example/log", 7, CHECKPOINT.root),
    ],
)
@pytest.mark.parametrize("key", [LOG.key, WITNESS.key])
def test_a_signature_is_for_one_checkpoint(other: Checkpoint, key: NoteKey) -> None:
    with pytest.raises(NoteError, match="does not hold"):
        SignedCheckpoint(other, SIGNED.signatures).check(key)


def test_the_time_of_a_witness_is_signed() -> None:
    line = SIGNED.signatures[1]
    later = line.blob[:4] + int(datetime(2027, 1, 1, tzinfo=UTC).timestamp()).to_bytes(8) + line.blob[12:]
    with pytest.raises(NoteError, match="does not hold"):
        SignedCheckpoint(CHECKPOINT, (SignatureLine(line.name, later),)).check(WITNESS.key)


def test_who_has_not_signed_is_told() -> None:
    with pytest.raises(NoteError, match=r"other\.example has not signed"):
        SIGNED.check(signer("other.example").key)
    as_log = NoteKey(WITNESS.name, KeyKind.LOG, WITNESS.key.public)
    with pytest.raises(NoteError, match="has not signed"):
        SIGNED.check(as_log)


@pytest.mark.parametrize(
    "note",
    [
        "",
        CHECKPOINT.text,
        SIGNED.text[:-1],
        SIGNED.text.replace("\n7\n", "\n07\n"),
        SIGNED.text.replace("\n7\n", "\n-7\n"),
        SIGNED.text.replace("\n7\n", "\n7\nextension\n"),
        SIGNED.text.replace("\N{EM DASH}", "-"),
        SIGNED.text + SIGNED.signatures[0].text * 100,
        SIGNED.text.replace("=\n", "\n", 1),
        "x" * 20_000,
    ],
)
def test_a_note_of_another_form_is_refused(note: str) -> None:
    with pytest.raises(NoteError):
        SignedCheckpoint.parse(note)


@pytest.mark.parametrize(
    "text",
    ["", "a+00000000+AA==", LOG.key.text.replace("+", "+0", 1), LOG.key.text[:-4], LOG.key.text.replace("+A", "+B")],
)
def test_a_key_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        NoteKey.parse(text)


def test_a_request_for_a_signature_is_read_back() -> None:
    request = AddCheckpoint(3, [bytes(HASH_BYTES)] * 2, SIGNED)
    assert AddCheckpoint.parse(request.body) == request
    assert AddCheckpoint.parse(AddCheckpoint(0, [], SIGNED).body).proof == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        AddCheckpoint(3, [b"short"], SIGNED).body,
        AddCheckpoint(3, [bytes(HASH_BYTES)] * 64, SIGNED).body,
        AddCheckpoint(3, [], SIGNED).body.replace(b"old 3", b"old -3"),
        AddCheckpoint(3, [], SIGNED).body.replace(b"old ", b"new "),
    ],
)
def test_another_request_is_refused(body: bytes) -> None:
    with pytest.raises(NoteError):
        AddCheckpoint.parse(body)
