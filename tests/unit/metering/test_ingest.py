"""A post of records changes unconfirmed usage only, comes from the gate only, and loses no record."""

from dataclasses import dataclass, field

import pytest

from flareflow.errors import UnauthenticatedError
from flareflow.metering.calls import SetAside
from flareflow.metering.ingest import IngestRecords, IngestReport, PostedRecords
from flareflow.metering.opening import of_row
from flareflow.metering.usage_events import DifferenceKind
from tests.fakes.metering import NOW, FakeKeyDirectory, FakeUsageEvents, record, row
from tests.fakes.spend_log import FakeCases

SECRET = "the secret of the push"
BEARER = f"Bearer {SECRET}"


@dataclass
class Post:
    """IngestRecords over fakes; the body is what a test says that it means."""

    usage: FakeUsageEvents = field(default_factory=FakeUsageEvents)
    cases: FakeCases = field(default_factory=FakeCases)
    posted: PostedRecords = field(default_factory=lambda: PostedRecords((record("call-1").call,)))

    def arrive(self, authorization: str = BEARER) -> IngestReport:
        use_case = IngestRecords(
            push_secret=lambda: SECRET,
            parse=lambda *_: self.posted,
            keys=FakeKeyDirectory(),
            usage=self.usage,
            cases=self.cases,
        )
        return use_case.run(authorization, b"", NOW)


def test_a_recorded_call_is_unconfirmed_usage_at_once() -> None:
    post = Post()
    assert post.arrive() == IngestReport(received=1, added=1, set_aside=0, of_unknown_keys=0)
    assert post.usage.live(1).unconfirmed.rated_microtokens == 10_000_000


def test_a_record_that_is_posted_again_changes_nothing() -> None:
    post = Post()
    post.arrive()
    assert post.arrive().added == 0
    assert post.usage.live(1).unconfirmed.tokens == 10


def test_a_call_that_was_counted_before_its_record_arrives_stays_as_it_is() -> None:
    post = Post(FakeUsageEvents(epoch=1))
    post.usage.count([row("a", call_id="call-1")], NOW)
    assert post.arrive().added == 0
    assert post.usage.live(1).unconfirmed.tokens == 0


def test_records_of_unknown_keys_and_unreadable_ones_are_told_and_the_others_go_on() -> None:
    unreadable = SetAside("record x", "record_unreadable", "{}")
    strange, ours = record("call-1", key_hash="cd" * 32).call, record("call-2").call
    post = Post(posted=PostedRecords((strange, ours), (unreadable,)))
    assert post.arrive() == IngestReport(received=3, added=1, set_aside=1, of_unknown_keys=1)
    assert list(post.cases.opened.values()) == [of_row(unreadable, NOW)]


def test_what_a_record_shows_to_be_billed_twice_is_listed() -> None:
    post = Post(FakeUsageEvents(epoch=1))
    post.usage.count([row("a", call_id="call-1"), row("b", call_id="call-1")], NOW)
    post.arrive()
    assert post.cases.reasons() == {DifferenceKind.BILLED_TWICE: 1}


@pytest.mark.parametrize("authorization", ["", "Bearer ", f"Bearer {SECRET}x", SECRET, "Bearer ungültig"])
def test_a_post_without_the_secret_is_refused(authorization: str) -> None:
    post = Post()
    with pytest.raises(UnauthenticatedError):
        post.arrive(authorization)
    assert post.usage.calls == {}
