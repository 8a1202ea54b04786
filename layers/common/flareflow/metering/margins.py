"""What models bring and cost, by day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from flareflow.metering.spent import MarginLine, Sold


class SoldByModel(Protocol):
    """What was billed of each model."""

    def sold(self, day: date) -> Mapping[str, Sold]:
        """By model, of a day in UTC; kept for 40 days."""


@dataclass(frozen=True, slots=True)
class ReadMargins:
    """`unit_nanousd`: what a million rated tokens are worth."""

    by_model: SoldByModel
    unit_nanousd: int

    def of(self, day: date) -> Sequence[MarginLine]:
        """By the name of the model."""
        sold = self.by_model.sold(day)
        return [MarginLine(model, day, sold[model], self.unit_nanousd) for model in sorted(sold)]
