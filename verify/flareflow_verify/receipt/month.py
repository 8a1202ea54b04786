"""A month, and the epochs of it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, Self

from flareflow.time import Epochs

MONTHS: Final = 12
FORM: Final = re.compile(r"([0-9]{4})-([0-9]{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Month:
    """A month in UTC, whose text is `2026-11`."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError."""
        found = FORM.fullmatch(text)
        if found is None or not 1 <= int(found[2]) <= MONTHS or int(found[1]) < 1970:
            raise ValueError(f"{text!r} is no month; write it as 2026-11")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02}"

    @property
    def start(self) -> datetime:
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The first moment after the month."""
        year, number = divmod(self.year * MONTHS + self.number, MONTHS)
        return datetime(year, number + 1, 1, tzinfo=UTC)

    def epochs(self, epochs: Epochs) -> range:
        """The epochs that begin in the month."""
        return range(epochs.at(self.start), epochs.at(self.end))

    def days(self, epochs: Epochs) -> list[range]:
        """The epochs of each day."""
        whole, by_day = self.epochs(epochs), 86_400 // epochs.seconds
        starts = [*whole[::by_day], whole.stop]
        return [range(start, end) for start, end in pairwise(starts)]
