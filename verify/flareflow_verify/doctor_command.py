"""The command `doctor`: whether everything that the command needs is there and answers, and what to do if not."""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import httpx

from flareflow.adapters.flow.rest import FlowRest
from flareflow.errors import UnavailableError
from flareflow.time import Clock, Epochs, utc_now
from flareflow.transparency.notes import SignedCheckpoint
from flareflow.transparency.policy import POLICY_BYTES_MAX, LogPolicy
from flareflow.transparency.tiles import CHECKPOINT, LOG_PATH
from flareflow_verify.amounts import counted
from flareflow_verify.checking import Exit
from flareflow_verify.credentials import KEY, SESSION, credential
from flareflow_verify.errors import CommandError
from flareflow_verify.output import Paper, printable
from flareflow_verify.reading import read_bytes
from flareflow_verify.sources.api import Api, Deployment
from flareflow_verify.sources.flare import REGISTRY, FlareNode
from flareflow_verify.sources.host import StatementHost
from flareflow_verify.sources.http import Budget, SourceError
from flareflow_verify.sources.service import KeyCredits, Service, SignedOutError, gate_url

PYTHON_MIN: Final = (3, 13)
LIBRARIES: Final = ("flareflow", "httpx", "pydantic", "pycryptodome", "websockets")
CLOCK_SECONDS_MAX: Final = 30
BLOCK_SECONDS_MAX: Final = 120
STATEMENT_SECONDS_MAX: Final = 20 * 60
NAME_CHARACTERS: Final = 11
REACH_HOST: Final = "see whether --host is right and the network works"


class State(StrEnum):
    """What a check found. `absent`: it was not named, and not everything needs it."""

    FINE = "fine"
    WRONG = "wrong"
    ABSENT = "absent"


MARKS: Final = {State.FINE: ("✓", 32), State.WRONG: ("✗", 31), State.ABSENT: ("-", 33)}


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was looked at; `advice` is what to do about it."""

    name: str
    state: State
    said: str
    advice: str = ""


class WrongError(Exception):
    """Something answers, and not as it should; the second argument is what to do."""


@dataclass(slots=True)
class Doctor:
    """Looks at one thing after another; nothing that is wrong keeps it from the next."""

    given: argparse.Namespace
    http: httpx.Client
    host: httpx.Client
    clock: Clock
    seconds: Callable[[], float] = time.monotonic
    deployment: Deployment | None = field(default=None, init=False)

    def look(self) -> Iterator[Found]:
        yield self._found("command", self._command, "install it with Python 3.13 or newer: pipx install .")
        if not self.given.host:
            yield Found("statements", State.ABSENT, "no host is named", "name --host, or set FLAREFLOW_HOST")
        else:
            yield self._found("statements", self._statements, REACH_HOST)
            yield self._found("clock", self._clock, "let this machine set its clock by the network (NTP)", REACH_HOST)
            yield self._found(
                "log", self._log, "without the log, verify needs to be called without --policy", REACH_HOST
            )
        yield self._found("flow", self._flow, "name another access node with --flow")
        yield self._found("flare", self._flare, "name another node with --flare, or another registry: --flare-registry")
        yield self._found("models", self._models, "see whether the key is right: flareflow balance")
        yield self._found("session", self._session, f"sign in again on the page, and set {SESSION}")

    def _found(self, name: str, check: Callable[[], str | None], advice: str, when_silent: str | None = None) -> Found:
        """What a check finds. `when_silent` is the advice where nothing answers, if it is another one."""
        began = self.seconds()
        try:
            said = check()
        except SignedOutError as error:
            return Found(name, State.WRONG, f"it is refused: {error}", advice)
        except httpx.HTTPError as error:
            return Found(name, State.WRONG, f"there is no answer: {error}", when_silent or advice)
        except (SourceError, UnavailableError, WrongError, CommandError, OSError, ValueError) as error:
            is_silent = isinstance(error.__cause__, httpx.HTTPError)
            return Found(name, State.WRONG, str(error), (when_silent if is_silent else None) or advice)
        if said is None:
            return Found(name, State.ABSENT, "not named, and only some commands need it")
        return Found(name, State.FINE, f"{said} ({self.seconds() - began:.1f} s)")

    def _command(self) -> str:
        if sys.version_info < PYTHON_MIN:
            raise WrongError(f"this is Python {platform.python_version()}")
        return f"Python {platform.python_version()}, {', '.join(f'{one} {_version(one)}' for one in LIBRARIES)}"

    def _statements(self) -> str:
        self.deployment = Api(Service(self.http, self.given.host)).get_deployment()
        newest = StatementHost(self.host).epochs_before()
        if not newest:
            raise WrongError(f"{self.given.host} has no statement yet")
        epochs = Epochs(max(1, self.deployment.epoch_seconds))
        seconds = (self.clock() - epochs.end(newest[0])).total_seconds()
        if seconds > STATEMENT_SECONDS_MAX:
            raise WrongError(f"the newest statement, of epoch {newest[0]}, is {seconds / 60:.0f} minutes old")
        return f"{self.given.host}, newest statement of epoch {newest[0]}"

    def _clock(self) -> str:
        told = self.host.get("/v1/health").headers.get("date", "")
        difference = self.clock() - parsedate_to_datetime(told)
        seconds = difference.total_seconds()
        if abs(seconds) > CLOCK_SECONDS_MAX:
            raise WrongError(f"this machine's clock differs by {seconds:.0f} s from that of {self.given.host}")
        return f"within {max(1, abs(round(seconds)))} s of that of the host"

    def _log(self) -> str:
        signed = SignedCheckpoint.parse(StatementHost(self.host).content(f"{LOG_PATH}/{CHECKPOINT}").decode())
        said = counted(signed.checkpoint.size, "statement")
        if not self.given.policy:
            return f"{said}; name the witnesses that you trust with --policy"
        policy = LogPolicy.parse(read_bytes(Path(self.given.policy), POLICY_BYTES_MAX))
        policy.require_log(signed)
        if not policy.is_met_by(policy.cosigners(signed)):
            raise WrongError(f"{said} without the quorum {policy.quorum} of {self.given.policy}")
        return f"{said}, signed as {self.given.policy} asks"

    def _flow(self) -> str | None:
        url = self.given.flow or (self.deployment.flow.access_node if self.deployment else None)
        if not url:
            return None
        with Budget().client(url) as http:
            block = FlowRest(http).latest_sealed_block()
        self._require_recent(block.timestamp, "the newest sealed block")
        return f"{url}, block {block.height}"

    def _flare(self) -> str | None:
        told = self.deployment.flare if self.deployment and not self.given.flare else None
        url = told.rpc if told else self.given.flare
        if not url:
            return None
        registry = self.given.flare_registry or (told.registry if told else None) or REGISTRY
        node = FlareNode(self.http, url, registry)
        block, relay = node.newest_block(), node.contract("Relay")
        self._require_recent(datetime.fromtimestamp(block.timestamp, UTC), "the newest block")
        return f"{url}, block {block.number}, Relay {relay}"

    def _require_recent(self, moment: datetime, what: str) -> None:
        seconds = (self.clock() - moment).total_seconds()
        if seconds > BLOCK_SECONDS_MAX:
            raise WrongError(f"{what} is {seconds:.0f} s old: the node is behind, or this machine's clock is wrong")

    def _models(self) -> str | None:
        url = self.given.models or (self.deployment.models_url if self.deployment else None)
        key = credential(KEY)
        if not url or not key:
            return None
        found = Service(self.http, gate_url(url), key).get(KeyCredits, "/v1/credits")
        return f"{url}, the key is {found.standing}"

    def _session(self) -> str | None:
        session = credential(SESSION)
        if not session or not self.given.host:
            return None
        found = list(Api(Service(self.http, self.given.host, session)).get_subscriptions())
        return f"it is valid, of an account with {counted(len(found), 'subscription')}"


def run(given: argparse.Namespace) -> int:
    """Look at everything and print what was found; the exit status is 1 if something is wrong, otherwise 0.

    Raises CommandError for a host that is no address.
    """
    budget = Budget()
    try:
        with budget.client() as http, budget.client(given.host or "") as host:
            found = list(Doctor(given, http, host, utc_now).look())
    except SourceError as error:
        raise CommandError(str(error)) from error
    paper = Paper.on_standard_output()
    if given.json:
        paper.print(json.dumps([asdict(one) for one in found], indent=2))
    else:
        for one in found:
            paper.print(_line(one, paper))
    return Exit.DIFFERENCE if any(one.state is State.WRONG for one in found) else Exit.VERIFIED


def _line(found: Found, paper: Paper) -> str:
    mark, colour = MARKS[found.state]
    said = printable(found.said)
    if found.advice:
        said = f"{said.rstrip('.')}. {found.advice[:1].upper()}{found.advice[1:]}"
    line = paper.wrapped(f"{mark} {found.name:<{NAME_CHARACTERS}} {said}", NAME_CHARACTERS + 3)
    return line.replace(mark, paper.styled(mark, colour), 1)


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"
