"""DynamoDB's failures in our words, for every adapter of this package."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from flareflow.errors import RaceLostError, StorageUnavailableError


@contextmanager
def translating(what: str) -> Iterator[None]:
    """Run a DynamoDB call; `what` completes "DynamoDB could not …".

    Raises RaceLostError where a condition did not hold (of one write, or of one within a transaction),
    StorageUnavailableError for everything else that DynamoDB or the way to it refuses.
    """
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        if isinstance(error, ClientError) and "ConditionalCheckFailed" in _reasons(error):
            raise RaceLostError(f"DynamoDB found a condition broken: {what}") from error
        raise StorageUnavailableError(f"DynamoDB could not {what}: {error}") from error


def _reasons(error: ClientError) -> set[str]:
    """The codes of what went wrong, of every action where it was a transaction."""
    code = error.response["Error"]["Code"].removesuffix("Exception")
    reasons = error.response.get("CancellationReasons", [])
    return {code, *(str(reason.get("Code")) for reason in reasons)}
