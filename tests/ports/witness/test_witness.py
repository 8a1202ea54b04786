"""`Witness`: the fake and a witness over HTTP give the same answers."""

from collections.abc import Iterator
from typing import Final

import pytest

from flareflow.adapters.witness.client import HttpWitness
from flareflow.errors import WitnessUnavailableError
from flareflow.transparency.notes import Checkpoint, SignedCheckpoint
from flareflow.transparency.ports import OtherSizeError, Witness
from flareflow.transparency.tiles import Tile, TileTree, grown
from infra.local.ports import url
from infra.local.witness.server import signer
from infra.local.witness.server import witness as served
from tests.fakes.transparency import LOG, NOON, FakeWitness

SEED: Final = bytes(range(32))
ENTRIES: Final = [f"statement {number}".encode() for number in range(9)]


def tree(size: int) -> TileTree:
    tiles: dict[Tile, bytes] = dict(grown(TileTree(0, dict[Tile, bytes]().__getitem__), ENTRIES[:size]))
    return TileTree(size, tiles.__getitem__)


def signed(size: int) -> SignedCheckpoint:
    checkpoint = Checkpoint(LOG.name, size, tree(size).root)
    return SignedCheckpoint(checkpoint, (LOG.sign(checkpoint, NOON),))


@pytest.fixture(params=["fake", pytest.param("http", marks=pytest.mark.stack)])
def witness(request: pytest.FixtureRequest) -> Iterator[Witness]:
    """One that has seen nothing yet."""
    if request.param == "fake":
        yield FakeWitness()
        return
    server = served(LOG.key.text, SEED.hex())
    server.start()
    witness = HttpWitness.at(f"{signer(SEED).key.text} {url('witness')}")
    try:
        yield witness
    finally:
        witness.http.close()
        server.stop()


def test_a_log_that_grows_is_signed(witness: Witness) -> None:
    for old, new in ((0, 3), (3, 3), (3, 8), (8, 9)):
        line = witness.cosign(old, tree(new).consistency_proof(old), signed(new))
        assert signed(new).with_signature(line).check(witness.key) is not None


def test_a_proof_from_another_size_is_told_what_was_seen(witness: Witness) -> None:
    witness.cosign(0, [], signed(3))
    with pytest.raises(OtherSizeError) as told:
        witness.cosign(2, tree(8).consistency_proof(2), signed(8))
    assert told.value.size == 3


@pytest.mark.parametrize("size", [2, 8])
def test_what_does_not_grow_is_not_signed(witness: Witness, size: int) -> None:
    witness.cosign(0, [], signed(3))
    other = Checkpoint(LOG.name, size, bytes(32))
    with pytest.raises(WitnessUnavailableError):
        witness.cosign(3, [], SignedCheckpoint(other, (LOG.sign(other, NOON),)))


def test_another_log_or_another_signer_is_refused(witness: Witness) -> None:
    checkpoint = Checkpoint(LOG.name, 3, tree(3).root)
    stranger = FakeWitness().remembering.signer
    for bad in (
        SignedCheckpoint(checkpoint, (stranger.sign(checkpoint, NOON),)),
        SignedCheckpoint(Checkpoint("another.example/log", 3, tree(3).root), signed(3).signatures),
    ):
        with pytest.raises(WitnessUnavailableError):
            witness.cosign(0, [], bad)
