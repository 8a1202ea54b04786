"""An attestation whose record cannot be read is told, and stops no other."""

import pytest

from flareflow.attestation.models import State
from tests.unit.attestation.test_advancing import Attesting


def test_an_attestation_that_cannot_be_read_does_not_stop_a_newer_one() -> None:
    # Given an attestation in an unknown form, and a newer one
    attesting = Attesting()
    attesting.request(7)
    attesting.request(8)
    attesting.finish_round()
    attesting.attestations.unreadable.add(7)
    # When a tick goes by, Then the newer one is proven, and the tick ends with what cannot be read
    with pytest.raises(ValueError, match="the record of epoch 7 has an unknown form"):
        attesting.tick()
    assert attesting.of(8).state is State.PROVEN


def test_the_newest_statement_s_attestation_that_cannot_be_read_stops_no_other() -> None:
    attesting = Attesting()
    attesting.request(7)
    attesting.finish_round()
    attesting.request(8)
    attesting.attestations.unreadable.add(8)
    with pytest.raises(ValueError, match="epoch 8"):
        attesting.tick()
    assert attesting.of(7).state is State.PROVEN
