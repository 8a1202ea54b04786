"""The list of statements. Statements themselves are documents and are not read through the API."""

from dataclasses import dataclass
from typing import Final

from flareflow.statements.ports import Statements

LIST_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a list of statements."""

    epoch: int
    statement_hash: bytes


@dataclass(frozen=True, slots=True)
class StatementList:
    """Statements, newest first. `next_cursor` is the `before` of the next list; None at the end."""

    statements: tuple[Listed, ...]
    next_cursor: int | None


@dataclass(frozen=True, slots=True)
class ListStatements:
    """Lists what is sealed."""

    statements: Statements

    def newest_epoch(self) -> int | None:
        """The epoch of the newest statement; None before the first."""
        newest = self.statements.list(before=None, limit=1)
        return newest[0][0] if newest else None

    def newest_first(self, before: int | None) -> StatementList:
        """At most LIST_MAX statements; only of epochs before `before`, if given."""
        listed = tuple(Listed(*entry) for entry in self.statements.list(before, LIST_MAX))
        return StatementList(listed, listed[-1].epoch if len(listed) == LIST_MAX else None)
