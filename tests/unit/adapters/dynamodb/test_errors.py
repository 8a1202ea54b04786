"""A write that lost a race is told from one that DynamoDB could not carry out."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.errors import FlareFlowError, RaceLostError, StorageUnavailableError


def refused(code: str, operation: str = "PutItem") -> ClientError:
    """A single write or read that DynamoDB refused."""
    return ClientError({"Error": {"Code": code, "Message": "told by DynamoDB"}}, operation)


def cancelled(*reasons: str) -> ClientError:
    """A cancelled transaction; `None` stands for an action that was fine, as in DynamoDB's own answer."""
    answer: dict[str, Any] = {
        "Error": {
            "Code": "TransactionCanceledException",
            "Message": f"Transaction cancelled, please refer cancellation reasons for specific reasons {list(reasons)}",
        },
        "CancellationReasons": [{"Code": reason} for reason in reasons],
    }
    return ClientError(answer, "TransactWriteItems")  # type: ignore[arg-type]


def translated(failure: Exception) -> FlareFlowError:
    with pytest.raises(FlareFlowError) as raised, translating("store a thing"):
        raise failure
    assert raised.value.__cause__ is failure
    assert str(raised.value).startswith("DynamoDB could not store a thing")
    return raised.value


@pytest.mark.parametrize(
    "failure",
    [
        refused("ConditionalCheckFailedException"),
        cancelled("ConditionalCheckFailed"),
        cancelled("None", "ConditionalCheckFailed"),
        cancelled("TransactionConflict", "ConditionalCheckFailed"),
        cancelled("ThrottlingError", "ConditionalCheckFailed"),
    ],
)
def test_a_failed_condition_is_a_race_that_is_lost_for_good(failure: ClientError) -> None:
    assert type(translated(failure)) is ConditionFailedError


@pytest.mark.parametrize(
    "failure",
    [
        refused("TransactionConflictException"),
        cancelled("None", "TransactionConflict"),
        cancelled("ThrottlingError", "TransactionConflict"),
    ],
)
def test_a_conflict_of_transactions_is_a_race_of_unknown_outcome(failure: ClientError) -> None:
    assert type(translated(failure)) is RaceLostError


@pytest.mark.parametrize(
    "failure",
    [
        refused("ProvisionedThroughputExceededException"),
        refused("ThrottlingException"),
        refused("InternalServerError"),
        refused("ResourceNotFoundException"),
        refused("AccessDeniedException"),
        refused("ValidationException"),
        cancelled("None", "ThrottlingError"),
        cancelled("None", "ValidationError"),
        cancelled(),
        ClientError({}, "GetItem"),
        EndpointConnectionError(endpoint_url="http://dynamodb"),
        ConnectTimeoutError(endpoint_url="http://dynamodb"),
    ],
)
def test_everything_else_is_an_outage(failure: Exception) -> None:
    assert type(translated(failure)) is StorageUnavailableError


def test_an_unexpected_exception_is_not_translated() -> None:
    with pytest.raises(KeyError), translating("store a thing"):
        raise KeyError("pk")


def test_a_call_that_succeeds_is_left_alone() -> None:
    with translating("store a thing"):
        pass
