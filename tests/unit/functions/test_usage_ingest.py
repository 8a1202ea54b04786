"""What the gate posts becomes unconfirmed usage."""

import json

import pytest

from flareflow.entrypoints.gate_records import posted_records
from flareflow.metering.ingest import IngestRecords
from flareflow.metering.price_book import PriceBook
from tests.fakes.metering import FakeKeyDirectory, FakePriceBooks, FakeUsageEvents
from tests.fakes.spend_log import FakeCases
from tests.support.functions import Function, Load, sample

SECRET = "the secret of the push"


@pytest.fixture
def usage() -> FakeUsageEvents:
    return FakeUsageEvents(books=FakePriceBooks({0: PriceBook.load()}))


@pytest.fixture
def ingest(load: Load, usage: FakeUsageEvents) -> Function:
    use_case = IngestRecords(lambda: SECRET, posted_records, FakeKeyDirectory(), usage, FakeCases())
    return load("usage_ingest", ingest_records=use_case)


def test_a_record_becomes_unconfirmed_usage_and_is_accepted(ingest: Function, usage: FakeUsageEvents) -> None:
    answer = ingest.handle(sample("usage_ingest"))
    assert (answer["statusCode"], json.loads(answer["body"])) == (
        202,
        {"received": "1", "added": "1", "set_aside": "0", "of_unknown_keys": "0"},
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
def test_a_refused_post_is_a_problem_document(
    ingest: Function, usage: FakeUsageEvents, change: dict[str, object], status: int, code: str
) -> None:
    answer = ingest.handle(sample("usage_ingest") | change)
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (status, code)
    assert usage.calls == {}
