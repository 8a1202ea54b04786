"""Key provisioning over fakes."""

from dataclasses import dataclass, field

from flareflow.accounts.budgets import Budgets
from flareflow.accounts.key_changes import ChangeKey, MakeFirstKeys, RotateKey
from flareflow.accounts.key_usage import left_of_cap_microtokens, used_towards_cap_microtokens
from flareflow.accounts.keys import CreatedKey, CreateKey, DeleteKey, ListKeys
from flareflow.accounts.models import KeyStatus, VirtualKey
from flareflow.accounts.requests import KeyChange, KeyRequest, RotationRequest
from flareflow.accounts.standings import JudgeStanding
from tests.fakes.accounts import (
    ALICE,
    BOB,
    FakeClock,
    FakeKeyRequests,
    FakeLedger,
    FakeMeteredUsage,
    FakeOnChainSubscriptions,
    FakeStandings,
    FakeVirtualKeys,
)
from tests.fakes.keys import FakeKeyIssuer, FakeKeyUsages
from tests.fakes.settlement import FakeKnownRates

REQUEST = KeyRequest(subscription_id=7, alias="laptop")


@dataclass
class Keys:
    """Alice owns subscription 7, Bob 8; each has deposited 1 FLOW."""

    clock: FakeClock = field(default_factory=FakeClock)
    chain: FakeOnChainSubscriptions = field(default_factory=FakeOnChainSubscriptions)
    issuer: FakeKeyIssuer = field(default_factory=FakeKeyIssuer)
    known: FakeVirtualKeys = field(default_factory=FakeVirtualKeys)
    standings: FakeStandings = field(default_factory=FakeStandings)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    usage: FakeMeteredUsage = field(default_factory=FakeMeteredUsage)
    usages: FakeKeyUsages = field(default_factory=FakeKeyUsages)

    def __post_init__(self) -> None:
        self.requests = FakeKeyRequests(self.known, self.standings)
        for subscription_id, owner in ((7, ALICE), (8, BOB)):
            self.open(subscription_id, owner)

    def open(self, subscription_id: int, owner: str) -> None:
        self.chain.open(subscription_id, owner)
        self.ledger.open(subscription_id, owner, 100_000_000)

    @property
    def creating(self) -> CreateKey:
        self.ledger.complete = self.clock()
        judge = JudgeStanding(self.ledger, self.usage, FakeKnownRates(), self.standings, self.clock)
        return CreateKey(self.chain, self.requests, self.known, self.issuer, judge, Budgets(10), self.clock)

    def create(
        self, idempotency_key: str = "request-1", request: KeyRequest = REQUEST, caller: str = ALICE
    ) -> CreatedKey:
        return self.creating.run(caller, idempotency_key, request)

    def rename(self, key_hash: str, alias: str, caller: str = ALICE) -> VirtualKey:
        return self.change(key_hash, KeyChange(alias=alias), caller)

    def change(self, key_hash: str, change: KeyChange, caller: str = ALICE) -> VirtualKey:
        return ChangeKey(self.chain, self.known).run(caller, key_hash, change)

    def rotate(
        self,
        key_hash: str,
        request: RotationRequest | None = None,
        idempotency_key: str = "rotation-1",
        caller: str = ALICE,
    ) -> CreatedKey:
        use_case = RotateKey(self.chain, self.known, self.issuer, self.creating, self.usages, self.clock)
        return use_case.run(caller, idempotency_key, key_hash, request or RotationRequest())

    def left(self, key_hash: str) -> int | None:
        """What the key may still use of its cap, in rated micro-tokens."""
        key = self.known.keys[key_hash]
        return left_of_cap_microtokens(key, used_towards_cap_microtokens(key, self.usages))

    def make_first(self, caller: str = ALICE) -> list[CreatedKey]:
        return list(MakeFirstKeys(self.ledger, self.known, self.creating).run(caller))

    def statuses(self, subscription_id: int = 7, caller: str = ALICE) -> list[KeyStatus]:
        return [key.status for key in ListKeys(self.chain, self.known).run(caller, subscription_id).items]

    def delete(self, key_hash: str, caller: str = ALICE) -> None:
        DeleteKey(self.chain, self.known, self.issuer).run(caller, key_hash)
