"""What an operator sends: decisions of cases, price books, dead letters. No body says who it is."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flareflow.inputs import KeyText, UInt64
from flareflow.metering.cases import Verdict
from flareflow.metering.dead_letters import DeadLetters
from flareflow.metering.price_book import PriceBook

if TYPE_CHECKING:
    from flareflow.metering.commands import Bill, Credit, DriveAgain, PutPriceBook, WriteOff

type _Text = Annotated[str, Field(min_length=1, max_length=1000)]
type _TransactionId = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class CaseDecisionRequest(BaseModel):
    """`POST /v1/operator/case-decisions`: what is done about an open case.

    `verdict`: `billed`, the row is billed with the fields in `row` replaced; `written_off`, nobody is billed;
    `credited`, the customer got the difference back by `transaction` on Flow; `driven_again`, it is tried once more.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True)

    case: KeyText
    verdict: Verdict | Literal["driven_again"]
    why: _Text
    row: Mapping[str, object] = {}
    transaction: _TransactionId | None = None

    @model_validator(mode="after")
    def _has_what_the_verdict_needs(self) -> Self:
        if (self.transaction is not None) is not (self.verdict == Verdict.CREDITED):
            raise ValueError("transaction: needed where the verdict is credited, and only there")
        if self.row and self.verdict != Verdict.BILLED:
            raise ValueError("row: only where the verdict is billed")
        return self

    def command(self, who: str) -> "Bill | WriteOff | Credit | DriveAgain":
        """The operator's command that says the same."""
        from flareflow.metering.commands import Bill, Credit, DriveAgain, WriteOff  # noqa: PLC0415 (few requests decide)

        match self.verdict:
            case Verdict.BILLED:
                return Bill(command="bill", case=self.case, who=who, why=self.why, row=self.row)
            case Verdict.WRITTEN_OFF:
                return WriteOff(command="write_off", case=self.case, who=who, why=self.why)
            case Verdict.CREDITED:
                given = {"case": self.case, "who": who, "why": self.why, "transaction": self.transaction}
                return Credit.model_validate({"command": "credit", **given})
            case _:
                return DriveAgain(command="drive_again", case=self.case, who=who)


class PriceBookRequest(BaseModel):
    """`POST /v1/operator/price-books`: rate by a book what is counted from an epoch on that is not open yet."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    book: PriceBook
    from_epoch: Annotated[UInt64, Field(ge=1, lt=2**53)]

    def command(self, who: str) -> "PutPriceBook":
        """The operator's command that says the same."""
        from flareflow.metering.commands import PutPriceBook  # noqa: PLC0415 (few requests put a book)

        return PutPriceBook(command="put_price_book", book=self.book, from_epoch=self.from_epoch, who=who)


class RedriveRequest(BaseModel):
    """`POST /v1/operator/redrives`: move dead letters back to the queues that they came from."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    queue: DeadLetters
