"""Operators by their Flow accounts: whose sessions may use the routes of the operators' page."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Operators:
    """Flow addresses, in the form in which sessions have them."""

    addresses: frozenset[str]

    @classmethod
    def listed(cls, text: str) -> Self:
        """The addresses in a text that separates them by commas. An empty text lists none."""
        return cls(frozenset(text.split(",")) - {""})

    def include(self, address: str) -> bool:
        """Whether the account is an operator's."""
        return address in self.addresses
