"""A bill as a deployment publishes it: calls, two statements, an attestation, a charge on Flow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import Any, Final

from flareflow.attestation.relay import FDC_PROTOCOL_ID, RootMessage
from flareflow.attestation.request import (
    ABI_SIGNATURE,
    NO_TIMESTAMP,
    POST_PROCESS_JQ,
    AttestationTarget,
    leaf_hash,
)
from flareflow.attestation.signing_policy import legacy_hash
from flareflow.json_format import to_json
from flareflow.keccak import keccak256
from flareflow.metering.calls import NO_UNITS, Tokens
from flareflow.metering.price_book import Price, PriceBook, Used
from flareflow.metering.usage_events import UsageEvent
from flareflow.settlement.charging import charge_of
from flareflow.settlement.pricing import DEFAULT_TIERS, charge_ufix64
from flareflow.statements.documents import (
    JSON,
    TEXT,
    Document,
    attestation_path,
    index_path,
    page_path,
    statement_path,
)
from flareflow.statements.events import event_hash, event_text, events_tree
from flareflow.statements.indexes import PageIndex
from flareflow.statements.models import PageKind, SettlementPage, Statement
from flareflow.statements.ports import OpenEpoch
from flareflow.statements.sealing import SealEpoch
from flareflow.statements.usage_pages import page_of
from flareflow.time import Epochs
from flareflow_verify.bundle import (
    Attested,
    Bill,
    Bundle,
    Charge,
    OnFlare,
    OnFlow,
    ProvenEvent,
    Sealed,
    SignedPolicy,
    Tier,
    Trigger,
)
from flareflow_verify.evidence import Trust
from infra.local.flare.fdc.merkle import round_tree
from infra.local.flare.fdc.rounds import enough
from infra.local.flare.fdc.voters import VOTERS, policy_of, sign_by_all
from tests.fakes.metering import FakePriceBooks, FakeReceiptKeys
from tests.fakes.settlement import FakeSettledTotals
from tests.fakes.statements import NOON, FakeDocuments, FakeEpochUsage, FakeStatements
from tests.support.statement_logs import POLICY, StatementLogs

CONTRACT: Final = "A.f8d6e0586b0a20c7.UsageBasedSubscriptions"
EPOCHS: Final = Epochs(seconds=300)
TARGET: Final = AttestationTarget("PublicWeb2", "https://flareflow.example/v1/statements/")
CHAIN_ID: Final = 31_337
ROUNDS: Final = 240
REWARD_EPOCH: Final = 5
VOTING_ROUND: Final = ROUNDS * REWARD_EPOCH + 17
FIRST_EPOCH: Final = 5_812_345
SUBSCRIPTION: Final = 7
OTHERS: Final = (3, 300)
FILLERS: Final = tuple(keccak256(f"somebody else's attestation {number}".encode()) for number in range(3))
DEPOSIT_UFIX64: Final = 10 * 10**8
CHARGE_HEIGHT: Final = 1_205
TRANSACTION: Final = "7b" * 32
BOOK: Final = PriceBook(
    version=1,
    title="a dear and a cheap model",
    models={"dear": Price(prompt=1_500_000, completion=1_500_000), "cheap": Price(prompt=800_000, completion=800_000)},
    default=Price(prompt=1_000_000, completion=1_000_000),
)


@dataclass
class World:
    """What a deployment publishes of two epochs.

    `rate_ufix64`: the plan of the subscription is in dollars. `overbilled_microtokens`: what an operator who lies adds
    to the weight of one call.
    """

    rate_ufix64: int | None = None
    overbilled_microtokens: int = 0
    calls: int = 3
    settled_too_much: int = 0
    receipt_keys: FakeReceiptKeys = field(default_factory=FakeReceiptKeys)
    documents: FakeDocuments = field(default_factory=FakeDocuments)
    statements: FakeStatements = field(default_factory=FakeStatements)
    usage: FakeEpochUsage = field(default_factory=lambda: FakeEpochUsage(pointer=OpenEpoch(FIRST_EPOCH, sealing=None)))

    def __post_init__(self) -> None:
        for epoch in (FIRST_EPOCH, FIRST_EPOCH + 1):
            for subscription_id in (SUBSCRIPTION, *OTHERS):
                for number in range(self.calls):
                    self._call(subscription_id, epoch, number)
            self._seal(epoch)
        self._publish_attestation()

    def _seal(self, epoch: int) -> None:
        SealEpoch(
            epochs=EPOCHS,
            usage=self.usage,
            statements=self.statements,
            documents=self.documents,
            settled=FakeSettledTotals(),
            price_books=FakePriceBooks({0: BOOK}),
            receipt_keys=self.receipt_keys,
            contract=CONTRACT,
        ).run(EPOCHS.end(epoch) + timedelta(seconds=1))

    def _call(self, subscription_id: int, epoch: int, number: int) -> None:
        model = ("dear", "cheap", "unnamed")[number % 3]
        tokens = Tokens(prompt=10_000 + 1_000 * number + subscription_id, completion=5_000)
        event = UsageEvent(
            subscription_id=subscription_id,
            event_id=f"{epoch}-{subscription_id}-{number}",
            key_hash="ab" * 32,
            call_type="acompletion",
            model=model,
            base_model=None,
            tokens=tokens,
            units=NO_UNITS,
            rated_microtokens=(BOOK.price(model).rate(Used(tokens)) or 0) + self._lie(subscription_id, epoch, number),
            price_book_hash=BOOK.hash,
            cost_nanousd=0,
            started_at=NOON,
            ended_at=NOON + timedelta(seconds=2),
        )
        self.usage.kept.setdefault(epoch, {}).setdefault(subscription_id, []).append(event)

    def _lie(self, subscription_id: int, epoch: int, number: int) -> int:
        is_overbilled = (subscription_id, epoch, number) == (SUBSCRIPTION, FIRST_EPOCH + 1, 0)
        return self.overbilled_microtokens if is_overbilled else 0

    def restate(self, **changes: Any) -> None:
        """Publish another newest statement than that which follows from the calls, and have it attested and settled."""
        changed = replace(self.statement, **changes)
        self.statements.kept[changed.epoch] = changed
        for name in ("attested", "on_flow", "on_flare", "log"):
            self.__dict__.pop(name, None)
        for path in (statement_path(changed.epoch), attestation_path(changed.epoch)):
            del self.documents.kept[path]
        self.documents.put(Document(statement_path(changed.epoch), changed.body, JSON))
        self._publish_attestation()

    def settle_more(self, microtokens: int) -> None:
        """Let the contract be charged more than was used: the settlement page names a higher total."""
        epoch = self.statement.epoch
        index_at = index_path(epoch, PageKind.SETTLEMENT)
        page_hash = PageIndex.parse(self.documents.get(index_at)).hashes[0]
        page = SettlementPage.parse(self.documents.get(page_path(page_hash)))
        entries = ((one, total + microtokens * (one == SUBSCRIPTION)) for one, total in page.entries)
        dearer = replace(page, entries=tuple(entries))
        index = PageIndex(CONTRACT, epoch, PageKind.SETTLEMENT, {0: dearer.hash})
        del self.documents.kept[index_at]
        self.documents.put_all(
            [Document(page_path(dearer.hash), dearer.text, TEXT), Document(index_at, index.text, TEXT)]
        )
        self.settled_too_much = microtokens
        self.restate(settlement_root=index.tree.root)

    @property
    def statement(self) -> Statement:
        return self.statements.kept[FIRST_EPOCH + 1]

    @property
    def total_microtokens(self) -> int:
        events = [one for epoch in self.usage.kept.values() for one in epoch[SUBSCRIPTION]]
        return sum(one.rated_microtokens for one in events) + self.settled_too_much

    @cached_property
    def events(self) -> tuple[str, ...]:
        """The texts of the subscription's events of the second epoch."""
        return self.events_of(FIRST_EPOCH + 1)

    def events_of(self, epoch: int) -> tuple[str, ...]:
        """The texts of the subscription's events of an epoch."""
        return tuple(map(event_text, self.usage.kept.get(epoch, {}).get(SUBSCRIPTION, ())))

    @cached_property
    def attested(self) -> Attested:
        response = TARGET.response(self.statement.epoch, self.statement.words, VOTING_ROUND, NO_TIMESTAMP)
        tree = round_tree([leaf_hash(response), *FILLERS])
        message = RootMessage(FDC_PROTOCOL_ID, VOTING_ROUND, is_secure_random=False, merkle_root=tree.root)
        signatures = b"".join(
            one.encode() for one in sign_by_all(message.hash, enough(VOTERS, policy_of(REWARD_EPOCH, ROUNDS)))
        )
        return Attested(
            response=response,
            siblings=tuple(tree.proof(leaf_hash(response))),
            message=message.encode(),
            signatures=signatures,
        )

    @cached_property
    def policies(self) -> tuple[SignedPolicy, ...]:
        """The policy of the round, and the one before it."""
        before, second = policy_of(REWARD_EPOCH - 1, ROUNDS), policy_of(REWARD_EPOCH, ROUNDS).encode()
        signatures = b"".join(one.encode() for one in sign_by_all(legacy_hash(second), enough(VOTERS, before)))
        return SignedPolicy(policy=before.encode()), SignedPolicy(policy=second, signatures=signatures)

    def _publish_attestation(self) -> None:
        attested = self.attested
        content: Mapping[str, object] = {
            "voting_round": VOTING_ROUND,
            "response": attested.response,
            "siblings": attested.siblings,
            "message": attested.message,
            "signatures": attested.signatures,
            "policy": self.policies[-1].policy,
        }
        self.documents.put(Document(attestation_path(self.statement.epoch), to_json(content), JSON))

    def bill(self, total_microtokens: int, charged_ufix64: int, paid_ufix64: int, epoch: int) -> Bill:
        """The contract's state after a total was settled and paid in full."""
        return Bill(
            token_storage_path="/storage/flowTokenVault",
            owner="0x01cf0e2f2f715450",
            plan_id=0,
            plan_version=1,
            needs_rate=self.rate_ufix64 is not None,
            tiers=tuple(Tier(end_tokens=one.end_tokens, price_ufix64=one.price_ufix64) for one in DEFAULT_TIERS.tiers),
            cost_offset=0,
            plan_from=None,
            paid_dollars_ufix64=0 if self.rate_ufix64 is None else paid_ufix64,
            charged_ufix64=charged_ufix64,
            owed_ufix64=0,
            balance_ufix64=DEPOSIT_UFIX64 - charged_ufix64,
            settled_microtokens=total_microtokens,
            settled_epoch=epoch,
        )

    @cached_property
    def on_flow(self) -> OnFlow:
        """The first epoch was settled before, the second one in block CHARGE_HEIGHT."""
        first = sum(one.rated_microtokens for one in self.usage.kept[FIRST_EPOCH][SUBSCRIPTION])
        paid_before, price = charge_ufix64(first), charge_ufix64(self.total_microtokens)
        charged_before = charge_of(paid_before, DEPOSIT_UFIX64, self.rate_ufix64).charged_ufix64
        made = charge_of(price - paid_before, DEPOSIT_UFIX64, self.rate_ufix64)
        charge = Charge(
            transaction_id=TRANSACTION,
            height=CHARGE_HEIGHT,
            epoch=self.statement.epoch,
            rated_microtokens=self.total_microtokens,
            charged_ufix64=made.charged_ufix64,
            owed_ufix64=made.owed_ufix64,
            rate_ufix64=self.rate_ufix64,
            before=self.bill(first, charged_before, paid_before, FIRST_EPOCH),
        )
        return OnFlow(
            contract=CONTRACT,
            height=CHARGE_HEIGHT,
            source_chain_id=CHAIN_ID,
            rounds_per_reward_epoch=ROUNDS,
            root=RootMessage.decode(self.attested.message).merkle_root,
            settlement_root=self.statement.settlement_root,
            total_microtokens=self.statement.total_rated_microtokens,
            triggers=(
                Trigger(
                    trigger_id="statement/1",
                    source=TARGET.source_id,
                    url_prefix=TARGET.url_prefix,
                    post_process_jq=POST_PROCESS_JQ,
                    abi_signature=ABI_SIGNATURE,
                    is_pending=False,
                ),
            ),
            bill=self.bill(self.total_microtokens, charged_before + made.charged_ufix64, price, self.statement.epoch),
            charge=charge,
        )

    def sealed(self, epoch: int, *, with_settlement: bool) -> Sealed:
        """A statement with the documents of the subscription."""
        usage_index = self.documents.get(index_path(epoch, PageKind.USAGE))
        usage_page = PageIndex.parse(usage_index).hashes[page_of(SUBSCRIPTION)]
        settlement_index = self.documents.get(index_path(epoch, PageKind.SETTLEMENT))
        settlement_page = PageIndex.parse(settlement_index).hashes[0]
        return Sealed(
            statement=self.documents.get(statement_path(epoch)),
            usage_index=usage_index,
            usage_page=self.documents.get(page_path(usage_page)),
            settlement_index=settlement_index if with_settlement else None,
            settlement_page=self.documents.get(page_path(settlement_page)) if with_settlement else None,
        )

    @cached_property
    def on_flare(self) -> OnFlare:
        root = RootMessage.decode(self.attested.message).merkle_root
        return OnFlare(root=root, policy_hash=legacy_hash(self.policies[-1].policy))

    @cached_property
    def log(self) -> StatementLogs:
        return StatementLogs(dict(self.statements.kept))

    def event(self, number: int) -> ProvenEvent:
        """One of the events with its path."""
        tree, text = events_tree(self.events), self.events[number]
        return ProvenEvent(text=text, siblings=tree.path(tree.levels[0].index(event_hash(text))))

    def bundle(self) -> Bundle:
        """All evidence of the second epoch's bill."""
        return Bundle(
            subscription_id=SUBSCRIPTION,
            epoch=self.statement.epoch,
            sealed=(
                self.sealed(FIRST_EPOCH, with_settlement=False),
                self.sealed(FIRST_EPOCH + 1, with_settlement=True),
            ),
            attested=self.attested,
            policies=self.policies,
            on_flare=self.on_flare,
            on_flow=self.on_flow,
            price_book=BOOK.canonical_json,
            events=self.events,
            event=self.event(1),
        )

    def bundle_with_log(self) -> Bundle:
        """The same, with the log of statements."""
        return self.bundle().model_copy(update={"log": self.log.in_log})

    @property
    def trust_with_log(self) -> Trust:
        """A reader who asks for a witness too, and saw the log before the newest statement."""
        return replace(self.trust, log_policy=POLICY, seen=self.log.seen.checkpoint)

    @property
    def trust(self) -> Trust:
        """A reader who trusts the first policy of the bundle, and the contract."""
        return Trust(legacy_hash(self.policies[0].policy), CONTRACT)


def billing(change: Callable[[World], None]) -> World:
    """A world whose operator bills otherwise, and publishes, attests and settles that."""

    class Billing(World):
        def _seal(self, epoch: int) -> None:
            if epoch == FIRST_EPOCH + 1:
                change(self)
            super()._seal(epoch)

    return Billing()
