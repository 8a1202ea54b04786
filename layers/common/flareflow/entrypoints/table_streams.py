"""DynamoDB streams: batches are handled in order, a failure is reported where it happened, and what was given up is
driven again from a queue.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Protocol

from aws_lambda_powertools import Logger
from pydantic import BaseModel, ConfigDict, Field

from flareflow.errors import FlareFlowError
from flareflow.time import Deadline

AT_ONCE_MAX: Final = 8
"""Subscriptions of a batch that are handled at the same time."""

logger = Logger(child=True)

type _Number = Annotated[str, Field(pattern=r"^[0-9]{1,40}$")]

type Record = Mapping[str, Any]
"""A change of an item, as its table's stream tells it."""

type ReadRecords = Callable[[str, str, str, str], Iterable[dict[str, Any]]]
"""The records of a stream (its ARN) and shard from one sequence number to another, both included."""
type BatchResponse = dict[str, list[dict[str, str]]]
"""Lambda's partial batch response: the record from which the stream has to be delivered again, if any."""


def each_in_order[C](
    event: dict[str, Any], decode: Callable[[Record], C | None], handle: Callable[[C], None]
) -> BatchResponse:
    """Decode and handle the records of a batch one by one; records that decode to None are skipped.

    At the first FlareFlowError it stops and reports that record. Lambda delivers the batch again from there, so
    no change is handled before an earlier one. Other exceptions fail the whole batch.
    """
    for record in event["Records"]:
        try:
            change = decode(record)
            if change is not None:
                handle(change)
        except FlareFlowError:
            logger.exception("a stream record failed; the stream delivers it again")
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
    return {"batchItemFailures": []}


class _Place(BaseModel):
    """Where the records of a failed batch are in their stream."""

    model_config = ConfigDict(defer_build=True)

    streamArn: str  # noqa: N815 (AWS's names)
    shardId: str  # noqa: N815
    startSequenceNumber: _Number  # noqa: N815
    endSequenceNumber: _Number  # noqa: N815


class _GivenUp(BaseModel):
    """What Lambda tells a queue of records that have failed at every attempt."""

    model_config = ConfigDict(defer_build=True)

    DDBStreamBatchInfo: _Place


def are_given_up(event: dict[str, Any]) -> bool:
    """Whether an event has messages about records that were given up, and no records."""
    return any(record.get("eventSource") == "aws:sqs" for record in event.get("Records", ()))


def drive_again[C](
    read: ReadRecords, decode: Callable[[Record], C | None], handle: Callable[[C], None], message: str
) -> None:
    """Handle the records that a message is about. Raises what reading and handling raise: the message comes again."""
    place = _GivenUp.model_validate_json(message).DDBStreamBatchInfo
    for record in read(place.streamArn, place.shardId, place.startSequenceNumber, place.endSequenceNumber):
        change = decode(record)
        if change is not None:
            handle(change)
    logger.info("records that were given up are handled", stream=place.streamArn, first=place.startSequenceNumber)


class OfSubscription(Protocol):
    """What a stream record of one subscription is decoded into."""

    @property
    def subscription_id(self) -> int: ...


@dataclass(slots=True)
class Group[C]:
    """The records of one subscription in a batch; `first` is the sequence number of the first one."""

    subscription_id: int
    first: str
    changes: list[C] = field(default_factory=list)


def each_subscription[C: OfSubscription](
    event: dict[str, Any],
    decode: Callable[[Record], Sequence[C]],
    handle: Callable[[int, Sequence[C]], None],
    deadline: Deadline,
) -> BatchResponse:
    """Handle all changes of a subscription in one call, and several subscriptions at the same time.

    A record may be a change of none, one or several subscriptions.

    Whatever fails holds up no other subscription. Lambda delivers the batch again from the first record of a failed or
    unreadable one, and of those that were not begun when the deadline was near; so what succeeded is handled again.
    """
    groups, failed = _grouped(event, decode)

    def succeeds(group: Group[C]) -> bool:
        if deadline.is_near():
            return False
        try:
            handle(group.subscription_id, group.changes)
        except Exception:
            logger.exception("changes of subscription %d failed; the stream delivers them again", group.subscription_id)
            return False
        return True

    with ThreadPoolExecutor(AT_ONCE_MAX) as pool:
        failed += [group.first for group, done in zip(groups, pool.map(succeeds, groups), strict=True) if not done]
    return {"batchItemFailures": [{"itemIdentifier": min(failed, key=int)}] if failed else []}


def _grouped[C: OfSubscription](
    event: dict[str, Any], decode: Callable[[Record], Sequence[C]]
) -> tuple[list[Group[C]], list[str]]:
    """The records by subscription, and the sequence numbers of those that could not be read."""
    groups: dict[int, Group[C]] = {}
    unreadable: list[str] = []
    for record in event["Records"]:
        number = str(record["dynamodb"]["SequenceNumber"])
        try:
            changes = decode(record)
        except Exception:
            logger.exception("a stream record could not be read; the stream delivers it again")
            unreadable.append(number)
            continue
        for change in changes:
            subscription_id = change.subscription_id
            groups.setdefault(subscription_id, Group(subscription_id, number)).changes.append(change)
    return list(groups.values()), unreadable
