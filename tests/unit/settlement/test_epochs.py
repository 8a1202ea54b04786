"""How far each epoch is, for the public."""

from datetime import timedelta

import pytest

from flareflow.attestation.models import Attestation, Finalization, State, Submission
from flareflow.errors import NotFoundError
from flareflow.settlement.epochs import Explorers, ReadEpochs
from flareflow.settlement.transactions import Outgoing, SignedTransaction
from flareflow.time import Epochs
from tests.fakes.attestation import FakeAttestations
from tests.fakes.settlement import FakeOutbox
from tests.unit.statements.sealing import Sealing

EPOCHS = Epochs(300)
FIRST = 1_000
"""The epoch that `Sealing` seals first."""


@pytest.fixture
def sealing() -> Sealing:
    sealing = Sealing()
    sealing.count(1, 1)
    sealing.seal()
    return sealing


def reading(sealing: Sealing, *begun: Attestation, outbox: FakeOutbox | None = None, prefix: str = "") -> ReadEpochs:
    return ReadEpochs(
        statements=sealing.statements,
        attestations=FakeAttestations({one.epoch: one for one in begun}),
        outbox=outbox or FakeOutbox(),
        explorers=Explorers("https://host/v1/statements/", prefix and f"{prefix}/flare", prefix and f"{prefix}/flow"),
        epochs=EPOCHS,
        clock=lambda: EPOCHS.end(FIRST) + timedelta(seconds=90),
    )


def test_an_epoch_whose_statement_was_not_sent_to_flare_is_sealed(sealing: Sealing) -> None:
    [view] = reading(sealing).newest_first(None).items
    assert (view.epoch, view.state, view.reasons, view.lag_seconds) == (FIRST, State.SEALED, [], 90)
    assert view.links.statement == "https://host/v1/statements/0000001000"


def test_an_epoch_tells_why_it_takes_longer_and_where_to_look(sealing: Sealing) -> None:
    # Given an attestation with a reason, and its delivery
    begun = Attestation(
        epoch=FIRST,
        words=(0,) * 11,
        state=State.PROVEN,
        submission=Submission(b"r", b"t", b"\x01" * 32, nonce=3),
        finalization=Finalization(b"\x02" * 32, 309, b"message", b"signatures"),
        reasons=("x" * 1_000,),
    )
    outbox = FakeOutbox()
    outbox.save(Outgoing(f"deliver#{FIRST}", SignedTransaction("ab" * 32, b"", 5), 0, 1))
    # When it is read
    view = reading(sealing, begun, outbox=outbox, prefix="https://explorer").one(FIRST)
    # Then its reasons are short, and each transaction has its address
    assert view.reasons == ["x" * 300]
    assert (view.links.request, view.links.finalization, view.links.delivery) == (
        f"https://explorer/flare/tx/0x{'01' * 32}",
        f"https://explorer/flare/tx/0x{'02' * 32}",
        f"https://explorer/flow/tx/{'ab' * 32}",
    )


@pytest.mark.parametrize("state", [State.SETTLED, State.SKIPPED])
def test_what_is_final_has_no_lag(sealing: Sealing, state: State) -> None:
    assert reading(sealing, Attestation(FIRST, (0,) * 11, state)).one(FIRST).lag_seconds is None


def test_without_an_explorer_there_are_no_links(sealing: Sealing) -> None:
    begun = Attestation(FIRST, (0,) * 11, submission=Submission(b"r", b"t", b"\x01" * 32, nonce=3))
    assert reading(sealing, begun).one(FIRST).links.request is None


def test_an_epoch_without_a_statement_is_not_found(sealing: Sealing) -> None:
    with pytest.raises(NotFoundError):
        reading(sealing).one(FIRST + 1)


def test_epochs_are_listed_in_parts(sealing: Sealing) -> None:
    for _ in range(20):
        sealing.count(1, 1)
        sealing.seal()
    first = reading(sealing).newest_first(None)
    second = reading(sealing).newest_first(first.next_cursor)
    assert (len(first.items), len(second.items), second.next_cursor) == (20, 1, None)
    assert first.items[-1].epoch == second.items[0].epoch + 1
