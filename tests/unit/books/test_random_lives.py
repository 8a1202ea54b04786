"""Random lives of subscriptions, from the counted call to the charge, against a plain model.

Counting, sealing, the journal, standings and the comparison of the books are the code that runs; tables are in memory.
The chain is the plain model's contract. After each step no balance, standing or total differs, and the comparison of
the books with their sources finds nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from flareflow.accounts.standing import Facts, decide
from flareflow.adapters.dynamodb.books import DynamoStoredLedger
from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.ledger import DynamoLedger
from flareflow.adapters.dynamodb.statements import DynamoSettledTotals
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.dynamodb.usage_reader import UsageReader
from flareflow.attestation.models import Attestation, State
from flareflow.books.rebuilding import Books, RebuildBooks
from flareflow.books.sealed import StatementDocuments
from flareflow.books.transactions import Unit
from flareflow.bootstrap.books import Metered
from flareflow.metering.calls import Tokens
from flareflow.metering.models import LiveTotals
from flareflow.metering.price_book import Price, PriceBook
from flareflow.metering.usage_events import OwnedRecord
from flareflow.settlement.chain_events import ReadChainEvents
from flareflow.settlement.charging import KnownRate
from flareflow.settlement.events import ChainEvent, PlanAdded, RevenueWithdrawn, SubscriptionEvent, Unreadable
from flareflow.settlement.positions import Position
from flareflow.settlement.pricing import Tier
from flareflow.settlement.repairing import RepairJournal
from flareflow.statements.models import PageKind, SettlementPage
from flareflow.statements.reading import read_index, read_pages
from flareflow.statements.sealing import SealEpoch
from flareflow.time import Epochs
from tests.fakes.attestation import FakeAttestations
from tests.fakes.books import FakeAllCases
from tests.fakes.metering import NOW, FakePriceBooks, FakeReceiptKeys, record, row
from tests.fakes.settlement import FakeChainLog, FakeClock, FakeDepositToken
from tests.fakes.statements import FakeDocuments, FakeStatements
from tests.support.breakable_table import CrashError
from tests.support.memory_table import MemoryTable
from tests.unit.books.plain import FLOW, IN_DOLLARS, PLANS, Plain, PlainContract

EPOCHS: Final = Epochs(300)
OWNERS: Final = ("0x0000000000000001", "0x0000000000000002", "0x0000000000000003")
LOW_BALANCE: Final = FLOW // 10
RATES: Final = st.sampled_from([FLOW // 4, 31_234_567, 9_999_999])
"""1e-8 dollars for one FLOW."""
SUBSCRIPTIONS_MAX: Final = 3
ACTS: Final = (
    "top up",
    "withdraw",
    "hand on",
    "cap",
    "cap",
    "cap",
    "change plan",
    "change plan",
    "change plan",
    "leave",
)

TOKENS: Final = st.sampled_from([1, 999, 7_003, 40_000, 120_001])
AMOUNT: Final = st.sampled_from([FLOW // 3, 3 * FLOW, 40 * FLOW, 40 * FLOW])
ANY: Final = st.integers(0, 10**6)
SHARE: Final = st.sampled_from([0, 1, 1, 50, 100])


class Lives(RuleBasedStateMachine):
    """Owners use, pay, leave and hand on subscriptions while the provider's ticks run, or end halfway."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger_table, self.usage_table = MemoryTable("ledger"), MemoryTable("usage")
        self.ledger = DynamoLedger(self.ledger_table.as_table(), lambda _: None)
        self.epochs = DynamoEpochUsage(self.usage_table.as_table(), lambda _: None)
        self.reader = UsageReader(self.usage_table.as_table())
        self.price_books = FakePriceBooks()
        self.usage = DynamoUsageEvents(self.usage_table.as_table(), lambda _: None, self.price_books)
        self.clock = FakeClock(NOW)
        self.chain = FakeChainLog()
        self.token = FakeDepositToken()
        self.statements, self.documents, self.attestations = FakeStatements(), FakeDocuments(), FakeAttestations()
        self.contract = PlainContract()
        self.calls = 0
        self.counted: dict[int, int] = {}
        self.unconfirmed: dict[int, int] = {}
        self.pending: list[tuple[int, str, int, int]] = []
        """Calls that wait for their rows: subscription, id, tokens, and the weight that they are shown by."""
        self.weights = {0: 1}
        """Rated tokens for a token, by the epoch from which on."""
        self.unreadable: dict[Position, ChainEvent] = {}
        self.waiting: set[int] = set()

    @initialize()
    def the_contracts_are_deployed(self) -> None:
        self.usage.open_epoch_if_none(EPOCHS.at(self.clock()))
        for number, prices in PLANS.items():
            tiers = tuple(Tier(end, price) for end, price in prices)
            self._happens(PlanAdded(number, 1, number in IN_DOLLARS, tiers, 0, LOW_BALANCE, 0))
        self._read_chain()

    # ---- what owners and the provider do on the chain

    @precondition(lambda self: len(self.contract.subscriptions) < SUBSCRIPTIONS_MAX)
    @rule(owner=st.sampled_from(OWNERS), plan=st.sampled_from([1, 2, 3, 4, 4]), deposit=AMOUNT, crash=st.integers(0, 9))
    def a_subscription_is_opened(self, owner: str, plan: int, deposit: int, crash: int) -> None:
        self._happens(self.contract.open(owner, plan, PLANS[plan], deposit, in_dollars=plan in IN_DOLLARS))
        self._read_chain(crash)

    @precondition(lambda self: self._open())
    @rule(act=st.sampled_from(ACTS), which=ANY, amount=AMOUNT, share=SHARE, crash=st.integers(0, 9))
    def an_owner_acts(self, act: str, which: int, amount: int, share: int, crash: int) -> None:
        one, now = self._one(which), self.clock()
        match act:
            case "top up":
                self._happens(self.contract.top_up(one, OWNERS[which % 3], amount))
            case "withdraw":
                self._happens(self.contract.withdraw(one, one.balance * share // 100))
            case "hand on":
                self._happens(self.contract.move(one, OWNERS[which % 3]))
            case "cap":
                self._happens(self.contract.cap(one, amount if share else None, now))
            case "change plan":
                plan = 4 if one.in_dollars else which % 3 + 1
                self._happens(self.contract.accept(one, plan, PLANS[plan], EPOCHS.at(now) + (which % 4 == 0)))
            case "leave" if one.is_exiting and share == 100:
                self._happens(self.contract.close(one))
            case "leave":
                self._happens(self.contract.stay(one) if one.is_exiting else self.contract.exit(one))
        self._read_chain(crash)

    @precondition(lambda self: self._open() and self.contract.revenue)
    @rule(which=ANY, share=SHARE, crash=st.integers(0, 9))
    def the_provider_gives_back_takes_out_and_forgives(self, which: int, share: int, crash: int) -> None:
        one = self._one(which)
        self._happens(self.contract.credit(one, self.contract.revenue * share // 100))
        self._happens(self.contract.take_revenue(OWNERS[0], self.contract.revenue * share // 100))
        for owing in [other for other in self._open() if other.owed][:1]:
            self._happens(self.contract.forgive(owing, -(-owing.owed * max(1, share) // 100)))
        self._read_chain(crash)

    # ---- what is used, sealed, attested and charged

    @precondition(lambda self: self.contract.subscriptions)
    @rule(
        calls=st.lists(st.tuples(ANY, TOKENS, st.sampled_from(["row", "record", "both"])), min_size=1, max_size=4),
        days=st.sampled_from([0, 0, 1, 31, 31]),
        crash=st.integers(0, 9),
        is_charged=st.sampled_from([True, True, False]),
        rate=RATES,
    )
    def an_epoch_passes(
        self, calls: list[tuple[int, int, str]], days: int, crash: int, is_charged: bool, rate: int
    ) -> None:
        """Calls are counted, and the epoch is sealed; then Flare may attest statements, and the newest is settled."""
        self.contract.rate = rate
        for call in calls:
            self._call(*call)
        self.clock.move(timedelta(days=days, seconds=300).total_seconds())
        self.usage_table.crash_at = crash
        self._until_it_ends(lambda: self._seal().run(self.clock()))
        self._read_chain()
        if is_charged:
            for epoch in sorted(self.statements.kept.keys() - self.attestations.kept.keys()):
                self.attestations.save(Attestation(epoch, (), State.PROVEN))
            self._settle(0, crash)

    @precondition(lambda self: self.contract.subscriptions)
    @rule(which=ANY, tokens=TOKENS, witnesses=st.sampled_from(["row", "record", "both"]))
    def a_call_is_counted(self, which: int, tokens: int, witnesses: str) -> None:
        self._call(which, tokens, witnesses)

    @precondition(lambda self: self.pending)
    @rule(which=ANY)
    def a_row_comes_late(self, which: int) -> None:
        self._count(*self.pending[which % len(self.pending)][:3])

    @rule(weight=st.sampled_from([1, 2, 5]), later=st.integers(1, 2))
    def another_price_book_is_announced(self, weight: int, later: int) -> None:
        """It is in force from a later epoch on; calls that are counted under it are rated by it."""
        epoch = EPOCHS.at(self.clock()) + later
        price = Price(prompt=weight * 10**6, completion=weight * 10**6, nanousd=0)
        book = PriceBook(version=1, title="the same for all models", models={}, default=price)
        self.price_books.books[epoch], self.weights[epoch] = book, weight

    @precondition(lambda self: self.attestations.kept)
    @rule(which=ANY, crash=st.integers(0, 9))
    def a_statement_is_settled_again(self, which: int, crash: int) -> None:
        """Any attested one, in any order and more than once, as anybody may on the chain."""
        self._settle(which, crash)

    # ---- what goes wrong

    @precondition(lambda self: self._open() and not self.waiting)
    @rule(which=ANY, later=st.integers(0, 2))
    def an_event_cannot_be_read(self, which: int, later: int) -> None:
        """A top-up in a form that is not known; its owner goes on meanwhile."""
        one = self._one(which)
        event = self._happens(self.contract.top_up(one, OWNERS[0], FLOW))
        self.unreadable[event.position] = event
        name, garbled = type(event.happened).__name__, Unreadable("ToppedUp", one.number, "unknown form")
        assert name == garbled.name
        self.chain.happened[-1] = replace(event, happened=garbled)
        self.waiting.add(one.number)
        for _ in range(later):
            self._happens(self.contract.move(one, OWNERS[which % 3]))
        self._read_chain()

    @precondition(lambda self: self.unreadable)
    @rule()
    def the_form_becomes_known_and_the_journal_is_repaired(self) -> None:
        self.chain.happened = [self.unreadable.get(event.position, event) for event in self.chain.happened]
        self.unreadable.clear()
        repaired = RepairJournal(self.chain, self.token, self.ledger).run(self.clock.deadline())
        assert repaired.still_aside == []
        self.waiting.clear()

    # ---- what always holds

    @invariant()
    def every_balance_is_that_of_the_model(self) -> None:
        for one in self.contract.subscriptions.values():
            known = self.ledger.subscription(one.number)
            assert known is not None
            assert (known.waits_for is not None) == (one.number in self.waiting)
            if one.number not in self.waiting:
                assert (known.owner, known.balance_ufix64, known.deposited_ufix64) == (
                    *(one.owner, one.balance, one.deposited),
                )
                assert (known.charged_ufix64, known.withdrawn_ufix64, known.refunded_ufix64) == (
                    *(one.charged, one.withdrawn, one.refunded),
                )
                assert (known.credited_ufix64, known.owed_ufix64, known.settled_microtokens) == (
                    *(one.credited, one.owed, one.settled),
                )

    @invariant()
    def every_total_is_that_of_the_model(self) -> None:
        for number in self.contract.subscriptions:
            live = self.reader.live(number)
            assert live.counted.rated_microtokens == self.counted.get(number, 0) * 10**6
            assert live.unconfirmed.rated_microtokens == self.unconfirmed.get(number, 0) * 10**6

    @invariant()
    def every_standing_is_that_of_the_model(self) -> None:
        for one in self.contract.subscriptions.values():
            live = self.reader.live(one.number)
            metered = (live.counted + live.unconfirmed).rated_microtokens
            if one.number in self.waiting:
                assert self._standing(one, live) in {"unknown", "exiting"}
            else:
                expected = one.standing(self.clock(), metered, LOW_BALANCE, self.contract.rate)
                assert self._standing(one, live) == expected

    @invariant()
    def the_books_agree_with_their_sources_and_sum_to_zero(self) -> None:
        books = Books()
        if self.waiting:
            return
        rebuild = RebuildBooks(
            chain=self.chain,
            token=self.token,
            start_height=0,
            ledger=DynamoStoredLedger(self.ledger_table.as_table()),
            sealed=StatementDocuments(self.statements, self.documents, self.attestations),
            metered=Metered(self.epochs, self.reader),
            cases=FakeAllCases(),
            clock=self.clock,
            say=lambda _: None,
        )
        assert list(map(str, rebuild.run(books))) == []
        for unit in Unit:
            assert sum(amount for (_, known), amount in books.balances.by_account.items() if known is unit) == 0
        assert books.balances.of("revenue", Unit.TOKEN) == self.contract.revenue
        for one in self.contract.subscriptions.values():
            assert books.balances.of(f"subscriber:{one.number}", Unit.TOKEN) == one.balance
            assert books.balances.of(f"owed:{one.number}", one.unit) == one.owed
            assert books.balances.of(f"paid:{one.number}", one.unit) == one.paid
            assert books.balances.of(f"settled:{one.number}", Unit.USAGE) == one.settled
        for unit in (Unit.TOKEN, Unit.USD):
            forgiven = [one.forgiven for one in self.contract.subscriptions.values() if one.unit is unit]
            assert books.balances.of("written_off", unit) == sum(forgiven)

    # ---- parts

    @property
    def _weight(self) -> int:
        """The weight by the price book of the epoch that counts now."""
        now = self.epochs.open_epoch()
        assert now is not None
        return self.weights[max(epoch for epoch in self.weights if epoch <= now.epoch)]

    def _call(self, which: int, tokens: int, witnesses: str) -> None:
        """A call is counted, or waits for its row."""
        number = sorted(self.contract.subscriptions)[which % len(self.contract.subscriptions)]
        self.calls += 1
        call_id = f"call-{self.calls}"
        if witnesses in {"record", "both"}:
            self.usage.record([self._record(number, call_id, tokens)], self.clock())
            self.pending.append((number, call_id, tokens, self._weight))
            self.unconfirmed[number] = self.unconfirmed.get(number, 0) + tokens * self._weight
        if witnesses != "record":
            self._count(number, call_id, tokens)

    def _settle(self, which: int, crash: int) -> None:
        """Settle an attested statement, counted from the newest."""
        for epoch in sorted(self.attestations.kept, reverse=True)[which % 3 :][:1]:
            for number, total in self._settlement_pages(epoch):
                for event in self.contract.settle(self.contract.subscriptions[number], epoch, total, self.clock()):
                    self._happens(event)
        self._read_chain(crash)

    def _open(self) -> list[Plain]:
        return [one for one in self.contract.subscriptions.values() if not one.is_closed]

    def _one(self, which: int) -> Plain:
        return self._open()[which % len(self._open())]

    def _happens(self, what: SubscriptionEvent | RevenueWithdrawn | PlanAdded) -> ChainEvent:
        self.chain.sealed_height += 1
        position = Position(self.chain.sealed_height, 0, 0)
        self.chain.happened.append(ChainEvent(position, self.clock(), "ab" * 32, what))
        return self.chain.happened[-1]

    def _read_chain(self, crash: int | None = None) -> None:
        """A tick; it may end at any write, and the next one goes on."""
        self.ledger_table.crash_at = crash
        reading = ReadChainEvents(self.chain, self.token, self.ledger, 0, self.clock)
        self._until_it_ends(lambda: reading.run(self.clock.deadline()))
        assert self.ledger.read_to() == self.chain.sealed_height

    def _until_it_ends(self, work: Callable[[], object]) -> None:
        try:
            work()
        except CrashError:
            work()
        self.ledger_table.crash_at = self.usage_table.crash_at = None

    def _seal(self) -> SealEpoch:
        settled = DynamoSettledTotals(self.ledger_table.as_table(), lambda _: None)
        contract = "A.01.UsageBasedSubscriptions"
        stored = self.epochs, self.statements, self.documents, settled
        return SealEpoch(EPOCHS, *stored, self.price_books, FakeReceiptKeys(), contract)

    def _settlement_pages(self, epoch: int) -> list[tuple[int, int]]:
        statement = self.statements.get(epoch)
        assert statement is not None
        index = read_index(self.documents, statement, PageKind.SETTLEMENT)
        texts = read_pages(self.documents, list(index.hashes.values()))
        return [entry for text in texts for entry in SettlementPage.parse(text).entries]

    def _record(self, number: int, call_id: str, tokens: int) -> OwnedRecord:
        return record(call_id, Tokens(prompt=tokens), subscription_id=number, key_hash=f"{number:064x}")

    def _count(self, number: int, call_id: str, tokens: int) -> None:
        counted = row(
            f"r-{call_id}", Tokens(prompt=tokens), call_id=call_id, subscription_id=number, key_hash=f"{number:064x}"
        )
        assert self.usage.count([counted], self.clock()).counted == 1
        self.counted[number] = self.counted.get(number, 0) + tokens * self._weight
        for waiting in [one for one in self.pending if one[1] == call_id]:
            self.pending.remove(waiting)
            self.unconfirmed[number] -= waiting[2] * waiting[3]

    def _standing(self, one: Plain, live: LiveTotals) -> str:
        subscription = self.ledger.subscription(one.number)
        assert subscription is not None
        plan = self.ledger.plan(subscription.plan_id, subscription.plan_version)
        assert plan is not None
        now = self.clock()
        rate = KnownRate(self.contract.rate, now) if one.in_dollars else None
        return decide(Facts(subscription, live, plan.low_balance_ufix64, rate, now), now).standing


TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # with Phase.shrink a failure is shorter, after minutes
    suppress_health_check=[HealthCheck.too_slow],
)
