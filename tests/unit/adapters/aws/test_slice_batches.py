"""What SQS did not take of a batch is not taken for queued."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from flareflow.adapters.aws.queues import SqsSliceQueue
from flareflow.errors import StorageUnavailableError
from flareflow.metering.models import Window
from flareflow.metering.rows import Slice

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@dataclass
class Client:
    """An SQS client that takes batches and fails the entries whose ids are in `failing`."""

    failing: set[str] = field(default_factory=set)
    sizes: list[int] = field(default_factory=list)

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        self.sizes.append(len(Entries))
        ids = [entry["Id"] for entry in Entries]
        assert len(set(ids)) == len(ids), "SQS refuses a batch in which an id comes twice"
        answer: dict[str, Any] = {"Successful": [{"Id": one} for one in ids if one not in self.failing]}
        failed = [{"Id": one, "Code": "InternalError", "SenderFault": False} for one in ids if one in self.failing]
        return answer | ({"Failed": failed} if failed else {})


def send(client: Client, count: int) -> None:
    minute = timedelta(minutes=1)
    slices = [Slice(Window(START + n * minute, START + (n + 1) * minute)) for n in range(count)]
    SqsSliceQueue(cast("SQSClient", client), "https://queue").send(slices)


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (10, [10]), (11, [10, 1]), (25, [10, 10, 5])])
def test_ten_slices_are_sent_at_once(count: int, sizes: list[int]) -> None:
    client = Client()
    send(client, count)
    assert client.sizes == sizes


def test_one_slice_of_a_batch_that_failed_means_that_storage_is_unavailable() -> None:
    with pytest.raises(StorageUnavailableError, match="1 of 3 slices"):
        send(Client(failing={"1"}), 3)
