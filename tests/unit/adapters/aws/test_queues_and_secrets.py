"""The queue of slices and the secrets, with moto in place of AWS."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters import clear_caches
from moto import mock_aws

from flareflow.adapters.aws.queues import SliceMessage, SqsSliceQueue
from flareflow.adapters.aws.secrets import secret
from flareflow.errors import StorageUnavailableError
from flareflow.metering.models import Window
from flareflow.metering.rows import Listing, Slice

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REGION = "us-east-1"


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, REGION)
    clear_caches()  # type: ignore[no-untyped-call]
    with mock_aws():
        yield


def test_every_slice_that_is_sent_can_be_read_from_the_queue() -> None:
    # Given more slices than one request takes
    sqs = boto3.client("sqs", region_name=REGION)
    queue_url = sqs.create_queue(QueueName="slices")["QueueUrl"]
    slices = [Slice(Window(START + n * MINUTE, START + (n + 1) * MINUTE), Listing.BY_END) for n in range(23)]
    # When they are sent
    SqsSliceQueue(sqs, queue_url).send(slices)
    # Then all are there
    received = []
    while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
        received += [SliceMessage.model_validate_json(message["Body"]).part() for message in messages]
    assert sorted(received, key=lambda part: part.window.start) == slices


def test_a_queue_that_does_not_exist_means_that_storage_is_unavailable() -> None:
    queue = SqsSliceQueue(boto3.client("sqs", region_name=REGION), "https://sqs.us-east-1.amazonaws.com/1/none")
    with pytest.raises(StorageUnavailableError):
        queue.send([Slice(Window(START, START + MINUTE))])


def test_a_secret_is_cached_until_the_cache_expires() -> None:
    manager = boto3.client("secretsmanager", region_name=REGION)
    arn = manager.create_secret(Name="push", SecretString="first")["ARN"]
    value = secret(arn)
    assert value() == "first"
    manager.put_secret_value(SecretId=arn, SecretString="second")
    assert value() == "first"
    clear_caches()  # type: ignore[no-untyped-call]
    assert value() == "second"


def test_a_secret_that_does_not_exist_means_that_storage_is_unavailable() -> None:
    with pytest.raises(StorageUnavailableError):
        secret("none")()


def test_a_secret_is_read_again_after_300_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    ages: list[int] = []

    def get_secret(secret_id: str, *, max_age: int) -> str:
        ages.append(max_age)
        return f"value of {secret_id}"

    monkeypatch.setattr(parameters, "get_secret", get_secret)
    assert secret("push")() == "value of push"
    assert ages == [300]
