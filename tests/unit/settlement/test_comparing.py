"""The journal is compared with the contract, some subscriptions at each turn."""

from dataclasses import dataclass, field, replace

import pytest

from flareflow.errors import BrokenRuleError, FlowRefusedError
from flareflow.settlement import comparing
from flareflow.settlement.comparing import Balances, JournalAgainstContract
from flareflow.settlement.positions import Position
from flareflow.settlement.subscription import Subscription
from tests.fakes.settlement import FakeLedger, FakeSettledTotals


@dataclass
class FakeContract:
    """`Contract`; `asked` are the subscriptions that it was asked about. Its script fails for those in `failing`."""

    kept: dict[int, Balances] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    failing: set[int] = field(default_factory=set)

    def balances(self, subscription_id: int) -> Balances | None:
        self.asked.append(subscription_id)
        if subscription_id in self.failing:
            raise FlowRefusedError(f"the script failed at block {len(self.asked)}")
        return self.kept.get(subscription_id)


@dataclass
class Comparing:
    """Subscriptions whose journal and contract agree, until a test changes one."""

    count: int
    ledger: FakeLedger = field(default_factory=FakeLedger)
    contract: FakeContract = field(default_factory=FakeContract)

    def __post_init__(self) -> None:
        for number in range(1, self.count + 1):
            one = Subscription(number, "0x01", 1, 1, Position(1, 0, 0), balance_ufix64=5, deposited_ufix64=5)
            self.ledger.subscriptions[number] = one
            self.contract.kept[number] = Balances.of(one)

    def mismatches(self, turn: int = 0) -> list[tuple[int, str]]:
        settled = FakeSettledTotals(dict.fromkeys(range(1, self.count + 1), 0))
        return list(JournalAgainstContract(self.ledger, settled, self.contract).mismatches(turn))


def test_balances_that_agree_are_no_mismatch() -> None:
    assert Comparing(3).mismatches() == []
    assert Comparing(0).mismatches() == []


@pytest.mark.parametrize("name", Balances.__slots__)
def test_every_amount_is_compared(name: str) -> None:
    comparing = Comparing(3)
    comparing.contract.kept[2] = replace(comparing.contract.kept[2], **{name: 77})
    [(subscription_id, what)] = comparing.mismatches()
    assert (subscription_id, f"{name} 77" in what) == (2, True)


def test_a_subscription_that_only_one_side_knows_is_a_mismatch() -> None:
    one_sided = Comparing(3)
    del one_sided.contract.kept[1]
    del one_sided.ledger.subscriptions[3]
    assert [subscription_id for subscription_id, _ in one_sided.mismatches()] == [1, 3]


@pytest.mark.parametrize("error", [BrokenRuleError("deposited is not balance"), ValueError("unknown form")])
def test_a_stored_subscription_that_cannot_be_read_is_a_mismatch_and_the_others_are_compared(error: Exception) -> None:
    # Given three subscriptions, of which the first cannot be read, and the last has another balance on the chain
    comparing = Comparing(3)
    comparing.ledger.unreadable[1] = error
    comparing.contract.kept[3] = replace(comparing.contract.kept[3], balance_ufix64=77)
    # When they are compared, Then both are told
    told = dict(comparing.mismatches())
    assert sorted(told) == [1, 3]
    assert told[1] == f"what the journal has stored cannot be read: {error}"


def test_a_subscription_for_which_the_script_fails_is_a_mismatch_and_the_others_are_compared() -> None:
    comparing = Comparing(3)
    comparing.contract.failing.add(2)
    comparing.contract.kept[3] = replace(comparing.contract.kept[3], owed_ufix64=77)
    assert [subscription_id for subscription_id, _ in comparing.mismatches()] == [2, 3]
    assert comparing.mismatches() == comparing.mismatches()


def test_turns_go_through_all_subscriptions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "COMPARED_MAX", 2)
    many = Comparing(5)
    for turn in range(3):
        many.mismatches(turn)
    assert many.contract.asked == [1, 2, 3, 4, 5, 1]
