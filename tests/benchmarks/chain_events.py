"""How long `chain_events` takes to catch up: 100,000 events from answers as a node gives them, into DynamoDB Local.

`python -m tests.benchmarks.chain_events` prints each tick and writes `.local/bench/chain_events.json`. A tick has the
time that the function has, and ends by its deadline like that. Each event is of another subscription than the one
before, so that as few as possible share a write.
"""

import base64
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from flareflow.adapters.dynamodb.ledger import DynamoLedger
from flareflow.adapters.flow.contracts import FlowChainLog
from flareflow.adapters.flow.json_cdc import Argument, address, ufix64, uint64
from flareflow.adapters.flow.rest import FlowRest
from flareflow.settlement.chain_events import ReadChainEvents
from flareflow.settlement.plans import PlanVersion
from flareflow.settlement.pricing import Tariff
from flareflow.time import Deadline, utc_now
from infra.paths import LOCAL
from tests.fakes.settlement import FakeDepositToken
from tests.support.dynamodb import dynamodb, fresh_table

EVENTS: Final = 100_000
SUBSCRIPTIONS: Final = 1_000
EVENTS_OF_A_BLOCK: Final = 50
TICK: Final = timedelta(seconds=240)
TICKS_MAX: Final = 10
CONTRACT: Final = "0xf8d6e0586b0a20c7"
FLOW: Final = 10**8
PLAN: Final = PlanVersion(1, 1, Tariff(), 0, 0, datetime(2026, 1, 1, tzinfo=UTC))


def fields_of(number: int) -> dict[str, Argument]:
    """Event `number`: the opening of a subscription, or a top-up of 1 FLOW of the subscription whose turn it is."""
    subscription_id, turn = number % SUBSCRIPTIONS + 1, number // SUBSCRIPTIONS
    balance = ufix64((turn + 1) * FLOW)
    if turn == 0:
        plan = {"planId": uint64(1), "planVersion": uint64(1), "deposit": ufix64(FLOW)}
        return {"subscriptionId": uint64(subscription_id), "owner": address(CONTRACT), **plan, "balanceAfter": balance}
    payer = Argument("Optional", address(CONTRACT).as_json())
    return {"subscriptionId": uint64(subscription_id), "from": payer, "amount": ufix64(FLOW), "balanceAfter": balance}


def event_of(number: int) -> dict[str, str]:
    """Event `number` as a node writes it."""
    fields = [{"name": name, "value": value.as_json()} for name, value in fields_of(number).items()]
    payload = json.dumps({"type": "Event", "value": {"id": "A.01.C.E", "fields": fields}}, separators=(",", ":"))
    return {
        "type": "A.01.C.E",
        "transaction_id": f"{number:064x}",
        "transaction_index": str(number % EVENTS_OF_A_BLOCK),
        "event_index": "0",
        "payload": base64.b64encode(payload.encode()).decode(),
    }


def node() -> FlowRest:
    """A node that answers requests for events of blocks 0 to EVENTS / EVENTS_OF_A_BLOCK - 1."""
    last_block = EVENTS // EVENTS_OF_A_BLOCK - 1

    def blocks(query: httpx.QueryParams) -> Iterator[dict[str, Any]]:
        name = query["type"].rpartition(".")[2]
        for height in range(int(query["start_height"]), int(query["end_height"]) + 1):
            numbers = range(height * EVENTS_OF_A_BLOCK, (height + 1) * EVENTS_OF_A_BLOCK)
            is_here = {"SubscriptionOpened": numbers.start < SUBSCRIPTIONS, "ToppedUp": numbers.start >= SUBSCRIPTIONS}
            events = [event_of(number) for number in numbers] if is_here.get(name) else []
            yield {"block_height": str(height), "block_timestamp": "2026-11-24T10:00:00Z", "events": events}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/blocks":
            header = {"id": "ab" * 32, "height": str(last_block), "timestamp": "2026-11-24T10:00:00Z"}
            return httpx.Response(200, json=[{"header": header}])
        return httpx.Response(200, json=list(blocks(request.url.params)))

    return FlowRest(httpx.Client(base_url="http://node", transport=httpx.MockTransport(answer)))


def main() -> None:
    """Read everything in ticks, check the result, and store the figures."""
    seconds: list[float] = []
    entries = 0
    with dynamodb(), fresh_table("LedgerTable") as table:
        ledger = DynamoLedger(table, time.sleep)
        ledger.add_plan(PLAN)
        reading = ReadChainEvents(FlowChainLog(node(), CONTRACT), FakeDepositToken(), ledger, 0, utc_now)
        while entries < EVENTS and len(seconds) < TICKS_MAX:
            begin, cpu_begin = time.perf_counter(), time.process_time()
            report = reading.run(Deadline(utc_now() + TICK))
            seconds.append(round(time.perf_counter() - begin, 1))
            entries += report.entries
            cpu = time.process_time() - cpu_begin
            sys.stdout.write(
                f"tick {len(seconds)}: {report.entries} events in {seconds[-1]} s, {cpu:.1f} s of processor\n"
            )
            sys.stdout.flush()
        known = ledger.subscriptions_by_id(range(1, SUBSCRIPTIONS + 1)).values()
        assert sum(one.deposited_ufix64 for one in known) == EVENTS * FLOW
    figures = {"events": entries, "ticks": len(seconds), "longest_tick_seconds": max(seconds)}
    (LOCAL / "bench").mkdir(exist_ok=True)
    (LOCAL / "bench" / "chain_events.json").write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.write(f"{figures}\n")


if __name__ == "__main__":
    main()
