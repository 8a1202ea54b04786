"""Faults of realtime and of the entrypoints: what a stream or a caller brings is handled once, in order and bounded."""

from typing import Final

from tests.mutants.fault import Fault

PACKAGE: Final = "layers/common/flareflow/realtime"
CONNECTIONS: Final = f"{PACKAGE}/connections.py"
PUSHING: Final = f"{PACKAGE}/pushing.py"
TICKETS: Final = f"{PACKAGE}/tickets.py"
ENTRYPOINTS: Final = "layers/common/flareflow/entrypoints"
HTTP: Final = f"{ENTRYPOINTS}/http.py"
PROBLEMS: Final = f"{ENTRYPOINTS}/problems.py"
SCHEDULE: Final = f"{ENTRYPOINTS}/schedule.py"
TABLE_STREAMS: Final = f"{ENTRYPOINTS}/table_streams.py"
WEBSOCKET: Final = f"{ENTRYPOINTS}/websocket.py"

TEST_CONNECTIONS: Final = "tests/unit/realtime/test_connections.py"
TEST_PUSHING: Final = "tests/unit/realtime/test_pushing.py"
TEST_PROBLEMS: Final = "tests/unit/functions/test_wallet_auth.py"
TEST_HTTP: Final = "tests/unit/functions/test_key_provisioning.py"
TEST_SCHEDULE: Final = "tests/unit/entrypoints/test_schedule.py"
TEST_STREAMS: Final = "tests/unit/entrypoints/test_table_streams.py"

FAULTS: Final = (
    Fault(
        "realtime-anybody-watches",
        "A connection watches only subscriptions of its own account.",
        CONNECTIONS,
        "if self.owners.owner(subscription_id) != address:",
        "if self.owners.owner(subscription_id) is None:",
        [TEST_CONNECTIONS],
    ),
    Fault(
        "realtime-watches-after-resuming",
        "A connection is added before the missed messages are read, so that none falls between.",
        CONNECTIONS,
        "        self.connections.watch(connection_id, subscription_id, self.clock() + CONNECTION_LIFETIME)\n"
        "        self._check_owner_again(connection_id, subscription_id)\n"
        "        self._greet(connection_id, subscription_id)\n",
        "        self._greet(connection_id, subscription_id)\n"
        "        self.connections.watch(connection_id, subscription_id, self.clock() + CONNECTION_LIFETIME)\n",
        [TEST_CONNECTIONS],
    ),
    Fault(
        "realtime-21-subscriptions-watched",
        "A connection watches at most 20 subscriptions.",
        CONNECTIONS,
        "if len(watched) >= WATCHED_MAX:",
        "if len(watched) > WATCHED_MAX:",
        [TEST_CONNECTIONS],
    ),
    Fault(
        "realtime-watching-again-refused",
        "A connection may ask again for what it watches.",
        CONNECTIONS,
        "        if subscription_id in watched:\n            return\n",
        "",
        [TEST_CONNECTIONS],
    ),
    Fault(
        "realtime-21-watchers",
        "At most 20 connections watch one subscription.",
        CONNECTIONS,
        "WATCHERS_MAX: Final = 20",
        "WATCHERS_MAX: Final = 21",
        [TEST_CONNECTIONS],
    ),
    Fault(
        "realtime-connection-of-two-minutes",
        "A connection is stored for the two hours that API Gateway keeps it open.",
        CONNECTIONS,
        "CONNECTION_LIFETIME: Final = timedelta(hours=2)",
        "CONNECTION_LIFETIME: Final = timedelta(minutes=2)",
        [TEST_CONNECTIONS],
    ),
    Fault(
        "realtime-ticket-of-30-minutes",
        "A ticket works for 30 seconds.",
        TICKETS,
        "TICKET_LIFETIME: Final = timedelta(seconds=30)",
        "TICKET_LIFETIME: Final = timedelta(minutes=30)",
        [TEST_CONNECTIONS],
    ),
    Fault(
        "realtime-ticket-stored-in-clear",
        "Only the hash of a ticket is stored.",
        TICKETS,
        "self.tickets.put(token_hash(ticket.ticket), address",
        "self.tickets.put(ticket.ticket, address",
        [TEST_CONNECTIONS],
    ),
    Fault(
        "realtime-resumed-without-limit",
        "Resuming sends at most 100 messages.",
        CONNECTIONS,
        "self.messages.after(subscription_id, after, RESUMED_MAX)",
        "self.messages.after(subscription_id, after, 10 * RESUMED_MAX)",
        [TEST_CONNECTIONS],
    ),
    Fault(
        "realtime-gone-connection-kept",
        "A connection that is gone is forgotten.",
        PUSHING,
        "                self.connections.remove(connection_id)\n",
        "                continue\n",
        [TEST_PUSHING],
    ),
    Fault(
        "realtime-one-gone-connection-stops-all",
        "A connection that is gone holds up no other.",
        PUSHING,
        "                self.connections.remove(connection_id)\n",
        "                return self.connections.remove(connection_id)\n",
        [TEST_PUSHING],
    ),
    Fault(
        "realtime-settlement-and-balance-are-one-message",
        "Each message that comes of a change has an identity of its own.",
        PUSHING,
        'f"{change.change_id}.{notification.type}"',
        "change.change_id",
        [TEST_PUSHING],
    ),
    Fault(
        "realtime-changed-status-not-told",
        "A changed balance or status is told.",
        PUSHING,
        "(before.balance_ufix64, before.status) != (after.balance_ufix64, after.status)",
        "before.balance_ufix64 != after.balance_ufix64",
        [TEST_PUSHING],
    ),
    Fault(
        "realtime-settlement-told-again",
        "A settlement is told once.",
        PUSHING,
        "(before is None or before.settled_epoch != after.settled_epoch)",
        "(before is None or before.settled_epoch <= after.settled_epoch)",
        [TEST_PUSHING],
    ),
    Fault(
        "entrypoints-milliseconds-read-as-seconds",
        "Lambda tells the time that is left in milliseconds.",
        SCHEDULE,
        "timedelta(milliseconds=context",
        "timedelta(seconds=context",
        [TEST_SCHEDULE],
    ),
    Fault(
        "entrypoints-stream-goes-on-after-a-failure",
        "Nothing after a failed record of a stream is handled.",
        TABLE_STREAMS,
        '            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}\n',
        "            continue\n",
        [TEST_STREAMS],
    ),
    Fault(
        "entrypoints-stream-goes-on-from-another-place",
        "A stream is delivered again from the sequence number of the failed record.",
        TABLE_STREAMS,
        'record["dynamodb"]["SequenceNumber"]',
        'record["eventID"]',
        [TEST_STREAMS],
    ),
    Fault(
        "entrypoints-mistakes-hidden",
        "An error that is none of ours fails the whole batch.",
        TABLE_STREAMS,
        "except FlareFlowError:",
        "except Exception:",
        [TEST_STREAMS],
    ),
    Fault(
        "entrypoints-outage-is-a-server-error",
        "An outage of another system is answered by 503 and a time to wait.",
        PROBLEMS,
        "[UnavailableError, RaceLostError]",
        "[RaceLostError]",
        [TEST_PROBLEMS],
    ),
    Fault(
        "entrypoints-internal-errors-told",
        "An unexpected error says nothing to the caller.",
        PROBLEMS,
        '"internal_error", "An unexpected error occurred."',
        '"internal_error", str(error)',
        [TEST_PROBLEMS],
    ),
    Fault(
        "entrypoints-caller-not-checked",
        "A request without a signed-in address is refused.",
        "layers/common/flareflow/entrypoints/requests.py",
        "    if not address:\n",
        '    if address == "":\n',
        ["tests/unit/functions/test_every_route.py"],
    ),
    Fault(
        "entrypoints-short-idempotency-key",
        "An Idempotency-Key has 8 to 128 letters, digits, - or _.",
        HTTP,
        "[A-Za-z0-9_-]{8,128}",
        "[A-Za-z0-9_-]{1,128}",
        [TEST_HTTP],
    ),
    Fault(
        "entrypoints-number-beyond-uint64",
        "A number in a path is a UInt64.",
        HTTP,
        "    if number > UINT64_MAX:\n",
        "    if number < 0:\n",
        [TEST_HTTP],
    ),
    Fault(
        "entrypoints-body-without-limit",
        "A body has at most 64,000 characters.",
        HTTP,
        "if len(text) > BODY_BYTES_MAX:",
        "if not text.isprintable() and len(text) > 100 * BODY_BYTES_MAX:",
        [TEST_HTTP],
    ),
)
