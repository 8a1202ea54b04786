"""Answered calls as the two witnesses tell them: the gate's records and the rows of LiteLLM's spend log."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Final

from flareflow.values import value

COUNTED_WITHIN: Final = timedelta(hours=1)
"""What receipts promise: a call is counted so long after its end at the latest. A record without its row in the spend
log waits half an hour for it, then it is counted alone.
"""


@value
class Tokens:
    """Tokens of one call by kind. The kinds do not overlap, so their sum is what the call used.

    `prompt`: input that is no sound and was neither read from nor written to a cache. `cache_read`, `cache_write`:
    input, sound included. `completion`: output that is neither reasoning nor sound.
    """

    prompt: int = 0
    cache_read: int = 0
    cache_write: int = 0
    completion: int = 0
    reasoning: int = 0
    audio_input: int = 0
    audio_output: int = 0

    @classmethod
    def of_parts(  # noqa: PLR0913 (each number is told by another field of an answer)
        cls,
        *,
        input_tokens: int,
        output_tokens: int,
        cache_read: int = 0,
        cache_write: int = 0,
        audio_input: int = 0,
        reasoning: int = 0,
        audio_output: int = 0,
    ) -> "Tokens":
        """The kinds of a call whose input contains the tokens of the cache and of sound, and whose output the others.

        What a provider counts as sound and as read from a cache is only `cache_read`. Parts that are more than what
        contains them are cut to it, those that are named first last.
        """
        read = min(cache_read, input_tokens)
        write = min(cache_write, input_tokens - read)
        heard = min(audio_input, input_tokens - read - write)
        thought = min(reasoning, output_tokens)
        spoken = min(audio_output, output_tokens - thought)
        prompt, completion = input_tokens - read - write - heard, output_tokens - thought - spoken
        return cls(prompt, read, write, completion, thought, heard, spoken)

    @classmethod
    def sum(cls, several: Iterable["Tokens"]) -> "Tokens":
        return cls(*map(sum, zip(*map(counts, several), strict=True)))

    @property
    def input(self) -> int:
        """All that went in."""
        return self.prompt + self.cache_read + self.cache_write + self.audio_input

    @property
    def output(self) -> int:
        """All that came out."""
        return self.completion + self.reasoning + self.audio_output

    @property
    def total(self) -> int:
        return self.input + self.output

    @property
    def with_reasoning_as_text(self) -> "Tokens":
        """The same, where nothing tells reasoning from other text."""
        return replace(self, completion=self.completion + self.reasoning, reasoning=0)


TOKEN_KINDS: Final = tuple(field.name for field in fields(Tokens))
counts: Callable[[Tokens], tuple[int, ...]] = attrgetter(*TOKEN_KINDS)
"""The numbers of tokens in the order of `TOKEN_KINDS`."""
NO_TOKENS: Final = Tokens()


@value
class Units:
    """What a call used that is not counted in tokens: images that went in, and the length of sound in milliseconds."""

    images: int = 0
    milliseconds: int = 0


NO_UNITS: Final = Units()


class Ending(StrEnum):
    """How an answer ended, as the gate saw it."""

    COMPLETE = "complete"
    BROKEN_OFF = "broken_off"
    """The caller hung up, or the upstream failed in the middle: the tokens are those of what was sent."""
    UNKNOWN = "unknown"
    """The gate died while the answer was under way: the tokens are unknown and 0."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call as the gate saw it. `event_id` is the gate's own and becomes `litellm_call_id` in the spend log.

    `model` is the name that the caller used, `answered_by` the one in the answer. `base_model` is what the deployment
    calls, where the configuration has only one. `tokens_are_estimated`: counted by the gate from the text, since the
    answer ended before it told its usage.
    """

    event_id: str
    key_hash: str
    call_type: str
    model: str
    answered_by: str | None
    ending: Ending
    tokens: Tokens
    tokens_are_estimated: bool
    started_at: datetime
    ended_at: datetime
    base_model: str | None = None

    @property
    def answering_model(self) -> str:
        """The name by which the call is rated: that of the model that answered, which a fallback makes another one."""
        return self.answered_by or self.model

    @property
    def unlogged(self) -> "UnloggedCall":
        """What is kept of it without a row."""
        return UnloggedCall(
            call_id=self.event_id,
            key_hash=self.key_hash,
            call_type=self.call_type,
            model=self.answering_model,
            tokens=self.tokens,
            started_at=self.started_at,
            ended_at=self.ended_at,
            base_model=self.base_model,
        )

    @property
    def units(self) -> Units:
        """The gate counts tokens only."""
        return NO_UNITS

    @property
    def cost_nanousd(self) -> None:
        """Only LiteLLM tells what a call cost."""
        return None


@value
class LoggedCall:
    """One row of the spend log. Its identity is `request_id` and `started_at`; nothing else in it is unique.

    `call_id` (LiteLLM's `litellm_call_id`) is only used to find the gate's record of the same key. `upstream_id` is
    the id in the provider's answer. `model` is the name that the caller used, or that of a fallback that answered;
    `base_model` is what its deployment calls. `cost_nanousd` is None where LiteLLM gave no usable cost. `failed`:
    LiteLLM calls the call a failure, although it used tokens.
    """

    request_id: str
    started_at: datetime
    ended_at: datetime
    key_hash: str
    call_type: str
    model: str
    tokens: Tokens
    cost_nanousd: int | None = None
    call_id: str | None = None
    upstream_id: str | None = None
    failed: bool = False
    base_model: str | None = None
    units: Units = NO_UNITS

    @property
    def answering_model(self) -> str:
        """The name by which the call is rated."""
        return self.model

    @property
    def tells_nothing(self) -> bool:
        """Whether nobody knows what the call used, nor what it cost."""
        return self.cost_nanousd is None and not self.tokens.total and self.units == NO_UNITS

    @property
    def digest(self) -> str:
        """A SHA-256 of its identity, for rows that are set aside: ids may have any form."""
        return hashlib.sha256(f"{self.request_id}|{self.started_at.isoformat()}".encode()).hexdigest()


@value
class UnloggedCall:
    """What is kept of a record whose row is not known. It has the names of `LoggedCall`."""

    call_id: str
    key_hash: str
    call_type: str
    model: str
    tokens: Tokens
    started_at: datetime
    ended_at: datetime
    base_model: str | None = None
    request_id: None = None
    cost_nanousd: None = None
    units: Units = NO_UNITS


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row, a record or a push that nobody can be billed for now, kept until a person decides.

    `identity` tells it from all others (a repetition has the same), `reason` is one of a fixed list of words, `body`
    is what arrived, as JSON text. `at`: when the call started, if that can be read.
    """

    identity: str
    reason: str
    body: str
    at: datetime | None = None
