"""One subscription from its opening to its settlement: every function handles real events under its own role.

AWS is in memory and LiteLLM is a stand-in at the level of HTTP; Flow and Flare are the fakes of their ports. What the
functions do here is everything that they do in AWS, so what they use is what the template has to allow.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Final

from flareflow.adapters.dynamodb.attestations import DynamoAttestations, DynamoPolicies
from flareflow.adapters.dynamodb.reading_progress import DynamoReadingProgress
from flareflow.adapters.litellm.spend_log import SPEND_LOG_TIME
from flareflow.attestation.models import SignedPolicy, State
from flareflow.metering.rows import BUCKET
from flareflow.settlement.events import (
    ChainEvent,
    OwnerChanged,
    PlanAdded,
    PlanRetired,
    Settled,
    SubscriptionOpened,
    Suspended,
)
from flareflow.settlement.positions import Position
from flareflow.settlement.pricing import DEFAULT_TIERS, charge_ufix64
from flareflow.statements.documents import JSON, Document, attestation_path
from flareflow.statements.models import Statement
from tests.fakes.accounts import ALICE, BOB
from tests.fakes.attestation import FakeDataAvailability, FakeFlare
from tests.fakes.settlement import FakeChainLog, FakeDepositToken, FakeDollarRates, FakeFlow, FakeLightClient
from tests.support.functions import sample
from tests.unit.template.aws_in_memory import GONE, AwsInMemory
from tests.unit.template.events import BEGIN, http, http_event, queue_event, stream_record, tick, websocket_event
from tests.unit.template.handling import chain_of, handle_whatever, replaced
from tests.unit.template.hooks import be_told
from tests.unit.template.key_questions import ask_about_keys
from tests.unit.template.litellm_stand_in import KEY_HASH, PAGE_ROWS, Event, LiteLLM, record, row
from tests.unit.template.operating import PUBLIC, operate

SUBSCRIPTION: Final = 7
WATCH: Final = {"action": "watch", "subscription_id": SUBSCRIPTION, "after": 0}
EPOCH, SECOND = timedelta(seconds=300), timedelta(seconds=1)

TABLES: Final = (
    *("UsageTable", "StatementsTable", "LedgerTable", "AccountsTable", "RealtimeTable", "WebhooksTable"),
    "LimitsTable",
)
UNIX_SECONDS: Final = (BEGIN.timestamp(), BEGIN.timestamp() + 10 * 365 * 24 * 3600)


@dataclass
class MainJob:
    """The functions of a deployment at work on one subscription."""

    aws: AwsInMemory
    litellm: LiteLLM = field(default_factory=LiteLLM)

    def run(self) -> None:
        """Everything that happens to a subscription; ends with what its owner and the public can read of it."""
        with self.litellm.running():
            self.open_subscription()
            self.sign_in()
            self.make_keys()
            self.lease_credit()
            self.connect()
            self.push_usage(1, 2)  # the spend log will know only the first
            ask_about_keys(self.aws, self.litellm, SUBSCRIPTION)
            self.poll_usage()
            self.read_slices()
            self.rescan_usage()
            self.decide_cases()
            self.reconcile()
            operate(self.aws, SUBSCRIPTION)
            self.publish_the_log()
            self.attest()
            self.settle()
            self.tell_watchers()
            be_told(self.aws, SUBSCRIPTION, self._records("LedgerTable", f"SUB#{SUBSCRIPTION}"))
            self.sign_out()
            self.sweep_keys()
            self.enforce()
            self.drive_again()
            self.read_account()
            self.read_public()

    def open_subscription(self) -> None:
        tiers = DEFAULT_TIERS.tiers
        self._read_chain(PlanAdded(1, 1, False, tiers, 0, 0, 0), PlanAdded(2, 1, True, tiers, 0, 0, 0), PlanRetired(2))
        self._read_chain(
            SubscriptionOpened(SUBSCRIPTION, BOB, 1, 1, 100_000_000, 100_000_000), OwnerChanged(SUBSCRIPTION, ALICE)
        )

    def _read_chain(self, *happened: Any) -> None:
        with self.aws.function("ChainEventsFunction") as (app, bootstrap, handle):
            root = bootstrap.read_chain_events()
            first = (root.ledger.read_to() or 0) + 1
            events = [ChainEvent(Position(first + n, 0, 0), BEGIN, "ab" * 32, one) for n, one in enumerate(happened)]
            root = replace(root, chain=FakeChainLog(first + len(events), events), token=FakeDepositToken())
            entries = [one for one in happened if not isinstance(one, PlanAdded | PlanRetired)]
            with replaced(app, read_chain_events=root):
                assert handle(tick(BEGIN))["entries"] == len(entries)

    def sign_in(self) -> None:
        with self.aws.function("WalletAuthFunction") as (app, bootstrap, handle):
            nonce = http(handle, "POST", "/v1/auth/nonces")["nonce"]
            believing = SimpleNamespace(run=lambda proof: None)
            proof = {"address": ALICE, "nonce": nonce, "origin": "https://app.flareflow.example"}
            proof["signatures"] = [{"key_index": 0, "signature": "00" * 64}]
            with replaced(app, sign_in=replace(bootstrap.sign_in(), prove=believing)):
                signed_in = http(handle, "POST", "/v1/auth/sessions", proof)
            refreshed = http(handle, "POST", "/v1/auth/tokens", {"refresh_token": signed_in["refresh_token"]})
            token = refreshed["access_token"]
            assert [one["is_current"] for one in http(handle, "GET", "/v1/auth/sessions")["items"]] == [False]
        with self.aws.function("SessionAuthorizerFunction") as (_, _, handle):
            event = {**http_event("GET", "/v1/keys"), "headers": {"authorization": f"Bearer {token}"}}
            assert handle(event)["context"]["address"] == ALICE
        with self.aws.function("WalletAuthFunction") as (_, _, handle):
            assert http(handle, "DELETE", "/v1/auth/sessions") == {}
            assert http(handle, "POST", "/v1/auth/nonces")["nonce"]  # one that expires

    def make_keys(self) -> None:
        """One that LiteLLM does not make at first, and that is deleted; then another, with a cap."""
        with self.aws.function("KeyProvisioningFunction") as (app, bootstrap, handle):
            chain = chain_of(SUBSCRIPTION)
            names = ("create_key", "list_keys", "delete_key", "change_key")
            roots = {name: getattr(bootstrap, name)() for name in names}
            with replaced(app, **{name: replace(root, subscriptions=chain) for name, root in roots.items()}):
                self.litellm.is_down = True
                assert "code" in http(handle, "POST", "/v1/keys", {"subscription_id": SUBSCRIPTION})
                self.litellm.is_down = False
                assert http(handle, "POST", "/v1/keys", {"subscription_id": SUBSCRIPTION})["key_hash"] == KEY_HASH
                assert http(handle, "GET", f"/v1/subscriptions/{SUBSCRIPTION}/keys")["items"]
                assert http(handle, "DELETE", f"/v1/keys/{KEY_HASH}") == {}
                assert http(handle, "POST", "/v1/first-keys")["items"] == []
                assert http(handle, "POST", "/v1/keys", {"subscription_id": SUBSCRIPTION}, "request-2")["key"]
                assert "code" not in http(handle, "PATCH", f"/v1/keys/{KEY_HASH}", {"cap_rated_tokens": 10**9})

    def lease_credit(self) -> None:
        """Of a subscription whose standing is no longer the one that was stored."""
        self._table("LedgerTable").delete_item(Key={"pk": f"SUB#{SUBSCRIPTION}", "sk": "STANDING"})
        with self.aws.function("CreditLeasesFunction") as (_, bootstrap, handle):
            event = sample("credit_leases")
            event["headers"]["authorization"] = f"Bearer {bootstrap.lease_credit().gate_secret()}"
            event["body"] = event["body"].replace("ab" * 32, KEY_HASH)
            for _ in range(2):
                assert json.loads(handle(event)["body"])["standing"] == "active"

    def connect(self) -> None:
        """One connection stays, one leaves without a word, one says goodbye."""
        connections = ("stays", GONE, "leaves")
        with self.aws.function("AccountApiFunction") as (_, _, handle):
            tickets = [http(handle, "POST", "/v1/websocket-tickets")["ticket"] for _ in connections]
        with self.aws.function("WebsocketFunction") as (_, _, handle):
            for connection, ticket in zip(connections, tickets, strict=True):
                assert handle(websocket_event("$connect", connection, ticket=ticket)) == {"statusCode": 200}
                assert handle(websocket_event("watch", connection, body=WATCH)) == {"statusCode": 200}
            handle(websocket_event("$disconnect", "leaves"))

    def sign_out(self) -> None:
        """The sessions of the account end, and with them its connections."""
        with self.aws.function("WalletAuthFunction") as (_, _, handle):
            assert http(handle, "DELETE", "/v1/auth/sessions") == {}

    def push_usage(self, *numbers: int) -> None:
        with self.aws.function("UsageIngestFunction") as (_, bootstrap, handle):
            secret = bootstrap.ingest_records().push_secret()
            calls = [record(number, BEGIN) for number in numbers]
            event = http_event("POST", "/internal/usage", calls)
            event["headers"]["authorization"] = f"Bearer {secret}"
            assert json.loads(handle(event)["body"])["added"] == str(len(calls))

    def poll_usage(self) -> None:
        """Two epochs with a call each and a statement; a key that nobody knows; a page that is not the last."""
        now = datetime.now(UTC).replace(microsecond=0)
        with self.aws.function("UsagePollingFunction") as (_, _, handle):
            for number in (1, 3):
                self.litellm.rows = [row(number, now), row(100 + number, now, "cd" * 32)]
                assert handle(tick(now))["poll"]["reading"]["counted"] == 1
                now += EPOCH
                self.litellm.rows = []
                assert handle(tick(now + timedelta(hours=1)))["sealed"] is not None
                now += timedelta(hours=1)
                if number == 1:  # a newer statement will replace this one's attestation
                    self._attest(FakeFlare(is_down=True))
        many = [row(1000 + number, now - (30 + number) * SECOND, "cd" * 32) for number in range(PAGE_ROWS)]
        self.litellm.rows = [*many, {**row(1, now - 30 * SECOND), "request_id": None}]
        with self.aws.function("UsagePollingFunction", left_ms=1) as (_, _, handle):
            assert handle(tick(now))["poll"]["slices"] > 0

    def read_slices(self) -> None:
        """One slice is read to its end, another only to the first page."""
        with self.aws.function("UsageSlicesFunction") as (_, bootstrap, _):
            part = min(bootstrap.read_slice().progress.load().sent, key=lambda part: part.listing)
        window = part.window
        body = {"start": window.start.isoformat(), "end": window.end.isoformat(), "listing": part.listing}
        start = window.start + SECOND
        self.litellm.rows = [row(2000 + number, start + number * SECOND, "cd" * 32) for number in range(PAGE_ROWS)]
        with self.aws.function("UsageSlicesFunction", left_ms=1) as (_, bootstrap, handle):
            assert handle(queue_event(body)) == {"batchItemFailures": []}
            rest = next(one for one in bootstrap.read_slice().progress.load().sent if one.listing is part.listing)
        self.push_usage(9000)
        self.push_usage(9002)  # the one before waits for its row and is spilled
        body["start"] = rest.window.start.isoformat()
        body["end"] = rest.window.end.isoformat()
        self.litellm.rows = [row(9000, start), row(9001, start, "cd" * 32), {**row(1, start), "request_id": None}]
        with self.aws.function("UsageSlicesFunction") as (_, _, handle):
            assert handle(queue_event(body)) == {"batchItemFailures": []}

    def rescan_usage(self) -> None:
        """All windows of the last six hours have one row, and only those of one hour are known."""
        self.litellm.rows = [row(9000, BEGIN)]
        self.litellm.rows_since = (BEGIN - timedelta(hours=6)).strftime(SPEND_LOG_TIME)
        progress = DynamoReadingProgress(self._table("UsageTable"), lambda _: None)
        for name, hours in (("UsageRescanFunction", 3), ("WideUsageRescanFunction", 4)):
            buckets = [BEGIN - timedelta(hours=hours) + number * BUCKET for number in range(12)]
            progress.record(dict.fromkeys(buckets, 1))
            with self.aws.function(name) as (_, _, handle):
                assert handle(tick(BEGIN))["slices"] > 0

    def decide_cases(self) -> None:
        """A row is billed after all, another is written off, a tally is read again."""
        with self.aws.function("UsageCasesFunction") as (_, _, handle):
            ids = [f"{case['kind']}#{case['reason']}#{case['identity']}" for case in handle({"command": "list"})]
            missing = {"request_id": "told-by-alice", "litellm_call_id": "told-by-alice"}
            by = {"who": "alice", "why": "asked LiteLLM's database"}
            first, second = [one for one in ids if one.startswith("row#")][:2]
            [tally] = [one for one in ids if one.startswith("tally#")][:1]
            handle({"command": "bill", "case": first, "row": missing, **by})
            handle({"command": "write_off", "case": second, **by})
            handle({"command": "drive_again", "case": tally, "who": "alice"})
            assert handle({"command": "show", "case": first})["decision"]["verdict"] == "billed"
            book = {"version": 4, "title": "next", "models": {}, "default": {"prompt": 1, "completion": 1}}
            later = {"command": "put_price_book", "book": book, "from_epoch": 10**9, "who": "alice"}
            assert handle(later)["from_epoch"] == str(10**9)
            key = {"kty": "EC", "crv": "P-256", "valid_from_epoch": 0, **dict.fromkeys(("x", "y", "kid"), "k" * 43)}
            keys = {"command": "put_receipt_keys", "receipt_keys": {"keys": [key]}, "from_epoch": 10**9, "who": "alice"}
            assert handle(keys)["from_epoch"] == str(10**9)

    def reconcile(self) -> None:
        """Both statements, and a key of which LiteLLM has counted more than was billed."""
        with self.aws.function("ReconciliationFunction") as (app, bootstrap, handle):
            root = bootstrap.reconcile()
            nothing = SimpleNamespace(balances=lambda subscription_id: None)
            with replaced(app, reconcile=replace(root, journal=replace(root.journal, contract=nothing))):
                assert handle(tick(BEGIN))["epochs"] == 2
                assert handle(tick(BEGIN + timedelta(hours=1)))["differences"] > 0

    def publish_the_log(self) -> None:
        """The first tick makes the log, the second finds it complete."""
        with self.aws.function("StatementLogFunction") as (_, _, handle):
            assert handle(tick(BEGIN))["appended"] > 0
            assert handle(tick(BEGIN))["appended"] == 0

    def attest(self) -> None:
        self._attest(FakeFlare())
        with self.aws.function("AttestationSubmissionFunction") as (_, bootstrap, _):
            key = bootstrap.flare().signer.key
            assert key.public_key()
            assert key.sign(bytes(32), "DIGEST")
            documents = bootstrap.advance_attestations().documents
            for _ in range(2):  # the second time it is there already
                assert documents.put(Document(attestation_path(1), "{}", JSON)) == "{}"

    def _attest(self, flare: FakeFlare) -> None:
        with self.aws.function("AttestationSubmissionFunction") as (app, bootstrap, handle):
            roots = {
                "record_policies": replace(bootstrap.record_policies(), flare=FakeFlare(voting_round=1)),
                "advance_attestations": replace(
                    bootstrap.advance_attestations(), flare=flare, availability=FakeDataAvailability()
                ),
            }
            bootstrap.record_policies().policies.put(SignedPolicy(1, b"policy", b""))
            with replaced(app, **roots):
                handle_whatever(handle, tick(BEGIN))

    def settle(self) -> None:
        """The newest statement is proven (Flare's part is played), delivered, settled, and its event is read."""
        statement = self._prove_newest()
        flow = FakeFlow()
        with self.aws.function("FlowBillingFunction") as (app, bootstrap, handle):
            root = bootstrap.bill_on_flow()
            key = root.sender.flow.signer.key
            assert key.public_key()
            assert key.sign(bytes(32), "DIGEST")
            root = replace(
                root,
                light_client=FakeLightClient(flow),
                rate=replace(root.rate, oracle=FakeDollarRates()),
                sender=replace(root.sender, flow=flow, pause=lambda _: flow.mine()),
            )
            with replaced(app, bill_on_flow=root):
                assert handle(tick(BEGIN))["pages_settled"] == 1
        rated = statement.total_rated_microtokens
        charged = charge_ufix64(rated)
        self._read_chain(Settled(SUBSCRIPTION, statement.epoch, rated, charged, 0, 100_000_000 - charged))

    def _prove_newest(self) -> Statement:
        table = self._table("StatementsTable")
        with self.aws.function("PublicApiFunction") as (_, bootstrap, _):
            newest = bootstrap.list_statements().newest_epoch()
            statement: Statement = bootstrap.list_statements().statements.get(newest)
        known = DynamoAttestations(table).get(newest)
        assert known is not None
        DynamoAttestations(table).save(replace(known, state=State.PROVEN))
        DynamoPolicies(table).put(SignedPolicy(1, b"policy", b""))
        return statement

    def tell_watchers(self) -> None:
        changes = self._records("UsageTable", "SUB#") + self._records("LedgerTable", "SUB#")
        epochs = self._records("StatementsTable", "STATEMENT#")[-1:] + self._records("StatementsTable", "ATTESTATION#")
        with self.aws.function("PendingPushFunction") as (_, _, handle):
            assert handle({"Records": changes[:3] + changes[-1:] + epochs}) == {"batchItemFailures": []}
        with self.aws.function("WebsocketFunction") as (_, _, handle):
            assert handle(websocket_event("watch", "stays", body=WATCH)) == {"statusCode": 200}

    def enforce(self) -> None:
        """The money is gone: the key is blocked. Then the subscription moves to Bob and back: Alice's key is gone."""
        for happened, status in ((Suspended(SUBSCRIPTION), "blocked"), (OwnerChanged(SUBSCRIPTION, BOB), None)):
            self._read_chain(happened)
            with self.aws.function("EnforcementFunction") as (_, _, handle):
                records = self._records("LedgerTable", f"SUB#{SUBSCRIPTION}")
                assert handle({"Records": records}) == {"batchItemFailures": []}
            key = self._table("AccountsTable").get_item(Key={"pk": f"SUB#{SUBSCRIPTION}", "sk": f"KEY#{KEY_HASH}"})
            assert key.get("Item", {}).get("status") == status
        self._read_chain(OwnerChanged(SUBSCRIPTION, ALICE))

    def drive_again(self) -> None:
        """The first record of each stream that its functions react to, which they had given up."""
        of_both = {"UsageTable": "SUB#", "LedgerTable": "SUB#"}
        reads = {
            "PendingPushFunction": {**of_both, "StatementsTable": "STATEMENT#", "AccountsTable": "SUB#"},
            "EnforcementFunction": of_both,
        }
        for function, tables in reads.items():
            for table, prefix in tables.items():
                with self.aws.function(function) as (_, _, handle):
                    assert handle(queue_event(self._given_up(table, prefix))) == {"batchItemFailures": []}

    def _given_up(self, table: str, prefix: str) -> Mapping[str, object]:
        """The message about the first record of a table's stream whose partition key begins with `prefix`."""
        stream, streams = self._table(table).latest_stream_arn, self.aws.streams
        shard = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"][0]["ShardId"]
        first = {"StreamArn": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
        records = streams.get_records(ShardIterator=streams.get_shard_iterator(**first)["ShardIterator"])["Records"]
        number = next(
            record["dynamodb"]["SequenceNumber"]
            for record in records
            if record["dynamodb"]["Keys"]["pk"]["S"].startswith(prefix)
        )
        place = {"streamArn": stream, "shardId": shard, "startSequenceNumber": number, "endSequenceNumber": number}
        return {"DDBStreamBatchInfo": place}

    def sweep_keys(self) -> None:
        """Of a subscription without a standing: one key was changed by hand, and a former owner has left another."""
        self._table("LedgerTable").delete_item(Key={"pk": f"SUB#{SUBSCRIPTION}", "sk": "STANDING"})
        accounts, place = self._table("AccountsTable"), {"pk": f"SUB#{SUBSCRIPTION}", "sk": f"KEY#{KEY_HASH}"}
        left = {"key_hash": "cd" * 32, "owner": BOB, "sk": f"KEY#{'cd' * 32}"}
        accounts.put_item(Item=accounts.get_item(Key=place)["Item"] | left)
        with self.aws.function("KeySweepFunction") as (_, _, handle):
            assert handle(tick(BEGIN))["keys_mended"] == 2

    def read_account(self) -> None:
        with self.aws.function("AccountApiFunction") as (_, _, handle):
            one = f"/v1/subscriptions/{SUBSCRIPTION}"
            for path in ("/v1/subscriptions", one, f"{one}/journal", f"{one}/usage/1", f"{one}/usage", f"{one}/events"):
                assert "code" not in http(handle, "GET", path)

    def read_public(self) -> None:
        with self.aws.function("PublicApiFunction") as (_, _, handle):
            assert http(handle, "GET", "/v1/plans")["rate"] is not None
            assert http(handle, "GET", "/v1/price-book")["version"]
            assert http(handle, "POST", "/v1/quotes", {"calls": [{"model": "gpt-4o"}]})["calls"]
            epoch = http(handle, "GET", "/v1/health")["newest_statement"]
            for path in (*PUBLIC, f"attestations/{epoch}", f"epochs/{epoch}"):
                assert "code" not in http(handle, "GET", f"/v1/{path}")

    def expiry_attributes(self) -> Mapping[str, set[str]]:
        """By table, the attributes that hold a moment in Unix seconds."""
        return {
            name: {
                attribute
                for item in self._table(name).scan()["Items"]
                for attribute, value in item.items()
                if isinstance(value, Decimal) and UNIX_SECONDS[0] < value < UNIX_SECONDS[1]
            }
            for name in TABLES
        }

    def _table(self, logical_id: str) -> Any:
        return self.aws.tables.Table(self.aws.name_of(logical_id))

    def _records(self, table: str, prefix: str) -> list[Event]:
        """Stream records of the insertion of a table's items whose partition key begins with `prefix`."""
        items = [item for item in self._table(table).scan()["Items"] if item["pk"].startswith(prefix)]
        return [stream_record(number, item) for number, item in enumerate(items)]
