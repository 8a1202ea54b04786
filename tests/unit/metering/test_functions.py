"""The metering functions, from AWS' event to what they answer."""

import importlib
import json
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import APIGatewayProxyEventV2Model, EventBridgeModel, SqsModel

from flareflow.adapters.litellm.push import pushed_calls
from flareflow.errors import SpendLogUnavailableError
from flareflow.metering.ingest import IngestPush
from flareflow.metering.models import PollReport, Reading, Window
from flareflow.metering.price_book import PriceBook
from tests.fakes.metering import FakeKeyDirectory, FakeUsageEvents

EVENTS = Path(__file__).parents[2] / "events"
SECRET = "the secret of the push"
CONTEXT = SimpleNamespace(
    function_name="function",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:function",
    aws_request_id="invocation-1",
    get_remaining_time_in_millis=lambda: 60_000,
)


def sample(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_bytes())


def function(name: str, monkeypatch: pytest.MonkeyPatch, **use_cases: object) -> ModuleType:
    """The handler's module with its composition root's use cases replaced."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "FlareFlow")
    module = importlib.import_module(f"functions.{name}.app")
    for attribute, use_case in use_cases.items():
        monkeypatch.setattr(module, attribute, lambda use_case=use_case: use_case)
    return module


def test_the_sample_events_are_as_aws_sends_them() -> None:
    EventBridgeModel.model_validate(sample("usage_polling"))
    APIGatewayProxyEventV2Model.model_validate(sample("usage_ingest"))
    SqsModel.model_validate(sample("usage_slices"))


@pytest.fixture
def usage() -> FakeUsageEvents:
    return FakeUsageEvents()


@pytest.fixture
def ingest(monkeypatch: pytest.MonkeyPatch, usage: FakeUsageEvents) -> ModuleType:
    use_case = IngestPush(lambda: SECRET, pushed_calls, FakeKeyDirectory(), usage, PriceBook.load())
    return function("usage_ingest", monkeypatch, ingest_push=use_case)


def test_a_push_becomes_unconfirmed_usage_and_is_accepted(ingest: ModuleType, usage: FakeUsageEvents) -> None:
    answer = ingest.handler(sample("usage_ingest"), CONTEXT)
    assert (answer["statusCode"], json.loads(answer["body"])) == (
        202,
        {"received": "1", "added": "1", "malformed": "0"},
    )
    assert usage.live(1).unconfirmed.rated_microtokens == 63_000_000


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"headers": {}}, 401, "push_secret_wrong"),
        ({"headers": {"authorization": "Bearer no"}}, 401, "push_secret_wrong"),
        ({"body": "not json"}, 400, "invalid_push"),
        ({"body": None}, 400, "invalid_push"),
    ],
)
def test_a_push_that_is_not_taken_is_a_problem(
    ingest: ModuleType, usage: FakeUsageEvents, change: dict[str, object], status: int, code: str
) -> None:
    answer = ingest.handler(sample("usage_ingest") | change, CONTEXT)
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (status, code)
    assert usage.waiting == {}


def test_a_tick_polls_first_and_seals_then(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a poll and a sealing that say that they ran
    ran: list[str] = []

    def poll(*_: object) -> PollReport:
        ran.append("poll")
        return PollReport(Reading(seen=3, counted=2), dropped=0, slices=0)

    polling = function(
        "usage_polling",
        monkeypatch,
        poll_usage=SimpleNamespace(run=poll),
        seal_epoch=SimpleNamespace(run=lambda _: ran.append("seal")),
    )
    # When the schedule fires
    report = polling.handler(sample("usage_polling"), CONTEXT)
    # Then both have run, in this order
    assert ran == ["poll", "seal"]
    assert (report["poll"]["reading"]["counted"], report["sealed"]) == (2, None)


def test_only_the_slices_that_failed_go_back_to_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given three messages: one window that can be read, one that cannot, one that is no window
    def read(window: Window, *_: object) -> Reading:
        if window.start.minute == 58:
            raise SpendLogUnavailableError("told to be down")
        return Reading()

    slices = function("usage_slices", monkeypatch, read_slice=SimpleNamespace(run=read))
    record = sample("usage_slices")["Records"][0]
    down = '{"start":"2026-11-24T09:58:00Z","end":"2026-11-24T09:59:00Z"}'
    bodies = {"good": record["body"], "down": down, "garbage": "garbage"}
    event = {"Records": [record | {"messageId": name, "body": body} for name, body in bodies.items()]}
    # When they are handled
    answer = slices.handler(event, CONTEXT)
    # Then the two that failed are named
    assert answer == {"batchItemFailures": [{"itemIdentifier": "down"}, {"itemIdentifier": "garbage"}]}
