"""What LiteLLM's callback pushes becomes unconfirmed usage."""

import json

import pytest

from flareflow.adapters.litellm.push import pushed_calls
from flareflow.metering.ingest import IngestPush
from flareflow.metering.price_book import PriceBook
from tests.fakes.metering import FakeKeyDirectory, FakeUsageEvents
from tests.support.functions import Function, Load, sample

SECRET = "the secret of the push"


@pytest.fixture
def usage() -> FakeUsageEvents:
    return FakeUsageEvents()


@pytest.fixture
def ingest(load: Load, usage: FakeUsageEvents) -> Function:
    use_case = IngestPush(lambda: SECRET, pushed_calls, FakeKeyDirectory(), usage, PriceBook.load())
    return load("usage_ingest", ingest_push=use_case)


def test_a_push_becomes_unconfirmed_usage_and_is_accepted(ingest: Function, usage: FakeUsageEvents) -> None:
    answer = ingest.handle(sample("usage_ingest"))
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
def test_a_refused_push_is_a_problem_document(
    ingest: Function, usage: FakeUsageEvents, change: dict[str, object], status: int, code: str
) -> None:
    answer = ingest.handle(sample("usage_ingest") | change)
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (status, code)
    assert usage.waiting == {}
