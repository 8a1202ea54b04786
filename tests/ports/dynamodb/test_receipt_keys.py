"""`ReceiptKeyRegister`, on the fake and on a real table with its conditions and transactions."""

import time
from collections.abc import Iterator

import pytest

from flareflow.adapters.dynamodb.receipt_keys import DynamoReceiptKeys
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.errors import ConflictError
from flareflow.metering.receipts import ReceiptKey, ReceiptKeyRegister, ReceiptKeys
from tests.fakes.metering import FakePriceBooks, FakeReceiptKeys
from tests.support.dynamodb import fresh_table

pytestmark = pytest.mark.stack
OPEN = 10


def key(name: str, until: int | None = None) -> ReceiptKey:
    kid = name * 43
    return ReceiptKey(kty="EC", crv="P-256", x=kid, y=kid, kid=kid, valid_from_epoch=0, valid_until_epoch=until)


FIRST = ReceiptKeys(keys=[key("a")])
ROTATED = ReceiptKeys(keys=[key("a", until=20), key("b")])


@pytest.fixture(params=["fake", "table"])
def register(request: pytest.FixtureRequest) -> Iterator[ReceiptKeyRegister]:
    """Epoch 10 is open."""
    if request.param == "fake":
        yield FakeReceiptKeys(open_epoch=OPEN)
        return
    request.getfixturevalue("server")
    with fresh_table("UsageTable") as table:
        DynamoUsageEvents(table, time.sleep, FakePriceBooks()).open_epoch_if_none(OPEN)
        yield DynamoReceiptKeys(table)


def test_keys_are_in_force_from_their_epoch_on(register: ReceiptKeyRegister) -> None:
    # Given none at first, then a first key, then another beside it
    register.put_in_force(FIRST, 12)
    register.put_in_force(ROTATED, 14)
    # Then each epoch has the last set that began
    assert [register.in_force(epoch) for epoch in (11, 12, 13, 14, 99)] == [None, FIRST, FIRST, ROTATED, ROTATED]


@pytest.mark.parametrize("epoch", [OPEN - 1, OPEN])
def test_no_set_begins_with_an_epoch_that_was_opened(register: ReceiptKeyRegister, epoch: int) -> None:
    with pytest.raises(ConflictError) as refused:
        register.put_in_force(FIRST, epoch)
    assert refused.value.code == "epoch_has_its_receipt_keys"
    assert register.in_force(OPEN) is None


@pytest.mark.parametrize("epoch", [11, 12])
def test_no_set_begins_before_another(register: ReceiptKeyRegister, epoch: int) -> None:
    register.put_in_force(FIRST, 12)
    with pytest.raises(ConflictError) as refused:
        register.put_in_force(ROTATED, epoch)
    assert refused.value.code == "epoch_has_its_receipt_keys"
    assert [register.in_force(one) for one in (11, 12)] == [None, FIRST]


@pytest.mark.parametrize("dropped", [[key("b")], [key("a").model_copy(update={"y": "c" * 43})]])
def test_a_key_that_has_signed_receipts_stays(register: ReceiptKeyRegister, dropped: list[ReceiptKey]) -> None:
    register.put_in_force(FIRST, 12)
    with pytest.raises(ConflictError) as refused:
        register.put_in_force(ReceiptKeys(keys=dropped), 13)
    assert refused.value.code == "receipt_key_dropped"
    assert register.in_force(13) == FIRST
