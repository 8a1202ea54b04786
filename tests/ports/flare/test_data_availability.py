"""The `DataAvailability` port, with the fake and with the local FDC's API."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from flareflow.attestation.models import Finalization
from flareflow.attestation.ports import Awaited, DataAvailability, ServedProof
from flareflow.attestation.relay import RootMessage
from flareflow.attestation.request import ATTESTED_FIELDS, NO_TIMESTAMP, AttestationTarget, leaf_hash
from flareflow.keccak import keccak256
from flareflow.merkle import fold
from infra.local.flare.fdc.merkle import round_tree
from tests.fakes.attestation import FakeDataAvailability
from tests.support.eventually import eventually
from tests.support.flare import STATEMENT_HOST, LocalFlare, local_flare

PORT_BASE = 23800
TARGET = AttestationTarget("PublicWeb2", f"https://{STATEMENT_HOST}/v1/statements/")
EPOCH = 77
WORDS = (EPOCH, *range(1, len(ATTESTED_FIELDS)))
REQUEST = TARGET.request(EPOCH, WORDS)
FAR_AHEAD = 1_000


@dataclass(frozen=True)
class Asked:
    """The port after `REQUEST` was attested in a round with this root."""

    port: DataAvailability
    voting_round: int
    root: bytes


def fake() -> Asked:
    voting_round = 5
    response = TARGET.response(EPOCH, WORDS, voting_round, NO_TIMESTAMP)
    tree = round_tree([leaf_hash(response), keccak256(b"another"), keccak256(b"a third")])
    proof = ServedProof(response, tuple(tree.proof(leaf_hash(response))))
    port = FakeDataAvailability(indexed_round=voting_round, served={(voting_round, REQUEST): proof})
    return Asked(port, voting_round, tree.root)


def attested(local: LocalFlare) -> Asked:
    """The request, made for real and followed until its round is finalized."""
    named = {
        field: f"0x{word:064x}" if kind == "bytes32" else str(word)
        for (_, field, kind), word in zip(ATTESTED_FIELDS, WORDS, strict=True)
    }
    local.host.texts[f"/v1/statements/{EPOCH:010d}"] = json.dumps(named)
    submission = local.flare.prepare(REQUEST)
    local.flare.send(submission)
    mined = eventually(lambda: local.flare.mined(submission))
    finalization = eventually(lambda: local.flare.finalization(mined.voting_round, mined.block))
    assert isinstance(finalization, Finalization)
    return Asked(local.availability, mined.voting_round, RootMessage.decode(finalization.message).merkle_root)


@pytest.fixture(scope="module")
def real() -> Iterator[Asked]:
    with local_flare(PORT_BASE) as local:
        yield attested(local)


@pytest.fixture(params=["fake", pytest.param("fdc", marks=pytest.mark.stack)])
def asked(request: pytest.FixtureRequest) -> Asked:
    if request.param == "fake":
        return fake()
    found: Asked = request.getfixturevalue("real")
    return found


def served(asked: Asked) -> ServedProof:
    """The proof, which the API may index a moment after the round was finalized."""

    def proof() -> ServedProof | None:
        answer = asked.port.proof(asked.voting_round, REQUEST)
        return answer if isinstance(answer, ServedProof) else None

    return eventually(proof)


def test_an_attested_request_has_a_proof_that_leads_to_the_rounds_root(asked: Asked) -> None:
    # When the proof of a confirmed request is asked for
    proof = served(asked)
    # Then the response is what was asked for, among others, under the root that was signed
    assert proof.response == TARGET.response(EPOCH, WORDS, asked.voting_round, NO_TIMESTAMP)
    assert len(proof.siblings) >= 1
    assert fold(leaf_hash(proof.response), proof.siblings) == asked.root


def test_a_future_round_has_no_proof_yet(asked: Asked) -> None:
    assert asked.port.proof(asked.voting_round + FAR_AHEAD, REQUEST) is Awaited.NOT_YET


def test_a_request_that_was_not_in_a_past_round_never_gets_a_proof(asked: Asked) -> None:
    # Given a round whose proofs are served
    served(asked)
    # When another request is asked for in it, Then it is a definite no
    assert asked.port.proof(asked.voting_round, REQUEST[:-1] + b"\x01") is Awaited.NEVER
