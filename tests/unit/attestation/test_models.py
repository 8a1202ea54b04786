"""What is kept of an attestation when it starts over, and of the reasons for it."""

from flareflow.attestation.models import Attestation, Finalization, Proof, State, Submission

WORDS = (7, 300, 600, 11, 12, 1, 2_000_000, 13, 14)
PROVEN = Attestation(
    epoch=7,
    words=WORDS,
    state=State.PROVEN,
    version=4,
    submission=Submission(b"request", b"transaction", bytes(32), nonce=3),
    mined_block=10,
    voting_round=99,
    finalization=Finalization(bytes(32), 7, bytes(38), bytes(67)),
    proof=Proof(99, 2**64 - 1, (bytes(32),)),
    reasons=("first",),
)


def test_an_attestation_that_starts_over_keeps_its_words_its_version_and_the_reasons() -> None:
    assert PROVEN.start_over("second") == Attestation(7, WORDS, State.SEALED, 4, reasons=("first", "second"))


def test_the_newest_ten_reasons_are_kept() -> None:
    attestation = Attestation(7, WORDS)
    for number in range(1, 13):
        attestation = attestation.because(f"reason {number}")
    assert attestation.reasons == tuple(f"reason {number}" for number in range(3, 13))


def test_a_reason_that_comes_again_is_kept_once_as_the_newest() -> None:
    attestation = Attestation(7, WORDS, reasons=("old", "other"))
    assert attestation.because("old").reasons == ("other", "old")
