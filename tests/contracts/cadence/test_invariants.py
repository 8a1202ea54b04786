"""Whatever owners, provider and strangers do in whatever order, an independent model agrees to the last unit."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import ClassVar, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from flareflow.adapters.json_cdc import Argument, ufix64, uint64
from flareflow.settlement.pricing import charge_ufix64
from infra.local.flow_accounts import LocalAccount
from tests.support.flow_emulator import FLOW, Chain

pytestmark = pytest.mark.stack

STEPS: Final = 25
AMOUNTS: Final = st.integers(min_value=FLOW, max_value=5 * FLOW)
TOTALS: Final = st.integers(min_value=0, max_value=600_000 * 10**6)
PICKS: Final = st.integers(min_value=0, max_value=2)


@dataclass
class Account:
    """The model of a subscription; amounts in 1e-8 FLOW."""

    subscription: int
    balance: int
    deposited: int
    charged: int = 0
    withdrawn: int = 0
    refunded: int = 0
    total: int = 0
    cap_left: int | None = None
    is_leaving: bool = False
    is_closed: bool = False

    @property
    def owed(self) -> int:
        return 0 if self.is_closed else charge_ufix64(self.total) - self.charged

    def charge(self) -> int:
        amount = min(self.owed, self.balance, self.owed if self.cap_left is None else self.cap_left)
        self.balance -= amount
        self.charged += amount
        if self.cap_left is not None:
            self.cap_left -= amount
        return amount


class Machine(RuleBasedStateMachine):
    """One owner with three subscriptions, the provider, and pages of any totals."""

    chain: ClassVar[Chain]

    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        self.stack.enter_context(self.chain.rolled_back())
        self.owner: LocalAccount = self.chain.flow.create_account(1_000 * FLOW)
        self.accounts: list[Account] = []
        for _ in range(3):
            subscription = self.chain.open(self.owner, 3 * FLOW)
            self.accounts.append(Account(subscription, 3 * FLOW, 3 * FLOW))
        self.revenue = 0
        self.epoch = 0

    def teardown(self) -> None:
        self.stack.close()

    def act(self, what: str, *arguments: Argument, signer: LocalAccount | None = None) -> None:
        self.chain.run(f"subscriptions/{what}.cdc", *arguments, signer=signer or self.owner)

    def open_account(self, pick: int) -> Account | None:
        account = self.accounts[pick]
        return None if account.is_closed else account

    @rule(totals=st.tuples(TOTALS, TOTALS, TOTALS))
    def settle(self, totals: tuple[int, int, int]) -> None:
        self.epoch += 1
        entries = [(account.subscription, total) for account, total in zip(self.accounts, totals, strict=True)]
        self.chain.settle(self.epoch, *entries)
        for account, total in zip(self.accounts, totals, strict=True):
            if not account.is_closed and total >= account.total:
                account.total = total
                self.revenue += account.charge()

    @rule(pick=PICKS, amount=AMOUNTS)
    def top_up(self, pick: int, amount: int) -> None:
        if account := self.open_account(pick):
            self.act("top_up", uint64(account.subscription), ufix64(amount))
            account.balance += amount
            account.deposited += amount
            self.revenue += account.charge()

    @rule(pick=PICKS, limit=st.none() | st.integers(min_value=0, max_value=2 * FLOW))
    def cap(self, pick: int, limit: int | None) -> None:
        account = self.open_account(pick)
        if account and account.cap_left is None:
            value = None if limit is None else ufix64(limit).as_json()
            self.act("set_spend_cap", uint64(account.subscription), Argument("Optional", value))
            account.cap_left = limit

    @rule(pick=PICKS)
    def leave(self, pick: int) -> None:
        account = self.open_account(pick)
        if account and not account.is_leaving:
            self.act("request_exit", uint64(account.subscription))
            self.act("waive_exit_notice", uint64(account.subscription), signer=self.chain.provider)
            account.is_leaving = True

    @rule(pick=PICKS, part=st.integers(min_value=1, max_value=FLOW))
    def withdraw(self, pick: int, part: int) -> None:
        account = self.open_account(pick)
        if account and account.is_leaving and account.balance - account.owed >= part:
            account.cap_left = None
            self.revenue += account.charge()
            self.act("withdraw", uint64(account.subscription), ufix64(part))
            account.balance -= part
            account.withdrawn += part

    @rule(pick=PICKS)
    def close(self, pick: int) -> None:
        account = self.open_account(pick)
        if account and account.is_leaving:
            account.cap_left = None
            self.revenue += account.charge()
            self.act("close_subscription", uint64(account.subscription))
            account.refunded, account.balance = account.balance, 0
            account.is_closed = True

    @precondition(lambda self: self.revenue > 0)
    @rule(share=st.integers(min_value=1, max_value=100))
    def take_revenue(self, share: int) -> None:
        amount = max(1, self.revenue * share // 100)
        self.act("withdraw_revenue", ufix64(amount), signer=self.chain.provider)
        self.revenue -= amount

    @invariant()
    def the_chain_agrees(self) -> None:
        for account in self.accounts:
            told = self.chain.subscription(account.subscription)
            parts = account.balance, account.charged, account.withdrawn, account.refunded
            assert (told["balance"], told["charged"], told["withdrawn"], told["refunded"]) == parts
            assert told["deposited"] == account.deposited == sum(parts)
            assert account.is_closed or (told["owed"], told["settledMicrotokens"]) == (account.owed, account.total)
        assert self.chain.script("subscriptions/get_vault.cdc") == {
            "balance": sum(account.balance for account in self.accounts) + self.revenue,
            "unclaimedRevenue": self.revenue,
        }


@pytest.fixture
def machine(emulator: Chain) -> Iterator[type[Machine]]:
    Machine.chain = emulator
    yield Machine


def test_no_sequence_of_actions_makes_or_loses_money(machine: type[Machine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=3,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
