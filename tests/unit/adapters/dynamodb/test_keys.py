"""Keys are written, read back and told apart by their templates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flareflow.adapters.dynamodb.keys import KEY_NUMBER_MAX, ItemKind, KeyTemplate
from flareflow.adapters.dynamodb.tables import TABLES

KIND = KeyTemplate(pk="OWNER#{address}", sk="SUB#{subscription_id:020}")


def test_a_key_is_its_template_with_the_parts_filled_in() -> None:
    assert KIND.key(address="0x1", subscription_id=7) == {"pk": "OWNER#0x1", "sk": "SUB#00000000000000000007"}


@given(st.lists(st.integers(0, KEY_NUMBER_MAX), min_size=2))
def test_keys_of_numbers_sort_as_the_numbers_do(numbers: list[int]) -> None:
    keys = [KIND.sort_key(subscription_id=number) for number in numbers]
    assert sorted(keys) == [KIND.sort_key(subscription_id=number) for number in sorted(numbers)]


@pytest.mark.parametrize("number", [-1, KEY_NUMBER_MAX + 1])
def test_a_number_that_would_not_sort_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="subscription_id"):
        KIND.sort_key(subscription_id=number)


@given(address=st.text(min_size=1).filter(str.isprintable), number=st.integers(0, KEY_NUMBER_MAX))
def test_parts_are_read_back_as_they_were_written(address: str, number: int) -> None:
    key = KIND.key(address=address, subscription_id=number)
    assert (KIND.part(key, "address"), KIND.number(key, "subscription_id")) == (address, number)


@pytest.mark.parametrize(
    "other",
    [{"pk": "OWNER#0x1", "sk": "SUB#"}, {"pk": "OWNERS#0x1", "sk": "SUB#7"}, {"pk": "0x1", "sk": "SUB#7"}, {}],
)
def test_the_key_of_another_kind_has_no_such_parts(other: dict[str, str]) -> None:
    assert not KIND.matches(other)
    with pytest.raises(ValueError, match="is no OWNER#"):
        KIND.part(other, "address")


@pytest.mark.parametrize("layout", TABLES, ids=lambda layout: layout.name)
def test_no_item_of_a_table_has_the_key_of_two_kinds(layout: object) -> None:
    # Given one item of each kind of the table
    kinds: tuple[ItemKind, ...] = layout.items  # type: ignore[attr-defined]
    items = {kind.pk + kind.sk: example(kind) for kind in kinds}
    # When each is compared with every kind, Then it is of its own kind only
    for kind in kinds:
        assert [name for name, item in items.items() if kind.matches(item)] == [kind.pk + kind.sk]


def example(kind: ItemKind) -> dict[str, str]:
    """A key of this kind, every part being 1."""
    return {name: template.replace("{", "").replace("}", "1") for name, template in [("pk", kind.pk), ("sk", kind.sk)]}
