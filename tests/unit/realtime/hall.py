"""The WebSocket API over fakes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from flareflow.entrypoints.limits import LimitRoutes
from flareflow.entrypoints.websocket import Routes, WebSocketAnswer, WebSocketEvent
from flareflow.limits import LimitRequests
from flareflow.realtime.connections import Connect, Forget
from flareflow.realtime.frames import FRAME_BYTES_MAX
from flareflow.realtime.models import Connection, MessageType, Notification, Source, SuspendedBy
from flareflow.realtime.payloads import (
    BalanceChanged,
    KeySuspended,
    Snapshot,
    StandingChanged,
    Totals,
    UsageAttested,
    UsageSealed,
    UsageSettled,
)
from flareflow.realtime.tickets import GiveTicket
from flareflow.realtime.watching import Ping, Refuse, Watch
from flareflow.settlement.pricing import Currency
from flareflow.settlement.subscription import SubscriptionStatus
from infra.live_schema import PAGE
from tests.fakes.accounts import ALICE, BOB, FakeClock, FakeLedger, FakeRequestCounts, FakeTokens
from tests.fakes.realtime import FakeConnections, FakeConnectionSender, FakeMessages, FakeSnapshots, FakeTickets

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 25, tzinfo=UTC)
SCHEMA = Draft202012Validator(json.loads(PAGE.read_text()), format_checker=Draft202012Validator.FORMAT_CHECKER)
STATE = Snapshot(
    Totals(3, 20, 10),
    BalanceChanged(SubscriptionStatus.ACTIVE, 90, 10, 0, Currency.TOKEN),
    StandingChanged("active", 1),
    sealed=UsageSealed(9, 20, bytes(32)),
    attested=UsageAttested(8, 15, 1_234),
    settled=UsageSettled(7, 10, 10, 0, Currency.TOKEN),
    suspended=(KeySuspended("ab" * 32, "laptop", SuspendedBy.ADMINISTRATOR),),
)


@dataclass
class Hall:
    """Alice owns subscription 7, Bob 8."""

    clock: FakeClock = field(default_factory=FakeClock)
    tokens: FakeTokens = field(default_factory=FakeTokens)
    tickets: FakeTickets = field(default_factory=FakeTickets)
    connections: FakeConnections = field(default_factory=FakeConnections)
    messages: FakeMessages = field(default_factory=FakeMessages)
    snapshots: FakeSnapshots = field(default_factory=FakeSnapshots)
    sender: FakeConnectionSender = field(default_factory=FakeConnectionSender)
    ledger: FakeLedger = field(default_factory=FakeLedger)

    def __post_init__(self) -> None:
        self.opens(7, ALICE)
        self.opens(8, BOB)
        limiter = LimitRequests(FakeRequestCounts(), self.clock)
        limit = LimitRoutes(lambda: limiter).run
        forget = Forget(self.connections, self.clock)
        connect = Connect(self.tickets, self.connections, self.sender, forget, self.clock)
        stores = (self.connections, self.ledger, self.messages, self.snapshots)
        watch = Watch(*stores, self.sender, forget, self.clock)
        ping = Ping(self.connections, self.messages, self.sender)
        self.routes = Routes(limit, connect.run, watch.run, ping.run, forget.run, Refuse(self.sender).run)

    def opens(self, subscription_id: int, owner: str) -> None:
        self.ledger.open(subscription_id, owner, 0)
        self.snapshots.states[subscription_id] = STATE

    def ticket(self, address: str = ALICE) -> str:
        return GiveTicket(self.tickets, self.tokens, self.clock).run(address).ticket

    def connect(self, connection: str, ticket: str | None) -> HTTPStatus:
        return self.answer_to_connect(connection, ticket).status

    def answer_to_connect(self, connection: str, ticket: str | None) -> WebSocketAnswer:
        return self.answer("$connect", connection, query={"ticket": ticket} if ticket is not None else None)

    def watch(self, connection: str = "c1", **body: object) -> HTTPStatus:
        return self.step("watch", connection, body=json.dumps({"action": "watch", **body}))

    def step(self, route: str, connection: str, *, body: str | None = None) -> HTTPStatus:
        return self.answer(route, connection, body=body).status

    def answer(
        self, route: str, connection: str, *, query: dict[str, str] | None = None, body: str | None = None
    ) -> WebSocketAnswer:
        context = {"routeKey": route, "connectionId": connection, "identity": {"sourceIp": "192.0.2.1"}}
        event = {"requestContext": context, "queryStringParameters": query, "body": body}
        return self.routes.run(WebSocketEvent.model_validate(event))

    def received(self, connection: str = "c1") -> list[dict[str, Any]]:
        return messages_in(self.sender.sent[connection])

    def others_watch(self, number: int) -> None:
        """So many other connections of Alice's account watch her subscription."""
        for place in range(number):
            self.connections.watch(Connection(f"other-{place}", ALICE, LATER), 7)

    def happened(self, times: int) -> None:
        """So many messages of subscription 7 are stored."""
        for number in range(times):
            balance = {"balance_ufix64": str(number), "charged_ufix64": "0", "owed_ufix64": "0", "currency": "token"}
            told = Notification(MessageType.BALANCE_CHANGED, 7, NOON, balance | {"status": "active"})
            self.messages.append(self.messages.log(7), [told], {Source.SUBSCRIPTION: number}, NOON)


def messages_in(frames: Sequence[str]) -> list[dict[str, Any]]:
    """The messages of frames that are as the published schema says, and not too long."""
    told: list[dict[str, Any]] = []
    for frame in frames:
        assert len(frame.encode()) <= FRAME_BYTES_MAX
        parsed = json.loads(frame)
        SCHEMA.validate(parsed)
        told += parsed["messages"]
    return told
