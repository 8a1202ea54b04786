"""What a watcher of live messages (`docs/live.md`) knows of one subscription, and what it says of each message."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, Field, ValidationError

from flareflow_verify.amounts import money, rated
from flareflow_verify.bundle import Count, Name
from flareflow_verify.sources.http import SourceError

MESSAGES_MAX: Final = 1_000
CALLS_MAX: Final = 1_000
KEYS_MAX: Final = 100
FINAL: Final = frozenset({"subscription_not_found", "too_many_watched", "too_many_watchers", "invalid_request"})
"""Codes of errors after which it makes no sense to try again."""


class EndedError(SourceError):
    """The server does not let this subscription be watched; the message says why."""


class UnusableFrameError(Exception):
    """The server sent something of another form; the connection is given up."""


class Totals(BaseModel):
    version: Count
    counted_microtokens: Count
    unconfirmed_microtokens: Count


class Call(BaseModel):
    model: Name
    tokens: Count
    rated_microtokens: Count
    state: Name


class Balance(BaseModel):
    balance_ufix64: Count


class Standing(BaseModel):
    standing: Name


class Sealed(BaseModel):
    epoch: Count
    sealed_microtokens: Count
    statement_hash: Name


class Attested(BaseModel):
    epoch: Count
    attested_microtokens: Count
    voting_round: Count


class Settled(BaseModel):
    epoch: Count
    settled_microtokens: Count
    charged_ufix64: Count


class SuspendedKey(BaseModel):
    alias: Name
    reason: Name


class Tidings(BaseModel):
    """The `data` of any message about a subscription; what a type does not have is None.

    Those of a snapshot have the newest of each type under its name.
    """

    totals: Totals | None = None
    balance: Balance | None = None
    standing: Standing | Name | None = None
    sealed: Sealed | None = None
    attested: Attested | None = None
    settled: Settled | None = None
    suspended: Annotated[tuple[SuspendedKey, ...], Field(max_length=KEYS_MAX)] = ()
    calls: Annotated[tuple[Call, ...], Field(max_length=CALLS_MAX)] = ()
    calls_left_out: Count = 0
    epoch: Count | None = None
    sealed_microtokens: Count | None = None
    attested_microtokens: Count | None = None
    settled_microtokens: Count | None = None
    charged_ufix64: Count | None = None
    balance_ufix64: Count | None = None
    voting_round: Count | None = None
    statement_hash: Name | None = None
    alias: Name | None = None
    reason: Name | None = None


class Reached(BaseModel):
    subscription_id: Count
    sequence: Count


class Message(BaseModel):
    """A message: about a subscription if it has `data`, otherwise about the connection."""

    type: Name
    sequence: Count | None = None
    at: datetime | None = None
    data: Tidings | None = None
    watched: Annotated[tuple[Reached, ...], Field(max_length=MESSAGES_MAX)] = ()
    code: Name | None = None
    detail: Name | None = None
    reason: Name | None = None


class Frame(BaseModel):
    messages: Annotated[tuple[Message, ...], Field(max_length=MESSAGES_MAX)]


@dataclass(slots=True)
class Watched:
    """One subscription as it is now, as far as messages have told. Usage in rated micro-tokens, cumulative.

    `last` is the number of the last message; None before the first. `must_ask` is set where something was missed.
    """

    subscription_id: int
    last: int | None = None
    must_ask: bool = False
    is_asked: bool = False
    totals: Totals | None = None
    sealed: int = 0
    attested: int = 0
    settled: int = 0
    balance_ufix64: int | None = None
    standing: str | None = None

    def request(self) -> str:
        """What to send in order to watch, from the last message on if there was one."""
        self.must_ask, self.is_asked = False, True
        after = {} if self.last is None else {"after": str(self.last)}
        return json.dumps({"action": "watch", "subscription_id": str(self.subscription_id), **after})

    def take(self, text: str | bytes) -> Sequence[Message]:
        """The new messages of a frame, each once and in order. Raises EndedError or UnusableFrameError."""
        try:
            messages = Frame.model_validate_json(text).messages
        except ValidationError as error:
            raise UnusableFrameError from error
        return [one for one in messages if self._is_new(one)]

    def _is_new(self, message: Message) -> bool:
        match message.type:
            case "snapshot":
                self.last, self.is_asked = message.sequence, False
            case "watching":
                self.is_asked = False
                return False
            case "pong":
                self._compare(message)
                return False
            case "watch.ended":
                raise EndedError(f"the subscription can no longer be watched: {message.reason}")
            case "error":
                if message.code in FINAL:
                    raise EndedError(f"{message.code}: {message.detail}")
                raise UnusableFrameError
            case _ if message.sequence is None or message.data is None or not self._follows(message.sequence):
                return False
        self._learn(message.data or Tidings())
        return True

    def _follows(self, sequence: int) -> bool:
        """Whether a message is the next one; what was missed is asked for, once."""
        if self.last is None or sequence <= self.last:
            return False
        if sequence == self.last + 1:
            self.last = sequence
            return True
        self.must_ask = not self.is_asked
        return False

    def _compare(self, pong: Message) -> None:
        reached = [one.sequence for one in pong.watched if one.subscription_id == self.subscription_id]
        self.must_ask = not reached or self.last is None or reached[0] > self.last

    def _learn(self, told: Tidings) -> None:
        if told.totals is not None and (self.totals is None or told.totals.version > self.totals.version):
            self.totals = told.totals
        sealed, attested, settled = told.sealed or told, told.attested or told, told.settled or told
        self.sealed = max(self.sealed, sealed.sealed_microtokens or 0)
        self.attested = max(self.attested, attested.attested_microtokens or 0)
        self.settled = max(self.settled, settled.settled_microtokens or 0)
        balance = told.balance_ufix64 if told.balance is None else told.balance.balance_ufix64
        self.balance_ufix64 = self.balance_ufix64 if balance is None else balance
        standing = told.standing.standing if isinstance(told.standing, Standing) else told.standing
        self.standing = standing or self.standing

    @property
    def status(self) -> str:
        """Pending and proven apart, in one line: what is not attested yet, what is, what was charged, what is left."""
        proven = max(self.attested, self.settled)
        counted, unconfirmed = (
            (self.totals.counted_microtokens, self.totals.unconfirmed_microtokens) if self.totals else (0, 0)
        )
        parts = [
            f"pending {_short(max(0, counted - proven) + unconfirmed)}",
            f"proven {_short(proven)}",
            f"charged {_short(self.settled)} rated tokens",
            *([f"deposit {money(self.balance_ufix64, '').rstrip()}"] if self.balance_ufix64 is not None else []),
            *([self.standing] if self.standing else []),
        ]
        return " | ".join(parts)


def lines(message: Message) -> Iterator[str]:
    """What a message tells, for people."""
    told, at = message.data or Tidings(), f"{message.at:%H:%M:%S}" if message.at else "        "
    for call in told.calls:
        yield f"{at} {call.state:<11} {call.model}, {call.tokens:,} tokens, {rated(call.rated_microtokens)}"
    if told.calls_left_out:
        yield f"{at} … and {told.calls_left_out} calls more"
    for key in told.suspended:
        yield f"{at} {_of_key('suspended', key.alias, key.reason)}"
    said = _said(message.type, told)
    if said:
        yield f"{at} {said}"


def _of_key(state: str, alias: str | None, reason: str | None) -> str:
    by = " by an administrator" if reason == "administrator" else ""
    return f"key         {alias or '(no name)'} {state}{by}"


def _said(kind: str, told: Tidings) -> str | None:
    said = None
    match kind:
        case "usage.sealed":
            said = f"sealed      {rated(told.sealed_microtokens or 0)} in all, epoch {told.epoch}"
        case "usage.attested":
            said = f"attested    {rated(told.attested_microtokens or 0)} in all, voting round {told.voting_round}"
        case "usage.settled":
            charged = money(told.charged_ufix64 or 0, "of the token")
            said = f"charged     {charged} for {rated(told.settled_microtokens or 0)} in all"
        case "balance.changed":
            said = f"deposit     {money(told.balance_ufix64 or 0, 'of the token')} left"
        case "standing.changed":
            said = f"standing    {told.standing}"
        case "key.suspended" | "key.resumed":
            said = _of_key(kind.removeprefix("key."), told.alias, told.reason)
    return said


def _short(microtokens: int) -> str:
    return rated(microtokens).removesuffix(" rated tokens")
