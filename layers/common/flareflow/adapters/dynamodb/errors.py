"""Translation of DynamoDB's failures into FlareFlow's errors, for every adapter of this package."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from flareflow.errors import RaceLostError, StorageUnavailableError

CONDITION_FAILED: Final = "ConditionalCheckFailed"
CONFLICT: Final = "TransactionConflict"


class ConditionFailedError(RaceLostError):
    """The condition of a write did not hold, so nothing was written.

    Any other RaceLostError of this package is a conflict with a concurrent transaction: nothing was written, and
    whether the condition would have held is unknown.
    """


@contextmanager
def translating(what: str) -> Iterator[None]:
    """Run a DynamoDB call; `what` completes the sentence "DynamoDB could not …".

    Raises ConditionFailedError when a condition did not hold, RaceLostError on a conflict with a concurrent
    transaction, StorageUnavailableError for every other failure. A cancelled transaction is judged by the reasons of
    its actions: one failed condition outweighs conflicts, and either outweighs the rest.
    """
    try:
        yield
    except ClientError as error:
        reasons = _reasons(error)
        if CONDITION_FAILED in reasons:
            raise ConditionFailedError(f"DynamoDB could not {what}: a condition does not hold") from error
        if CONFLICT in reasons:
            raise RaceLostError(f"DynamoDB could not {what}: another transaction writes the same items") from error
        raise StorageUnavailableError(f"DynamoDB could not {what}: {error}") from error
    except BotoCoreError as error:
        raise StorageUnavailableError(f"DynamoDB could not {what}: {error}") from error


def _reasons(error: ClientError) -> set[str]:
    """The error's code without `Exception`, and the code of every action where a transaction was cancelled."""
    code = error.response.get("Error", {}).get("Code", "").removesuffix("Exception")
    reasons = error.response.get("CancellationReasons", [])
    return {code, *(str(reason.get("Code")) for reason in reasons)}
