"""What sending to Flow keeps: outgoing transactions and leased proposer keys, in the fakes and in DynamoDB alike."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from flareflow.adapters.dynamodb.ledger import DynamoOutbox, DynamoProposerKeys
from flareflow.errors import RaceLostError
from flareflow.settlement.ports import Outbox, ProposerKeys
from flareflow.settlement.transactions import Outgoing, SignedTransaction
from tests.fakes.settlement import FakeOutbox, FakeProposerKeys
from tests.support.dynamodb import fresh_table

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=20)
PROPOSER = "0x01cf0e2f2f715450"
SENT = Outgoing("settle#7#0", SignedTransaction("ef" * 32, b"\x00\xff", 12), key_index=2, attempts=1)


@dataclass(frozen=True)
class Ports:
    """Both ports on one store."""

    outbox: Outbox
    keys: ProposerKeys


@pytest.fixture(params=["fake", pytest.param("dynamodb", marks=pytest.mark.stack)])
def ports(request: pytest.FixtureRequest) -> Iterator[Ports]:
    if request.param == "fake":
        yield Ports(FakeOutbox(), FakeProposerKeys())
        return
    request.getfixturevalue("server")
    with fresh_table() as table:
        yield Ports(DynamoOutbox(table), DynamoProposerKeys(table, PROPOSER))


def test_an_outgoing_transaction_is_kept_byte_for_byte(ports: Ports) -> None:
    saved = ports.outbox.save(SENT)
    assert ports.outbox.get("settle#7#0") == saved
    assert saved.transaction == SENT.transaction


def test_a_purpose_without_transaction_has_none(ports: Ports) -> None:
    assert ports.outbox.get("settle#7#1") is None


def test_a_failure_is_kept_over_what_was_sent(ports: Ports) -> None:
    failed = ports.outbox.save(SENT).failed("no such root", NOW)
    assert ports.outbox.get("settle#7#0") != failed
    assert ports.outbox.save(failed) == ports.outbox.get("settle#7#0")


def test_a_change_of_an_older_version_loses_the_race(ports: Ports) -> None:
    ports.outbox.save(SENT)
    with pytest.raises(RaceLostError):
        ports.outbox.save(SENT)


def test_a_key_is_leased_to_one_purpose(ports: Ports) -> None:
    assert ports.keys.lease("a", [0, 1], NOW, LATER) == 0
    assert ports.keys.lease("b", [0, 1], NOW, LATER) == 1
    assert ports.keys.lease("c", [0, 1], NOW, LATER) is None


def test_a_purpose_that_holds_a_key_gets_the_same_one(ports: Ports) -> None:
    ports.keys.lease("a", [0, 1], NOW, LATER)
    ports.keys.lease("b", [0, 1], NOW, LATER)
    assert ports.keys.lease("b", [0, 1], NOW, LATER) == 1


def test_a_key_that_was_given_back_is_free(ports: Ports) -> None:
    ports.keys.lease("a", [0], NOW, LATER)
    ports.keys.release("a", 0)
    assert ports.keys.lease("b", [0], NOW, LATER) == 0


def test_only_the_holder_gives_a_key_back(ports: Ports) -> None:
    ports.keys.lease("a", [0], NOW, LATER)
    ports.keys.release("b", 0)
    assert ports.keys.lease("b", [0], NOW, LATER) is None


def test_a_lease_ends_at_its_time(ports: Ports) -> None:
    ports.keys.lease("a", [0], NOW, LATER)
    assert ports.keys.lease("b", [0], LATER + timedelta(seconds=1), LATER) == 0
