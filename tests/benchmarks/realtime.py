"""How soon a call's pending usage is on the WebSockets that watch its subscription, on the whole local stack.

`python -m tests.benchmarks.realtime` writes `.local/bench/realtime.json`. Calls go through the real gate and LiteLLM at
a steady rate; five clients watch each account's subscription. `pending_*` is from the end of a call to the message at a
client. It is made of `stored_*`, until the call is in UsageTable, and `told_*`, from there to the client. `floor_*` is
the same way without any function of ours: an item is written, read from its table's stream, and posted to the same
connections.

`queues` has what waited when the last call was made: calls for their answer, records for UsageTable, messages for their
clients, and how much of the processors' time was idle. A machine keeps up with a rate if no more than the calls of one
second wait in each queue, its processors have time left, and no call fails. If it does not keep up, the rate is halved
until it does or time is up: `slower` has the figures at each lower rate, `keeping_up` those at the first that it keeps
up with.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import batched
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import boto3
import httpx
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from rich.console import Console
from yarl import URL

from flareflow.adapters.dynamodb.changes import decode_change
from flareflow.adapters.dynamodb.connections import DynamoConnections
from flareflow.realtime.changes import UsageChanged
from infra.local import stack
from infra.local.aws import session as aws
from infra.local.aws.gateway.schedules import TICK_VARIABLE
from infra.local.aws.gateway.streams import StreamReader
from infra.local.demo.api import ApiError
from infra.local.demo.calls import CALL_TIMEOUT_SECONDS
from infra.local.demo.customer import Subscriber
from infra.local.demo.job import with_key
from infra.local.demo.run import DEPOSIT_UFIX64, Customer, Stack
from infra.local.demo.watcher import Watcher
from infra.local.ports import url
from infra.paths import LOCAL
from infra.waiting import despite

CLIENTS: Final = 200
CALLS_A_SECOND: Final = 20
SECONDS: Final = 30
CLIENTS_OF_AN_ACCOUNT: Final = 5
LATE_SECONDS_MAX: Final = 120.0
"""After the last call; what has not come by then is missing."""
FLOOR_WRITES: Final = 100
LIMITED_SECONDS: Final = 60.0
QUEUED_SECONDS_MAX: Final = 1.0
"""A machine keeps up with a load if no more calls wait in a queue than are made in this time."""
IDLE_SHARE_MIN: Final = 0.05
SEARCH_SECONDS_MAX: Final = 300.0
"""For the rates below the first; one that was begun is measured to its end."""
TICK_SECONDS: Final = "15"
"""How far apart the polls are, and all that the template has every five minutes."""


@dataclass
class Told:
    """When calls ended, were stored, and reached each client, by `time.monotonic`; `failed` calls had no answer."""

    made: int = 0
    last_made: float = 0.0
    failed: int = 0
    idle_share: float = 1.0
    ended: dict[str, float] = field(default_factory=dict)
    stored: dict[str, float] = field(default_factory=dict)
    seen: dict[str, list[float]] = field(default_factory=dict)

    @property
    def queues(self) -> dict[str, int]:
        """How many calls waited when the last one was made: for their answer, to be stored, and for their clients."""
        ended, stored, seen = (
            sum(at <= self.last_made for at in times)
            for times in (self.ended.values(), self.known.values(), map(max, self.seen.values()))
        )
        return {"calls": self.made - self.failed - ended, "records": max(0, ended - stored), "messages": stored - seen}

    @property
    def known(self) -> dict[str, float]:
        """When each call was stored, or told if that was first: a poll may count it before its record comes."""
        return {call: min(times) for call, times in self.seen.items()} | self.stored

    def keeps_up(self, rate: int) -> bool:
        waiting_max = rate * QUEUED_SECONDS_MAX
        has_time = self.idle_share >= IDLE_SHARE_MIN
        return has_time and not self.failed and all(waiting <= waiting_max for waiting in self.queues.values())

    def pending(self, calls: Sequence[str]) -> list[float]:
        return [max(0.0, at - self.ended[call]) for call in calls for at in self.seen.get(call, ())]


@dataclass(frozen=True, slots=True)
class Account:
    """A customer and the clients that watch the subscription."""

    customer: Customer
    watchers: Sequence[Watcher]


async def watch(customer: Customer, websocket_url: str) -> Account:
    watchers = []
    for _ in range(CLIENTS_OF_AN_ACCOUNT):
        ticket = await asyncio.to_thread(partial(customer.api.post, "/v1/websocket-tickets", {}))
        watchers.append(await Watcher.connect(websocket_url, ticket["ticket"], customer.subscription_id))
    for watcher in watchers:
        await watcher.wait_for(lambda message: message["type"] == "snapshot")
    return Account(customer, watchers)


async def make_calls(litellm_url: str, accounts: Sequence[Account], rate: int, calls: int, told: Told) -> None:
    """Make so many calls at a steady rate, of each account in turn."""
    body = {"model": "gpt-4o", "max_tokens": 20, "messages": [{"role": "user", "content": "one two three"}]}

    async def call(http: httpx.AsyncClient, account: Account) -> None:
        headers = {"authorization": f"Bearer {account.customer.secret}"}
        try:
            answer = await http.post("/v1/chat/completions", json=body, headers=headers)
            answer.raise_for_status()
        except httpx.HTTPError:
            told.failed += 1
        else:
            told.ended[answer.headers["x-flareflow-event-id"]] = time.monotonic()

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=50)
    async with (
        httpx.AsyncClient(base_url=litellm_url, timeout=CALL_TIMEOUT_SECONDS, limits=limits) as http,
        asyncio.TaskGroup() as group,
    ):
        begin = time.monotonic()
        for number in range(calls):
            await asyncio.sleep(begin + number / rate - time.monotonic())
            told.made, told.last_made = number + 1, time.monotonic()
            group.create_task(call(http, accounts[number % len(accounts)]))


async def note_stored(stream_arn: str, told: Told) -> None:
    """Note when each call is in the stream of UsageTable. Until cancelled."""
    streams = aws.session().client("dynamodbstreams", endpoint_url=url("dynamodb"))
    async for records in StreamReader(stream_arn, streams).batches(1_000):
        for record in records:
            change = decode_change(DynamoDBRecord(record))
            if isinstance(change, UsageChanged):
                for waiting in change.calls:
                    told.stored.setdefault(waiting.call.event_id, time.monotonic())


async def all_seen(accounts: Sequence[Account], told: Told) -> None:
    """Wait until every call has reached each of its clients, or it is too late for that."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LATE_SECONDS_MAX):
            while sum(map(len, _seen(accounts, told.ended).values())) < len(told.ended) * CLIENTS_OF_AN_ACCOUNT:
                await asyncio.sleep(0.1)
    told.seen = _seen(accounts, told.ended)


def _seen(accounts: Sequence[Account], calls: Mapping[str, float]) -> dict[str, list[float]]:
    """The first times at which clients were told of each call."""
    seen: dict[str, list[float]] = {}
    for account in accounts:
        for watcher in account.watchers:
            first: dict[str, float] = {}
            for at, message in watcher.messages:
                if message["type"] == "usage.pending":
                    for call in message["data"]["calls"]:
                        first.setdefault(call["event_id"], at)
            for call_id, at in first.items():
                if call_id in calls:
                    seen.setdefault(call_id, []).append(at)
    return seen


async def floor_seconds(accounts: Sequence[Account], connections: DynamoConnections, rate: int) -> list[float]:
    """From writing an item to the message at each client, for `FLOOR_WRITES` items at the rate of the calls."""
    dynamodb: Any = boto3.Session.resource(aws.session(), "dynamodb", endpoint_url=url("dynamodb"))
    table = dynamodb.create_table(
        TableName=f"bench-floor-{time.time_ns()}",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    written: dict[str, float] = {}

    async def write() -> None:
        for number in range(FLOOR_WRITES):
            written[str(number)] = time.monotonic()
            await asyncio.to_thread(partial(table.put_item, Item={"pk": str(number)}))
            await asyncio.sleep(1 / rate)

    posting = asyncio.create_task(_post_stream(table.latest_stream_arn, accounts, connections))
    await write()
    await asyncio.sleep(1)
    async with asyncio.timeout(LATE_SECONDS_MAX):
        while len(_floor_times(accounts, written)) < FLOOR_WRITES * CLIENTS_OF_AN_ACCOUNT:
            await asyncio.sleep(0.1)
    posting.cancel()
    await asyncio.to_thread(table.delete)
    return _floor_times(accounts, written)


async def _post_stream(stream_arn: str, accounts: Sequence[Account], connections: DynamoConnections) -> None:
    """Post each item of a table to the clients of one account after the other."""
    now = datetime.now(UTC)
    ids = [connections.audience(one.customer.subscription_id, now).watchers for one in accounts]
    streams = aws.session().client("dynamodbstreams", endpoint_url=url("dynamodb"))
    async with aiohttp.ClientSession() as http:

        async def post(connection_id: str, text: str) -> None:
            address = f"{url('gateway_websocket')}/live/@connections/{quote(connection_id, safe='')}"
            async with http.post(URL(address, encoded=True), data=text) as answer:
                answer.raise_for_status()

        async for records in StreamReader(stream_arn, streams).batches(1_000):
            for record in records:
                number = record["dynamodb"]["Keys"]["pk"]["S"]
                text = json.dumps({"messages": [{"type": "floor", "number": number}]})
                await asyncio.gather(*(post(one, text) for one in ids[int(number) % len(ids)]))


def _floor_times(accounts: Sequence[Account], written: Mapping[str, float]) -> list[float]:
    messages = (told for account in accounts for watcher in account.watchers for told in watcher.messages)
    return [at - written[message["number"]] for at, message in messages if message["type"] == "floor"]


def percentiles(name: str, seconds: Sequence[float]) -> dict[str, float]:
    cuts = quantiles(seconds, n=100)
    return {f"{name}_p{cut}_seconds": round(cuts[cut - 1], 3) for cut in (50, 95, 99)}


def processor_seconds() -> tuple[float, float]:
    """Idle seconds and all seconds of all processors since the machine began, as Linux tells them."""
    told = [int(ticks) for ticks in Path("/proc/stat").read_text().partition("\n")[0].split()[1:9]]
    return told[3] + told[4], sum(told)


def figures(told: Told, rate: int) -> dict[str, Any]:
    calls = sorted(told.ended, key=lambda call: told.ended[call])
    stored = [told.stored[call] - told.ended[call] for call in calls if call in told.stored]
    passed_on = [at - told.stored[call] for call in calls if call in told.stored for at in told.seen.get(call, ())]
    quarters = [told.pending(quarter) for quarter in batched(calls, -(-len(calls) // 4), strict=False)]
    return {
        **percentiles("pending", told.pending(calls)),
        **percentiles("stored", stored),
        **percentiles("told", passed_on),
        "pending_p50_seconds_by_quarter": [round(median(quarter), 3) for quarter in quarters if quarter],
        "calls": len(calls),
        "failed": told.failed,
        "queues": {**told.queues, "processors_idle_share": round(told.idle_share, 2)},
        "keeps_up": told.keeps_up(rate),
        "missing": len(calls) * CLIENTS_OF_AN_ACCOUNT - len(told.pending(calls)),
    }


async def measure(facts: Mapping[str, str], customers: Sequence[Customer], rate: int, seconds: int) -> dict[str, Any]:
    dynamodb = boto3.Session.resource(aws.session(), "dynamodb", endpoint_url=url("dynamodb"))
    tables = {table.name.rpartition("-")[2]: table for table in dynamodb.tables.all()}
    accounts = [await watch(customer, facts["websocket_url"]) for customer in customers]

    async def at(calls_a_second: int) -> dict[str, Any]:
        told = Told()
        noting = asyncio.create_task(note_stored(str(tables["usagetable"].latest_stream_arn), told))
        idle, whole = processor_seconds()
        await make_calls(facts["litellm_url"], accounts, calls_a_second, calls_a_second * seconds, told)
        idle_then, whole_then = processor_seconds()
        told.idle_share = (idle_then - idle) / (whole_then - whole)
        await all_seen(accounts, told)
        noting.cancel()
        return {"calls_a_second": calls_a_second, **figures(told, calls_a_second)}

    try:
        floor = await floor_seconds(accounts, DynamoConnections(tables["realtimetable"]), rate)
        await make_calls(facts["litellm_url"], accounts, rate, len(accounts), Told())  # each gate's first credit
        tried = [await at(rate)]
        search_until = time.monotonic() + SEARCH_SECONDS_MAX
        while not tried[-1]["keeps_up"] and tried[-1]["calls_a_second"] > 1 and time.monotonic() < search_until:
            tried.append(await at(tried[-1]["calls_a_second"] // 2))
    finally:
        await asyncio.gather(*(watcher.close() for account in accounts for watcher in account.watchers))
    first, *slower = tried
    keeping_up = tried[-1] if tried[-1]["keeps_up"] else None
    return {**first, **percentiles("floor", floor), "slower": slower, "keeping_up": keeping_up}


def new_customers(running: Stack, accounts: int) -> list[Customer]:
    """Signed-in customers with a key. All subscriptions are opened first, so that one tick tells the backend of many.

    Sign-ins from one address are limited to so many a minute.
    """
    opened = [Subscriber.open(running.flow, DEPOSIT_UFIX64) for _ in range(accounts)]
    return [
        despite(ApiError, partial(with_key, running, subscriber), 3 * LIMITED_SECONDS, pause=_next_minute)
        for subscriber in opened
    ]


def _next_minute(_: float) -> None:
    time.sleep(LIMITED_SECONDS)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.realtime")
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--rate", type=int, default=CALLS_A_SECOND, help="calls a second")
    parser.add_argument("--seconds", type=int, default=SECONDS)
    given = parser.parse_args()
    console = Console(stderr=True)
    os.environ[TICK_VARIABLE] = TICK_SECONDS
    facts = stack.up(console)
    try:
        with Stack.of(facts) as running:
            customers = new_customers(running, given.clients // CLIENTS_OF_AN_ACCOUNT)
            found = asyncio.run(measure(facts, customers, given.rate, given.seconds))
    finally:
        stack.down()
    found |= {"clients": given.clients, "seconds_between_ticks": int(TICK_SECONDS)}
    file = LOCAL / "bench" / "realtime.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=1) + "\n")
    sys.stdout.write(file.read_text())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
