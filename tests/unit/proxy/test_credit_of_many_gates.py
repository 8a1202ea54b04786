"""Whatever gates and customers do, what was used and what is under way never cost more than the deposit.

The gates' own desks lease from the real use case; only storage is in memory.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from flareflow.accounts.leases import LEASE_LIFETIME, LeaseCredit
from flareflow.accounts.models import KeyStatus, VirtualKey
from flareflow.accounts.requests import LeaseRequest
from flareflow.accounts.standings import JudgeStanding
from flareflow_gate.credit import CreditDesk, CreditUnavailableError, Granted, Reservation
from flareflow_gate.refusals import RefusedError
from tests.fakes.accounts import (
    ALICE,
    FakeClock,
    FakeLeases,
    FakeLedger,
    FakeMeteredUsage,
    FakeStandings,
    FakeVirtualKeys,
)
from tests.fakes.keys import FakeKeyUsages
from tests.fakes.settlement import FakeKnownRates

TOKENS = 10**6
KEY = "ab" * 32
GATES = 3
FLOW = 100_000_000
PER_FLOW = 50_000 * TOKENS
"""What 1 FLOW pays for, as long as no more than 100,000 tokens were used."""


@dataclass
class Gate:
    """A gate's desk over the use case; `is_cut_off`: FlareFlow does not answer it."""

    number: int
    lease_credit: LeaseCredit
    clock: FakeClock
    is_cut_off: bool = False
    calls: dict[str, Reservation] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.desk = CreditDesk(self, "https://app.example/top-up", lambda: self.clock().timestamp(), 0.0)

    async def lease(self, key_hash: str, kept: int, needed: int, wanted: int) -> Granted:
        if self.is_cut_off:
            raise CreditUnavailableError
        request = LeaseRequest(
            gate=f"{self.number:032x}",
            key_hash=key_hash,
            kept_microtokens=kept,
            needed_microtokens=needed,
            wanted_microtokens=wanted,
        )
        granted = self.lease_credit.run("Bearer secret", request)
        return Granted(
            standing=granted.standing,
            held_microtokens=granted.held_microtokens,
            left_microtokens=granted.left_microtokens,
            lifetime_seconds=granted.lifetime_seconds,
        )

    @property
    def under_way(self) -> int:
        """What calls can cost or have cost whose records FlareFlow does not have."""
        return sum(call.microtokens for call in self.calls.values()) + sum(self.ended.values())


class ManyGates(RuleBasedStateMachine):
    """Subscription 7 with a deposit of 1 FLOW at first, one key and three gates."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.ledger, self.usage = FakeClock(), FakeLedger(), FakeMeteredUsage()
        keys = FakeVirtualKeys({KEY: VirtualKey(KEY, 7, "", KeyStatus.ACTIVE, self.clock(), ALICE, 0, 0)})
        self.ledger.open(7, ALICE, FLOW)
        judge = JudgeStanding(self.ledger, self.usage, FakeKnownRates(), FakeStandings(), self.clock)
        lease_credit = LeaseCredit(lambda: "secret", keys, judge, FakeLeases(), FakeKeyUsages(), self.clock)
        self.gates = [Gate(number, lease_credit, self.clock) for number in range(GATES)]
        self.metered, self.deposit, self.number = 0, PER_FLOW, 0
        self.loop = asyncio.new_event_loop()

    @rule(gate=st.integers(0, GATES - 1), tokens=st.integers(1, 30_000), at_once=st.integers(1, 5))
    def call(self, gate: int, tokens: int, at_once: int) -> None:
        """Some calls at once that can cost so much each; a refusal is right where nothing is left."""
        one = self.gates[gate]

        async def admit() -> None:
            reserving = (one.desk.reserve(KEY, tokens * TOKENS) for _ in range(at_once))
            for outcome in await asyncio.gather(*reserving, return_exceptions=True):
                if isinstance(outcome, Reservation):
                    self.number += 1
                    one.calls[f"event-{self.number}"] = outcome
                    one.desk.track(f"event-{self.number}", outcome)
                else:
                    assert isinstance(outcome, RefusedError), outcome
            for task in asyncio.all_tasks(self.loop) - {asyncio.current_task(self.loop)}:
                await task

        self.loop.run_until_complete(admit())

    @precondition(lambda self: any(gate.calls for gate in self.gates))
    @rule(data=st.data(), percent=st.integers(0, 100))
    def end(self, data: st.DataObject, percent: int) -> None:
        """A call ends and has used a part of what it could."""
        gate = data.draw(st.sampled_from([one for one in self.gates if one.calls]))
        event_id = data.draw(st.sampled_from(sorted(gate.calls)))
        used = gate.calls.pop(event_id).microtokens * percent // 100
        gate.desk.settle(event_id, used)
        gate.ended[event_id] = used

    @precondition(lambda self: any(gate.ended for gate in self.gates))
    @rule(data=st.data())
    def hand_over(self, data: st.DataObject) -> None:
        """A gate's records become metered usage; only then does the gate hear of it."""
        gate = data.draw(st.sampled_from([one for one in self.gates if one.ended]))
        self.metered += sum(gate.ended.values())
        self.usage.meter(7, counted=self.metered)
        gate.desk.handed_over(list(gate.ended))
        gate.ended.clear()

    @rule(seconds=st.integers(1, 40))
    def wait(self, seconds: int) -> None:
        """Time passes; gates on which calls depend renew their leases, as their background does."""
        self.clock.advance(timedelta(seconds=seconds))
        self.ledger.complete = self.clock()
        for gate in self.gates:
            if gate.under_way and not gate.is_cut_off:
                self.loop.run_until_complete(gate.desk.renew_due())

    @rule(gate=st.integers(0, GATES - 1))
    def idle(self, gate: int) -> None:
        """A gate without calls under way is idle until its lease has run out."""
        if not any(one.under_way for one in self.gates):
            self.clock.advance(LEASE_LIFETIME)
            self.ledger.complete = self.clock()

    @precondition(lambda self: self.deposit < 2 * PER_FLOW)
    @rule()
    def top_up(self) -> None:
        self.ledger.top_up(7, FLOW)
        self.deposit += PER_FLOW

    @invariant()
    def nothing_costs_more_than_the_deposit(self) -> None:
        under_way = sum(gate.under_way for gate in self.gates)
        assert self.metered + under_way <= self.deposit, (self.metered, under_way, self.deposit)

    def teardown(self) -> None:
        self.loop.close()


ManyGates.TestCase.settings = settings(max_examples=50, stateful_step_count=25, deadline=None)
TestManyGates = ManyGates.TestCase
