"""Queues of work, and what was given up after all attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class QueueName(StrEnum):
    """The queues; `…_dead_letters` hold what was given up."""

    USAGE_SLICES = "usage_slices"
    USAGE_SLICES_DEAD_LETTERS = "usage_slices_dead_letters"
    PUSH_FAILURES = "push_failures"
    ENFORCEMENT_FAILURES = "enforcement_failures"
    STREAM_DEAD_LETTERS = "stream_dead_letters"
    WEBHOOKS = "webhooks"
    WEBHOOKS_DEAD_LETTERS = "webhooks_dead_letters"


class DeadLetters(StrEnum):
    """The queues whose messages can be driven again."""

    USAGE_SLICES = "usage_slices_dead_letters"
    STREAMS = "stream_dead_letters"
    WEBHOOKS = "webhooks_dead_letters"


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How many messages wait in a queue, and how many are being handled; both are estimates of SQS."""

    name: QueueName
    waiting: int
    in_flight: int


@dataclass(frozen=True, slots=True)
class Redriven:
    """How many messages were moved to where they came from; `left` could not be assigned to any queue."""

    moved: int
    left: int


class Queues(Protocol):
    """The queues. Every method raises StorageUnavailableError."""

    def depths(self) -> Sequence[QueueDepth]: ...

    def redrive(self, name: DeadLetters) -> Redriven:
        """Move up to some hundred messages to the queues that they came from. May be repeated."""
