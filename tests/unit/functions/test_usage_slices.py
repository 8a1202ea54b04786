"""Slices of the spend log from the queue are read one by one."""

from types import SimpleNamespace

from flareflow.errors import SpendLogUnavailableError
from flareflow.metering.rows import Reading, Slice
from tests.support.functions import Load, sample


def test_only_the_slices_that_failed_go_back_to_the_queue(load: Load) -> None:
    # Given three messages: one slice that can be read, one that cannot, one that is no slice
    def read(part: Slice, *_: object) -> Reading:
        if part.window.start.minute == 58:
            raise SpendLogUnavailableError("told to be down")
        return Reading()

    slices = load("usage_slices", read_slice=SimpleNamespace(run=read))
    record = sample("usage_slices")["Records"][0]
    down = '{"start":"2026-11-24T09:58:00Z","end":"2026-11-24T09:59:00Z"}'
    bodies = {"good": record["body"], "down": down, "garbage": "garbage"}
    event = {"Records": [record | {"messageId": name, "body": body} for name, body in bodies.items()]}
    # When they are handled
    answer = slices.handle(event)
    # Then the two that failed are named
    assert answer == {"batchItemFailures": [{"itemIdentifier": "down"}, {"itemIdentifier": "garbage"}]}


def test_a_failure_is_not_reported_again_by_the_next_batch(load: Load) -> None:
    # Given a batch whose only message failed
    slices = load("usage_slices", read_slice=SimpleNamespace(run=lambda *_: Reading()))
    event = sample("usage_slices")
    [record] = event["Records"]
    assert slices.handle({"Records": [record | {"body": "garbage"}]})["batchItemFailures"] != []
    # When the next batch is fine, Then nothing is reported
    assert slices.handle(event) == {"batchItemFailures": []}
