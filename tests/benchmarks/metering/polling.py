"""A poll of a log of many rows, over HTTP and with DynamoDB Local: how long it takes, and how much memory.

Beside the poller run two more processes: one serves the log, one is DynamoDB Local. The poller is a process of its own,
`python -m tests.benchmarks.metering.polling TABLE LITELLM ROWS`, whose peak memory is that of `usage_polling` with
everything that it imports. It reads what the poll leaves in the queue as `usage_slices` does, one slice after the
other.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

from flareflow.adapters.dynamodb.cases import DynamoCases
from flareflow.adapters.dynamodb.reading_progress import DynamoReadingProgress
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.litellm.client import litellm_client
from flareflow.adapters.litellm.spend_log import LiteLLMSpendLog
from flareflow.bootstrap.spend_log import READ_SECONDS_OF_POLLS
from flareflow.metering.call_types import known_call_types
from flareflow.metering.polling import PollUsage, ReadQueuedSlice
from flareflow.metering.reading import ReadSlice
from flareflow.metering.rows import Reading
from flareflow.metering.sorting import SortRows
from flareflow.time import Deadline, Epochs
from infra.local.aws import session as aws
from infra.local.ports import HOST, url
from tests.benchmarks.metering.log import Log
from tests.fakes.metering import FakeKeyDirectory, FakePriceBooks
from tests.fakes.spend_log import FakeSliceQueue
from tests.support.dynamodb import fresh_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

NOW: Final = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SPAN: Final = timedelta(minutes=5)
CALLS_OF_EACH: Final = 100
LOOK_BACK: Final = timedelta(minutes=12)
GRACE: Final = timedelta(minutes=30)
POLL_SECONDS: Final = 240
SLICE_SECONDS: Final = 180
SECONDS_MAX: Final = 1_800
KIB: Final = 1024


def log_of(rows: int) -> Log:
    return Log(rows // CALLS_OF_EACH, CALLS_OF_EACH, NOW - SPAN, SPAN)


def deadline(seconds: int) -> Deadline:
    return Deadline(datetime.now(UTC) + timedelta(seconds=seconds))


def poll(table: "Table", litellm: str, log: Log) -> Reading:
    """Poll once, and read all that is left of it."""
    usage, cases = DynamoUsageEvents(table, time.sleep, FakePriceBooks()), DynamoCases(table, time.sleep)
    usage.open_epoch_if_none(Epochs().at(NOW))
    progress, queue = DynamoReadingProgress(table, time.sleep), FakeSliceQueue()
    sort = SortRows(FakeKeyDirectory(log.keys), usage, cases, known_call_types())
    with litellm_client(litellm, lambda: "sk-master", READ_SECONDS_OF_POLLS) as http:
        read = ReadSlice(LiteLLMSpendLog(http), sort, cases, progress)
        use_case = PollUsage(read, usage, cases, progress, queue, Epochs(), LOOK_BACK, GRACE)
        reading = use_case.run(NOW, deadline(POLL_SECONDS)).reading
        while queue.sent:
            part = queue.sent.pop(0)
            reading += ReadQueuedSlice(read, progress, queue).run(part, NOW, deadline(SLICE_SECONDS))
    return reading


def main(table: str, litellm: str, rows: int) -> None:
    storage = aws.session().resource("dynamodb", endpoint_url=url("dynamodb")).Table(table)
    begin = time.perf_counter()
    reading = poll(storage, litellm, log_of(rows))
    seconds = time.perf_counter() - begin
    assert reading.counted == rows, reading
    sys.stdout.write(json.dumps({"seconds": round(seconds, 2), "peak_memory_mib": _peak_mib()}))


def _peak_mib() -> int:
    """The peak memory of this process. `ru_maxrss` may be that of the process that has started it."""
    told = Path("/proc/self/status").read_text()
    return int(told.partition("VmHWM:")[2].split()[0]) // KIB


@contextmanager
def served(log: Log) -> Iterator[str]:
    """The log behind HTTP; its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            log.requests += 1
            body = log.answer(dict(parse_qsl(urlsplit(self.path).query)))
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def measured(rows: int) -> dict[str, float]:
    log = log_of(rows)
    for number in range(log.rows):
        log.row_text(number)
    with served(log) as litellm, fresh_table("UsageTable") as table:
        command = [sys.executable, "-m", __name__, table.name, litellm, str(rows)]
        found = json.loads(subprocess.check_output(command, timeout=SECONDS_MAX))
        return {**found, "requests": log.requests}


def figures(rows: int) -> dict[str, float]:
    """Of a poll of so many rows, and of one of a tenth of them and of the subscriptions."""
    few, many = measured(rows // 10), measured(rows)
    return {
        **{f"poll_{name}": value for name, value in many.items()},
        "poll_rows": rows,
        "poll_rows_per_second": round(rows / many["seconds"]),
        "poll_of_a_tenth_seconds": few["seconds"],
        "times_of_ten_times_the_rows": round(many["seconds"] / few["seconds"], 2),
    }


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
