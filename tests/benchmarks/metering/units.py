"""What a call costs in write units, from the gate's record to the comparison of its epoch, as DynamoDB tells them.

Records are posted one by one, which is the most that they can cost. Then one poll reads the log, the streams are
worked off as `pending_push` and `enforcement` do it, and the epoch is compared as `reconciliation` does it. Storage is
DynamoDB Local; LiteLLM, the ledger and the connections are stand-ins, which write nothing.
"""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import boto3
import httpx

from flareflow.accounts.budgets import Budgets
from flareflow.accounts.enforcement import Enforce
from flareflow.accounts.leases import LEASE_LIFETIME, LeaseCredit
from flareflow.accounts.models import KeyStatus, VirtualKey
from flareflow.accounts.requests import LeaseRequest
from flareflow.accounts.standings import JudgeStanding
from flareflow.adapters.dynamodb.billed_calls import DynamoBilledCalls
from flareflow.adapters.dynamodb.cases import DynamoCases
from flareflow.adapters.dynamodb.changed_funds import decode_changed_funds
from flareflow.adapters.dynamodb.changes import decode_change
from flareflow.adapters.dynamodb.connections import DynamoConnections
from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.key_usage import DynamoKeyUsages
from flareflow.adapters.dynamodb.keys import ItemKind
from flareflow.adapters.dynamodb.leases import DynamoLeases
from flareflow.adapters.dynamodb.messages import DynamoMessages
from flareflow.adapters.dynamodb.reading_progress import DynamoReadingProgress
from flareflow.adapters.dynamodb.reconciled import DynamoReconciled
from flareflow.adapters.dynamodb.standings import DynamoStandings
from flareflow.adapters.dynamodb.stream_records import Record
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.dynamodb.usage_kinds import (
    BILLED_OF_KEY,
    COUNTED_ALONE,
    EPOCH_SHARD,
    LIVE_TOTALS,
    PACK_NAME,
    UNCONFIRMED,
    USAGE_PACK,
    WAITING_RECORDS,
)
from flareflow.adapters.dynamodb.usage_reader import UsageReader
from flareflow.adapters.dynamodb.virtual_keys import DynamoVirtualKeys
from flareflow.adapters.litellm.spend_log import LiteLLMSpendLog
from flareflow.entrypoints.gate_records import posted_records
from flareflow.metering.call_types import known_call_types
from flareflow.metering.ingest import IngestRecords
from flareflow.metering.polling import PollUsage, ReadQueuedSlice
from flareflow.metering.reading import ReadSlice
from flareflow.metering.reconciling import Reconcile
from flareflow.metering.sorting import SortRows
from flareflow.metering.spent import Spent
from flareflow.realtime.connections import Forget
from flareflow.realtime.pushing import Push
from flareflow.time import Deadline, Epochs
from infra.local.aws import session as aws
from infra.local.aws.gateway.streams import event_record
from infra.local.ports import url
from tests.benchmarks.metering.log import Log, Row
from tests.fakes.accounts import ALICE, FakeLedger, FakeVirtualKeys
from tests.fakes.keys import FakeKeyIssuer
from tests.fakes.metering import FakeKeyDirectory, FakePriceBooks
from tests.fakes.realtime import FakeConnectionSender
from tests.fakes.reconciliation import FakeBilledCalls, FakeJournalCheck, FakeKeySpend, FakeReports, FakeSealedTotals
from tests.fakes.settlement import FakeKnownRates
from tests.fakes.spend_log import FakeSliceQueue
from tests.support.dynamodb import fresh_table
from tests.support.write_units import WriteUnits

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

BEGIN: Final = datetime(2026, 11, 24, 9, 55, tzinfo=UTC)
SPAN: Final = timedelta(minutes=5)
NOW: Final = BEGIN + SPAN
LOOK_BACK: Final = timedelta(minutes=12)
GRACE: Final = timedelta(minutes=30)
EPOCHS: Final = Epochs()
SECRET: Final = "push"
DEPOSIT_UFIX64: Final = 10**15
LEASED: Final = 10_000 * 10**6
COUNTED_OF_EACH: Final = Spent(10**6, 10**15)
AT_ONCE: Final = 8

RECONCILED: Final = "reconciled"
"""What the reconciliation writes when the call's epoch is sealed; it is told apart from what the call itself takes."""
PARTS: Final[Mapping[ItemKind, str]] = {
    LIVE_TOTALS: "live_totals",
    WAITING_RECORDS: "live_totals",
    USAGE_PACK: "rows",
    PACK_NAME: "rows_of_epochs",
    EPOCH_SHARD: "checks_of_the_open_epoch",
    UNCONFIRMED: "markers",
    COUNTED_ALONE: "markers",
    BILLED_OF_KEY: RECONCILED,
}
"""The part of a figure by kind of item. Kinds that are not here are written for each poll, epoch or hour."""
SHOWN: Final = tuple(dict.fromkeys(["record_push", *PARTS.values(), "messages", "credit"]))


@dataclass(frozen=True)
class Deployment:
    """The functions on tables of their own; `units` counts what is written to all of them.

    `judge` has a ledger with every subscription, so it is made once.
    """

    log: Log
    usage_table: "Table"
    realtime_table: "Table"
    accounts_table: "Table"
    judge: JudgeStanding
    units: Mapping[str, WriteUnits]

    def open(self) -> None:
        """Open the first epoch, and judge each subscription, as its opening on the chain does."""
        self._usage.open_epoch_if_none(EPOCHS.at(NOW))
        at_once(self._enforce.run, self.log.keys.values())
        for units in self.units.values():
            units.by_item.clear()

    def lease(self) -> None:
        """Lease credit as a gate does: for each key, anew in each lifetime of a lease in which it is used."""
        keys = FakeVirtualKeys({key_hash: _key(key_hash, of) for key_hash, of in self.log.keys.items()})
        usages = DynamoKeyUsages(self.usage_table, time.sleep)
        leases = LeaseCredit(lambda: SECRET, keys, self.judge, DynamoLeases(self.accounts_table), usages, lambda: NOW)
        lifetimes = defaultdict(set)
        for call in self.log.calls():
            lifetimes[call.key_hash].add((call.started_at - BEGIN) // LEASE_LIFETIME)

        def lease(key_hash: str) -> None:
            asked = {"kept_microtokens": 0, "needed_microtokens": LEASED, "wanted_microtokens": LEASED}
            request = LeaseRequest.model_validate({"gate": "ab" * 16, "key_hash": key_hash, **asked})
            for _ in lifetimes[key_hash]:
                assert leases.run(f"Bearer {SECRET}", request).held_microtokens == 2 * LEASED

        at_once(lease, lifetimes)

    def push(self) -> None:
        """Post the gate's record of each call, alone."""
        ingest = IngestRecords(lambda: SECRET, posted_records, self._keys, self._usage, self._cases)
        of_each = defaultdict(list)
        for call in self.log.calls():
            of_each[call.subscription_id].append(call.record())

        def post(records: list[Row]) -> None:
            for record in records:
                report = ingest.run(f"Bearer {SECRET}", json.dumps([record]).encode(), NOW)
                assert report.added == 1, report

        at_once(post, of_each.values())

    def poll(self) -> None:
        http = httpx.Client(base_url="http://litellm", transport=httpx.MockTransport(self.log.handle))
        progress = DynamoReadingProgress(self.usage_table, time.sleep)
        sort = SortRows(self._keys, self._usage, self._cases, known_call_types())
        read, queue = ReadSlice(LiteLLMSpendLog(http), sort, self._cases, progress), FakeSliceQueue()
        poll = PollUsage(read, self._usage, self._cases, progress, queue, EPOCHS, LOOK_BACK, GRACE)
        deadline = Deadline(NOW + timedelta(minutes=4), clock=lambda: NOW)
        counted = poll.run(NOW, deadline).reading.counted
        while queue.sent:
            counted += ReadQueuedSlice(read, progress, queue).run(queue.sent.pop(0), NOW, deadline).counted
        assert counted == self.log.rows, counted

    def tell(self) -> None:
        """Work off the stream of UsageTable: nobody watches, and each changed subscription is enforced.

        All changes of a subscription are handled together, as those of one batch are: without a watcher nothing is
        written for them, however many there are.
        """
        connections = DynamoConnections(self.realtime_table)
        forget = Forget(connections, lambda: NOW)
        messages = DynamoMessages(self.realtime_table)
        push = Push(messages, connections, FakeConnectionSender(), forget, lambda: NOW, time.sleep)
        funds, changes = set[int](), defaultdict(list)
        for record in stream(self.usage_table):
            if change := decode_change(record):
                changes[change.subscription_id].append(change)
            if changed := decode_changed_funds(record):
                funds.add(changed)
        at_once(self._enforce.run, funds)
        at_once(lambda subscription_id: push.run(subscription_id, changes[subscription_id]), changes)

    def compare(self) -> None:
        """Compare the closed epoch with its statement, and add what it billed to the numbers of keys."""
        billed = DynamoBilledCalls(DynamoEpochUsage(self.usage_table, time.sleep), UsageReader(self.usage_table))
        epoch = EPOCHS.at(NOW)
        calls = [call for one in billed.subscriptions(epoch) for call in billed.of(epoch, one)]
        sealed = FakeSealedTotals(FakeBilledCalls({epoch: calls}))
        reconciled = DynamoReconciled(self.usage_table)
        litellm = FakeKeySpend({NOW.date(): dict.fromkeys(self.log.keys, COUNTED_OF_EACH)})
        rest = (self._keys, reconciled, self._cases, FakeReports(), FakeJournalCheck())
        report = Reconcile(billed, sealed, litellm, *rest, unit_nanousd=10**9).run(
            NOW, Deadline(NOW + GRACE, clock=lambda: NOW)
        )
        assert (report.epochs, report.differences) == (1, 0), report

    @property
    def _keys(self) -> FakeKeyDirectory:
        return FakeKeyDirectory(self.log.keys)

    @property
    def _usage(self) -> DynamoUsageEvents:
        return DynamoUsageEvents(self.usage_table, time.sleep, FakePriceBooks())

    @property
    def _cases(self) -> DynamoCases:
        return DynamoCases(self.usage_table, time.sleep)

    @property
    def _enforce(self) -> Enforce:
        return Enforce(self.judge, DynamoVirtualKeys(self.accounts_table), FakeKeyIssuer, Budgets(1_000), lambda: NOW)


def at_once[T](run: Callable[[T], object], each: Iterable[T]) -> None:
    """Run for each, some at once. Each has items of its own, so that the order changes no figure."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(run, each):
            pass


def judge_of(log: Log, usage: "Table", accounts: "Table") -> JudgeStanding:
    """Judges by a ledger in which each subscription of a log has a deposit."""
    ledger = FakeLedger(complete=NOW)
    for subscription_id in log.keys.values():
        ledger.open(subscription_id, ALICE, DEPOSIT_UFIX64)
    return JudgeStanding(ledger, UsageReader(usage), FakeKnownRates(), DynamoStandings(accounts), lambda: NOW)


def _key(key_hash: str, subscription_id: int) -> VirtualKey:
    return VirtualKey(
        key_hash=key_hash,
        subscription_id=subscription_id,
        alias="bench",
        status=KeyStatus.ACTIVE,
        created_at=BEGIN,
        owner=ALICE,
        first_microtokens=0,
        budget_microusd=0,
    )


@contextmanager
def deployment(log: Log) -> Iterator[Deployment]:
    with (
        fresh_table("UsageTable") as usage,
        fresh_table("RealtimeTable") as realtime,
        fresh_table("AccountsTable") as accounts,
        fresh_table("LedgerTable") as scratch,
    ):
        tables = {"usage": usage, "messages": realtime, "credit": accounts}
        units = {name: WriteUnits(table, scratch) for name, table in tables.items()}
        yield Deployment(log, usage, realtime, accounts, judge_of(log, usage, accounts), units)


def stream(table: "Table") -> Iterator[Record]:
    """Every record of a table's stream so far."""
    streams = boto3.Session.client(aws.session(), "dynamodbstreams", endpoint_url=url("dynamodb"))
    arn = table.meta.client.describe_table(TableName=table.name)["Table"]["LatestStreamArn"]
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        where: Any = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = streams.get_shard_iterator(**where).get("ShardIterator")
        while iterator:
            found = streams.get_records(ShardIterator=iterator)
            yield from (event_record(record, arn) for record in found["Records"])
            iterator = found.get("NextShardIterator") if found["Records"] else None


def parts(log: Log) -> Counter[str]:
    """Write units of all calls of a log by part; `poll` has what is written for each poll, epoch or hour instead."""
    with deployment(log) as at_work:
        at_work.open()
        at_work.lease()
        at_work.push()
        pushed = Counter({"record_push": at_work.units["usage"].by_item[LIVE_TOTALS]})
        at_work.units["usage"].by_item[LIVE_TOTALS] = 0
        at_work.poll()
        at_work.tell()
        at_work.compare()
        found = pushed + Counter({name: units.total for name, units in at_work.units.items() if name != "usage"})
        for kind, units in at_work.units["usage"].by_item.items():
            found[PARTS.get(kind, "poll")] += units
        return found


def figures(subscriptions: int, each: int) -> dict[str, float]:
    many = Log(subscriptions=subscriptions, each=each, begin=BEGIN, span=SPAN)
    alone = Log(subscriptions=1, each=1, begin=BEGIN, span=SPAN)
    units_of_one = parts(alone)
    return {
        **_figures("write_units_per_event", parts(many), many.rows),
        **_figures("write_units_single_event", units_of_one, 1),
        "write_units_of_a_poll": units_of_one["poll"],
    }


def _figures(name: str, units: Counter[str], calls: int) -> dict[str, float]:
    whole = sum(units[part] for part in SHOWN if part != RECONCILED)
    return {
        name: round(whole / calls, 3),
        **{f"{name}_{part}": round(units[part] / calls, 3) for part in SHOWN},
    }
