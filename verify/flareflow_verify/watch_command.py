"""The command `watch`: live usage in the terminal until Ctrl-C."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Final, Protocol

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from flareflow_verify.credentials import SESSION, credential
from flareflow_verify.errors import CommandError
from flareflow_verify.output import Paper, Progress, printable
from flareflow_verify.sources.api import Api
from flareflow_verify.sources.http import Budget, SourceError, require_confidential
from flareflow_verify.sources.service import Service, SignedOutError
from flareflow_verify.watching import EndedError, Message, UnusableFrameError, Watched, lines

PING_SECONDS: Final = 60.0
ANSWER_SECONDS: Final = 10.0
RETRY_SECONDS: Final = 0.5
RETRY_SECONDS_MAX: Final = 30.0
RETRIES_MAX: Final = 20
"""In a row, which take about eight minutes."""
FRAME_BYTES_MAX: Final = 128 * 1024
PING: Final = json.dumps({"action": "ping"})


class Socket(Protocol):
    """An open WebSocket."""

    def send(self, message: str) -> None: ...

    def recv(self, timeout: float) -> str | bytes:
        """Raises TimeoutError when nothing comes in time, WebSocketException when the connection has ended."""


type Connect = Callable[[], AbstractContextManager[Socket]]


@dataclass(frozen=True, slots=True)
class Show:
    """Lines as they come, and on a terminal the status below them."""

    paper: Paper
    status: Progress
    is_json: bool

    def tell(self, message: Message, watched: Watched) -> None:
        self.status.end()
        for line in [message.model_dump_json(exclude_defaults=True)] if self.is_json else lines(message):
            self.paper.print(printable(line))
        self.status.say(watched.status)


@dataclass(slots=True)
class Watcher:
    """Watches until it is interrupted, and comes back after a break. Raises SourceError when it cannot."""

    watched: Watched
    connect: Connect
    show: Callable[[Message, Watched], None]
    say: Callable[[str], None]
    pause: Callable[[float], None] = time.sleep
    failures: int = 0

    def run(self) -> None:
        while self.failures <= RETRIES_MAX:
            try:
                with self.connect() as socket:
                    self._follow(socket)
            except (EndedError, SignedOutError):
                raise
            except (WebSocketException, OSError, UnusableFrameError, SourceError) as error:
                self.say(f"the connection broke off ({type(error).__name__}), connecting again")
            self.pause(min(RETRY_SECONDS * 2**self.failures, RETRY_SECONDS_MAX))
            self.failures += 1
        raise SourceError(f"no connection after {RETRIES_MAX} attempts")

    def _follow(self, socket: Socket) -> None:
        """Read until the connection ends. Raises TimeoutError, an OSError, when a ping is not answered."""
        socket.send(self.watched.request())
        is_answer_due = True
        while True:
            try:
                frame = socket.recv(ANSWER_SECONDS if is_answer_due else PING_SECONDS)
            except TimeoutError:
                if is_answer_due:
                    raise
                socket.send(PING)
                is_answer_due = True
                continue
            is_answer_due, self.failures = False, 0
            for message in self.watched.take(frame):
                self.show(message, self.watched)
            if self.watched.must_ask:
                socket.send(self.watched.request())


def run(given: argparse.Namespace) -> int:
    """Watch until Ctrl-C, which ends with 0. Raises CommandError."""
    session = credential(SESSION)
    if not session:
        raise CommandError(f"set {SESSION} to a session; it does not belong on a command line")
    if not given.host:
        raise CommandError("name --host, or set FLAREFLOW_HOST")
    try:
        with Progress(sys.stdout, sys.stdout.isatty()) as status, suppress(KeyboardInterrupt):
            show = Show(Paper.on_standard_output(), status, given.json)
            _watcher(given, session, show, status).run()
    except SourceError as error:
        raise CommandError(str(error)) from error
    return 0


def _watcher(given: argparse.Namespace, session: str, show: Show, status: Progress) -> Watcher:
    """Tells at first what was charged before, which no message repeats."""
    with Budget().client() as http:
        api = Api(Service(http, given.host, session))
        live_url = given.live or api.get_deployment().live_url
        known = api.get_subscriptions_subscription_id(given.subscription).subscription
    require_confidential(live_url)

    def opened() -> AbstractContextManager[Socket]:
        with Budget().client() as http:
            ticket = Api(Service(http, given.host, session)).post_websocket_tickets().ticket
        return connect(
            f"{live_url}?ticket={ticket}", max_size=FRAME_BYTES_MAX, ping_interval=None, open_timeout=ANSWER_SECONDS
        )

    watched = Watched(given.subscription, settled=known.settled_microtokens, attested=known.settled_microtokens)
    return Watcher(watched, opened, show.tell, status.say)
