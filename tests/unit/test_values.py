"""A value is a frozen dataclass for the type checker, and one that is made quickly for Python."""

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import pytest

from flareflow.values import value


@value
class Price:
    """A value with a default and a property."""

    amount: int
    currency: str = "FLOW"

    @property
    def text(self) -> str:
        return f"{self.amount} {self.currency}"


def test_a_value_is_made_by_position_by_name_and_by_its_defaults() -> None:
    assert Price(1, "USD").text == Price(currency="USD", amount=1).text == "1 USD"
    assert Price(1).text == "1 FLOW"
    with pytest.raises(TypeError, match="amount"):
        Price()  # type: ignore[call-arg]


def test_a_value_equals_another_with_the_same_fields_and_has_its_hash() -> None:
    assert Price(1) == Price(1, "FLOW") != Price(2)
    assert {Price(1), Price(1, "FLOW")} == {Price(1)}
    assert repr(Price(1)) == "Price(amount=1, currency='FLOW')"


def test_another_value_can_be_made_of_a_value() -> None:
    price = Price(1)
    assert (replace(price, amount=2), asdict(price)) == (Price(2), {"amount": 1, "currency": "FLOW"})
    assert not hasattr(price, "__dict__")


if TYPE_CHECKING:

    def no_value_is_changed(price: Price) -> None:
        """mypy reports an exception that it does not need, so this one shows that it refuses the change."""
        price.amount = 2  # type: ignore[misc]
