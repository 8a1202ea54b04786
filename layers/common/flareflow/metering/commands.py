"""Commands of an operator, as the events of directly invoked functions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from flareflow.metering.cases import Case
from flareflow.metering.deciding import DecideCases

type _Text = Annotated[str, Field(min_length=1, max_length=1000)]


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ListCases(_Command):
    """The next open cases after one."""

    command: Literal["list"]
    after: str | None = None

    def run(self, cases: DecideCases, _: datetime) -> Sequence[Case]:
        return cases.list(self.after)


class ShowCase(_Command):
    """One case as a whole."""

    command: Literal["show"]
    case: _Text

    def run(self, cases: DecideCases, _: datetime) -> Case:
        return cases.show(self.case)


class WriteOff(_Command):
    """Nobody will be billed."""

    command: Literal["write_off"]
    case: _Text
    who: _Text
    why: _Text

    def run(self, cases: DecideCases, now: datetime) -> Case:
        return cases.write_off(self.case, self.who, self.why, now)


class Bill(_Command):
    """Bill the row; `row` has the fields that are to be replaced in it."""

    command: Literal["bill"]
    case: _Text
    who: _Text
    why: _Text
    row: Mapping[str, object] = {}

    def run(self, cases: DecideCases, now: datetime) -> Case:
        return cases.bill(self.case, self.row, self.who, self.why, now)


class DriveAgain(_Command):
    """Try it once more."""

    command: Literal["drive_again"]
    case: _Text
    who: _Text

    def run(self, cases: DecideCases, now: datetime) -> Case:
        return cases.drive_again(self.case, self.who, now)


type _Any = Annotated[ListCases | ShowCase | WriteOff | Bill | DriveAgain, Field(discriminator="command")]
_COMMAND: TypeAdapter[ListCases | ShowCase | WriteOff | Bill | DriveAgain] = TypeAdapter(_Any)


def run(cases: DecideCases, event: Mapping[str, object], now: datetime) -> Case | Sequence[Case]:
    """Run the command of an event. Raises ValidationError for any other event, and what the command raises."""
    return _COMMAND.validate_python(event).run(cases, now)
