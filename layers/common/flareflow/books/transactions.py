"""Transactions of the books: each sums to zero in every unit and names its cause."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from flareflow.errors import BrokenRuleError
from flareflow.metering.cases import Case, CaseKind, Verdict
from flareflow.settlement.entries import Entry
from flareflow.settlement.events import Forgiven
from flareflow.settlement.pricing import Currency

WRITTEN_OFF: Final = "written_off"
SET_ASIDE: Final = "set_aside"
ANSWERED: Final = "answered"
BILLED: Final = "billed"
OUTSIDE: Final = ("wallet", "used", "billed", ANSWERED)
"""Kinds of accounts that may be negative: what comes in from outside the books leaves them."""


class Unit(StrEnum):
    """What a line counts. Money is in 1e-8 of the token of the deposits or of a dollar."""

    TOKEN = "token_ufix64"  # noqa: S105  # a unit, no password
    USD = "usd_ufix64"
    USAGE = "rated_microtokens"
    CALLS = "calls"


_OF_BILL: Final = {Currency.TOKEN: Unit.TOKEN, Currency.USD: Unit.USD}


@dataclass(frozen=True, slots=True)
class BookLine:
    """An amount that enters an account, or leaves it if negative."""

    account: str
    unit: Unit
    amount: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """Lines with one cause: `chain:<height>.<transaction>.<event>`, `statement:<epoch>`, `attestation:<epoch>` or
    `case:<id>`. Raises BrokenRuleError unless the lines sum to zero in each unit, and without a cause.
    """

    cause: str
    lines: tuple[BookLine, ...]

    def __post_init__(self) -> None:
        sums = Counter[Unit]()
        for line in self.lines:
            sums[line.unit] += line.amount
        if not self.cause or any(sums.values()):
            raise BrokenRuleError(f"a transaction of the books has no cause or does not sum to zero: {self}")


@dataclass(slots=True)
class Balances:
    """Sums of lines by account and unit."""

    by_account: Counter[tuple[str, Unit]] = field(default_factory=Counter)
    transactions: int = 0

    def add(self, transactions: Iterable[Transaction]) -> None:
        """Add the lines of transactions."""
        for transaction in transactions:
            self.transactions += 1
            for line in transaction.lines:
                self.by_account[line.account, line.unit] += line.amount

    def of(self, account: str, unit: Unit) -> int:
        """The balance of an account."""
        return self.by_account[account, unit]

    def overdrawn(self) -> Iterator[str]:
        """The accounts inside the books whose balance is negative: charged more than attested, attested more than
        metered, paid out more than deposited, and so on."""
        for (account, unit), amount in sorted(self.by_account.items()):
            if amount < 0 and account.partition(":")[0] not in OUTSIDE:
                yield f"{account} has {amount} {unit}"

    def by_kind(self) -> Counter[tuple[str, Unit]]:
        """The same for kinds of accounts: all subscribers together, all wallets together."""
        kinds = Counter[tuple[str, Unit]]()
        for (account, unit), amount in self.by_account.items():
            kinds[account.partition(":")[0], unit] += amount
        return kinds


def of_entry(entry: Entry) -> Transaction:
    """The transaction of an entry of the journal: tokens; of a charge also its bill, and the usage that it settles."""
    lines = [BookLine(line.account, Unit.TOKEN, line.amount_ufix64) for line in entry.lines]
    if entry.currency is not None and entry.subscription_id is not None:
        lines += _bill(entry, entry.subscription_id, _OF_BILL[entry.currency])
    if entry.settled_microtokens and entry.subscription_id is not None:
        lines += _move("attested", "settled", entry.subscription_id, entry.settled_microtokens)
    cause = ".".join(map(str, entry.position))
    return Transaction(f"chain:{cause}", tuple(lines))


def metered(epoch: int, subscription_id: int, microtokens: int) -> Transaction:
    """What a sealed epoch added to a subscription's usage."""
    return Transaction(f"statement:{epoch}", tuple(_move("used", "metered", subscription_id, microtokens)))


def attested(epoch: int, subscription_id: int, microtokens: int) -> Transaction:
    """What the attestation of an epoch proves beyond what earlier ones have proven."""
    return Transaction(f"attestation:{epoch}", tuple(_move("metered", "attested", subscription_id, microtokens)))


def of_case(case: Case) -> Iterator[Transaction]:
    """The calls that were set aside for a person, and what was decided about them. Differences move no call."""
    if case.kind is CaseKind.DIFFERENCE:
        return
    yield Transaction(f"case:{case.id}", _calls(ANSWERED, SET_ASIDE, case.count))
    if case.decision:
        decided = WRITTEN_OFF if case.decision.verdict is Verdict.WRITTEN_OFF else BILLED
        yield Transaction(f"case:{case.id}", _calls(SET_ASIDE, decided, case.count))


def _bill(entry: Entry, subscription_id: int, unit: Unit) -> Iterator[BookLine]:
    """What usage costs is paid or owed; what is owed no more without being paid is written off."""
    paid, owed = entry.paid_ufix64 or 0, entry.owed_change_ufix64 or 0
    source = WRITTEN_OFF if entry.kind == Forgiven.__name__ else f"billed:{subscription_id}"
    moved = {source: -paid - owed, f"paid:{subscription_id}": paid, f"owed:{subscription_id}": owed}
    yield from (BookLine(account, unit, amount) for account, amount in moved.items() if amount)


def _move(source: str, destination: str, subscription_id: int, microtokens: int) -> Iterator[BookLine]:
    yield BookLine(f"{source}:{subscription_id}", Unit.USAGE, -microtokens)
    yield BookLine(f"{destination}:{subscription_id}", Unit.USAGE, microtokens)


def _calls(source: str, destination: str, count: int) -> tuple[BookLine, BookLine]:
    return BookLine(source, Unit.CALLS, -count), BookLine(destination, Unit.CALLS, count)
