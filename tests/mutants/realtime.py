"""Faults of realtime: who watches gets every message once, in order, and nobody else gets any."""

from typing import Final

from tests.mutants.fault import Fault

PACKAGE: Final = "layers/common/flareflow/realtime"
CONNECTIONS: Final = f"{PACKAGE}/connections.py"
PUSHING: Final = f"{PACKAGE}/pushing.py"
WATCHING: Final = f"{PACKAGE}/watching.py"
NOTIFICATIONS: Final = f"{PACKAGE}/notifications.py"
EPOCH_CHANGES: Final = "layers/common/flareflow/adapters/dynamodb/epoch_changes.py"
CHANGES: Final = "layers/common/flareflow/adapters/dynamodb/changes.py"
KEY_STATES: Final = "layers/common/flareflow/adapters/dynamodb/key_states.py"
LIVE_EPOCHS: Final = "layers/common/flareflow/adapters/dynamodb/live_epochs.py"
LIVE_SNAPSHOTS: Final = "layers/common/flareflow/adapters/dynamodb/live_snapshots.py"
READING: Final = "layers/common/flareflow/statements/reading.py"
FRAMES: Final = f"{PACKAGE}/frames.py"
TICKETS: Final = f"{PACKAGE}/tickets.py"
TEST_CONNECTIONS: Final = "tests/unit/realtime/test_connections.py"
TEST_WATCHING: Final = "tests/unit/realtime/test_watching.py"
TEST_NOTIFICATIONS: Final = "tests/unit/realtime/test_notifications.py"
TEST_EPOCH_CHANGES: Final = "tests/unit/adapters/dynamodb/test_epoch_changes.py"
TEST_CHANGES: Final = "tests/unit/adapters/dynamodb/test_changes.py"
TEST_LIVE_EPOCHS: Final = "tests/unit/adapters/dynamodb/test_live_epochs.py"
TEST_LIVE_SNAPSHOTS: Final = "tests/unit/adapters/dynamodb/test_live_snapshots.py"
TEST_PUSHING: Final = "tests/unit/realtime/test_pushing.py"

FAULTS: Final = (
    Fault(
        "realtime-anybody-watches",
        "A connection watches only subscriptions of its own account.",
        WATCHING,
        "if self.owners.owner(subscription_id) != connection.address:",
        "if self.owners.owner(subscription_id) is None:",
        [TEST_WATCHING],
    ),
    Fault(
        "realtime-watches-after-resuming",
        "A watch is stored before the missed messages are read, so that none falls between.",
        WATCHING,
        "        self.connections.watch(connection, subscription_id)\n"
        "        self._check_owner_again(connection_id, subscription_id)\n"
        "        for frame in frames(self._answer(subscription_id, after)):\n"
        "            self.sender.send(connection_id, frame)\n",
        "        for frame in frames(self._answer(subscription_id, after)):\n"
        "            self.sender.send(connection_id, frame)\n"
        "        self.connections.watch(connection, subscription_id)\n"
        "        self._check_owner_again(connection_id, subscription_id)\n",
        [TEST_WATCHING],
    ),
    Fault(
        "realtime-number-taken-after-the-watch",
        "Whoever finds a watch finds the number that it began with.",
        WATCHING,
        "        self._begin_recording(subscription_id)\n        self.connections.watch(connection, subscription_id)\n",
        "        is_new = not self.connections.audience(subscription_id, self.clock() + CLOCKS_APART_MAX).is_recorded\n"
        "        self.connections.watch(connection, subscription_id)\n"
        "        if is_new:\n            self.messages.begin(subscription_id)\n",
        [TEST_WATCHING],
    ),
    Fault(
        "realtime-unrecorded-time-resumed-over",
        "Nobody resumes from before a time in which nothing was stored.",
        WATCHING,
        "            self.messages.begin(subscription_id)\n",
        "            return\n",
        [TEST_WATCHING],
    ),
    Fault(
        "realtime-clocks-trusted",
        "The last seconds of a watch do not count.",
        WATCHING,
        "audience(subscription_id, self.clock() + CLOCKS_APART_MAX)",
        "audience(subscription_id, self.clock())",
        [TEST_WATCHING],
    ),
    Fault(
        "realtime-resumed-from-before-the-log",
        "A number from before the log is complete is answered by a snapshot.",
        WATCHING,
        "not log.complete_after <= after <= log.sequence",
        "after > log.sequence",
        [TEST_WATCHING],
    ),
    Fault(
        "realtime-resumed-from-the-future",
        "A number that was not taken yet is answered by a snapshot.",
        WATCHING,
        "not log.complete_after <= after <= log.sequence",
        "after < log.complete_after",
        [TEST_WATCHING],
    ),
    Fault(
        "realtime-resumed-without-limit",
        "At most 100 messages are sent again; with more there is a snapshot.",
        WATCHING,
        "RESUMED_MAX: Final = 100",
        "RESUMED_MAX: Final = 101",
        [TEST_WATCHING],
    ),
    Fault(
        "realtime-deleted-messages-passed-over",
        "Messages that are no longer stored are answered by a snapshot.",
        WATCHING,
        "return None if len(missed) < log.sequence - after else missed",
        "return missed",
        [TEST_WATCHING],
    ),
    Fault(
        "realtime-snapshot-claims-too-much",
        "A snapshot has all that its number says: the log is read before the state.",
        WATCHING,
        "return [snapshot(subscription_id, log, self.clock(), self.snapshots.of(subscription_id))]",
        "state = self.snapshots.of(subscription_id)\n"
        "            return [snapshot(subscription_id, self.messages.log(subscription_id), self.clock(), state)]",
        [TEST_WATCHING],
    ),
    Fault(
        "realtime-21-subscriptions-watched",
        "A connection watches at most 20 subscriptions.",
        WATCHING,
        "if len(watched) >= WATCHED_MAX:",
        "if len(watched) > WATCHED_MAX:",
        [TEST_WATCHING],
    ),
    Fault(
        "realtime-watching-again-refused",
        "A connection may ask again for what it watches.",
        WATCHING,
        "        if subscription_id in watched:\n            return\n",
        "",
        [TEST_WATCHING],
    ),
    Fault(
        "realtime-21-watchers",
        "At most 20 connections watch one subscription.",
        WATCHING,
        "WATCHERS_MAX: Final = 20",
        "WATCHERS_MAX: Final = 21",
        [TEST_WATCHING],
    ),
    Fault(
        "realtime-gone-watchers-count",
        "Watchers that are gone do not count.",
        WATCHING,
        "return len(watchers) - len(gone)",
        "return len(watchers)",
        [TEST_WATCHING],
    ),
    Fault(
        "realtime-six-connections",
        "An account has at most five connections.",
        CONNECTIONS,
        "CONNECTIONS_MAX: Final = 5",
        "CONNECTIONS_MAX: Final = 6",
        [TEST_CONNECTIONS],
    ),
    Fault(
        "realtime-refused-connection-not-told-when-to-come-back",
        "A connection too many is told when to come back.",
        "layers/common/flareflow/entrypoints/websocket.py",
        "if isinstance(error, TooManyRequestsError) else {}",
        "if error.code == 'too_many_requests' else {}",
        [TEST_CONNECTIONS],
    ),
    Fault(
        "realtime-gone-connections-count",
        "Connections that are gone do not count.",
        CONNECTIONS,
        "if other != connection_id and not self.sender.is_open(other):",
        "if other == connection_id and not self.sender.is_open(other):",
        [TEST_CONNECTIONS],
    ),
    Fault(
        "realtime-refused-connection-stays",
        "A connection that is refused leaves nothing.",
        CONNECTIONS,
        "            self.forget.run(connection_id)\n            most",
        "            most",
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
        "realtime-nothing-stored-for-who-comes-back",
        "Messages are stored for five minutes after the last watcher has gone.",
        CONNECTIONS,
        "RECORDED_AFTER: Final = timedelta(minutes=5)",
        "RECORDED_AFTER: Final = timedelta()",
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
        "realtime-stored-where-nobody-watches",
        "Nothing is written about a subscription that nobody watches.",
        PUSHING,
        "        if not audience.is_recorded:\n            return\n",
        "",
        [TEST_PUSHING],
    ),
    Fault(
        "realtime-delivered-again-is-new",
        "Changes that are delivered twice take no other number.",
        PUSHING,
        "change.number > log.through.get(change.source, -1)",
        "change.number > -1",
        [TEST_PUSHING],
    ),
    Fault(
        "realtime-nothing-said-of-what-was-lost",
        "After a repeated delivery the last message is sent again.",
        PUSHING,
        "return self.messages.after(subscription_id, log.sequence - 1, 1)",
        "return []",
        [TEST_PUSHING],
    ),
    Fault(
        "realtime-no-pace",
        "The messages of a subscription are a quarter of a second apart.",
        PUSHING,
        "            self._wait_for_turn(log, MESSAGE_INTERVAL * audience.watched_most)\n",
        "",
        [TEST_PUSHING],
    ),
    Fault(
        "realtime-four-frames-for-each-subscription",
        "A connection gets four frames a second, however many subscriptions it watches.",
        PUSHING,
        "MESSAGE_INTERVAL * audience.watched_most",
        "MESSAGE_INTERVAL",
        [TEST_PUSHING],
    ),
    Fault(
        "realtime-waits-for-a-wrong-clock",
        "Nobody waits longer than a quarter of a second.",
        PUSHING,
        "self.pause(min(left, interval).total_seconds())",
        "self.pause(left.total_seconds())",
        [TEST_PUSHING],
    ),
    Fault(
        "realtime-gives-up-its-number",
        "A message that lost the race for its number takes the next one.",
        PUSHING,
        "for _ in range(ATTEMPTS_MAX):",
        "for _ in range(1):",
        [TEST_PUSHING],
    ),
    Fault(
        "realtime-gone-connection-kept",
        "A connection that is gone is forgotten.",
        PUSHING,
        "                self.forget.run(gone)\n",
        "                continue\n",
        [TEST_PUSHING],
    ),
    Fault(
        "realtime-new-owner-reads-the-former-ones-messages",
        "Nobody resumes from before a move.",
        PUSHING,
        "        self.messages.begin(moved.subscription_id)\n",
        "",
        [TEST_PUSHING],
    ),
    Fault(
        "realtime-first-total-told",
        "Of several totals the last is told.",
        NOTIFICATIONS,
        "totals[-1] if totals else None",
        "totals[0] if totals else None",
        [TEST_NOTIFICATIONS],
    ),
    Fault(
        "realtime-calls-without-limit",
        "A message fits into a frame.",
        NOTIFICATIONS,
        "        if left < 0:\n            return\n",
        "",
        [TEST_NOTIFICATIONS],
    ),
    Fault(
        "realtime-frames-too-long",
        "A frame has at most 32,000 bytes.",
        FRAMES,
        "len(texts[-1]) + 1 + len(message) + len(_CLOSING) <= FRAME_BYTES_MAX",
        "len(texts[-1]) + len(message) + len(_CLOSING) <= FRAME_BYTES_MAX",
        [TEST_NOTIFICATIONS],
    ),
    Fault(
        "realtime-older-epoch-told",
        "Of several sealed epochs the newest is told.",
        NOTIFICATIONS,
        "        last = max(told, key=lambda change: change.epoch)\n        yield _notification(told, UsageSealed(",
        "        last = told[-1]\n        yield _notification(told, UsageSealed(",
        [TEST_NOTIFICATIONS],
    ),
    Fault(
        "realtime-suspended-key-told-as-resumed",
        "A blocked key is told as suspended.",
        NOTIFICATIONS,
        "    if change.suspended_by is None:\n",
        "    if change.suspended_by:\n",
        [TEST_NOTIFICATIONS],
    ),
    Fault(
        "realtime-held-key-not-told",
        "A key that an administrator has blocked is told as suspended.",
        KEY_STATES,
        "    KeyStatus.HELD: SuspendedBy.ADMINISTRATOR,\n",
        "",
        [TEST_CHANGES],
    ),
    Fault(
        "realtime-unused-epoch-told-as-sealed",
        "A statement is told to those whose usage is new in it.",
        EPOCH_CHANGES,
        "            if one.epoch == statement.epoch:\n",
        "            if one.epoch:\n",
        [TEST_EPOCH_CHANGES],
    ),
    Fault(
        "realtime-totals-of-others-told",
        "Only what somebody watches is told of an epoch.",
        READING,
        "if one.subscription_id in subscription_ids)",
        "if one.subscription_id)",
        [TEST_EPOCH_CHANGES],
    ),
    Fault(
        "realtime-key-under-change-told",
        "A key that is being changed is in no state.",
        KEY_STATES,
        "    KeyStatus.ACTIVE: None,\n",
        "    KeyStatus.ACTIVE: None,\n    KeyStatus.CHANGING: None,\n",
        [TEST_CHANGES],
    ),
    Fault(
        "realtime-snapshot-without-older-usage",
        "A snapshot tells what is sealed also where the newest statement has no new usage.",
        LIVE_EPOCHS,
        "statement = found and self.statements.get(found.epoch)",
        "statement = newest if found and newest and found.epoch == newest.epoch else None",
        [TEST_LIVE_EPOCHS],
    ),
    Fault(
        "realtime-snapshot-with-working-keys",
        "A snapshot tells of the keys that do not work, and of no others.",
        LIVE_SNAPSHOTS,
        "if reason is not None:",
        "if key.key_hash:",
        [TEST_LIVE_SNAPSHOTS],
    ),
    Fault(
        "realtime-changed-status-not-told",
        "A changed balance or status is told.",
        NOTIFICATIONS,
        "(before.balance_ufix64, before.status) != (after.balance_ufix64, after.status)",
        "before.balance_ufix64 != after.balance_ufix64",
        [TEST_NOTIFICATIONS],
    ),
    Fault(
        "realtime-settlement-told-again",
        "A settlement is told once.",
        NOTIFICATIONS,
        "(before is None or before.settled_epoch != after.settled_epoch)",
        "(before is None or before.settled_epoch <= after.settled_epoch)",
        [TEST_NOTIFICATIONS],
    ),
)
