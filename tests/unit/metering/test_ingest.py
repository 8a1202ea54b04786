"""A push changes unconfirmed usage only, comes from LiteLLM only, and counts no call twice."""

from dataclasses import dataclass, field

import pytest

from flareflow.errors import UnauthenticatedError
from flareflow.metering.ingest import IngestPush
from flareflow.metering.models import PushedCalls, PushReport, UsageEvent
from flareflow.metering.price_book import PriceBook
from tests.fakes.metering import NOW, FakeKeyDirectory, FakeUsageEvents, finished_call

SECRET = "the secret of the push"
BEARER = f"Bearer {SECRET}"


@dataclass
class Push:
    """IngestPush over fakes; the body is what a test says that it means."""

    usage: FakeUsageEvents = field(default_factory=FakeUsageEvents)
    pushed: PushedCalls = field(default_factory=lambda: PushedCalls(1, (finished_call("call-1"),), 0))

    def arrive(self, authorization: str = BEARER) -> PushReport:
        use_case = IngestPush(
            push_secret=lambda: SECRET,
            parse=lambda _: self.pushed,
            keys=FakeKeyDirectory(),
            usage=self.usage,
            price_book=PriceBook.load(),
        )
        return use_case.run(authorization, b"", NOW)


def test_a_pushed_call_is_unconfirmed_usage_at_once() -> None:
    push = Push()
    assert push.arrive() == PushReport(received=1, added=1, malformed=0)
    assert push.usage.live(1).unconfirmed.tokens == 10


def test_a_call_pushed_again_changes_nothing() -> None:
    push = Push()
    push.arrive()
    assert push.arrive().added == 0
    assert push.usage.live(1).unconfirmed.tokens == 10


def test_a_call_that_was_counted_before_its_push_arrives_stays_as_it_is() -> None:
    push = Push(FakeUsageEvents(epoch=1))
    push.usage.count([UsageEvent.rated_by(PriceBook.load(), finished_call("call-1"), 1)], NOW)
    assert push.arrive().added == 0
    assert push.usage.live(1).unconfirmed.tokens == 0


def test_calls_of_unknown_keys_and_malformed_ones_are_reported_only() -> None:
    push = Push(pushed=PushedCalls(3, (finished_call("call-1", key_hash="cd" * 32), finished_call("call-2")), 1))
    assert push.arrive() == PushReport(received=3, added=1, malformed=1)


@pytest.mark.parametrize("authorization", ["", "Bearer ", f"Bearer {SECRET}x", SECRET, "Bearer ungültig"])
def test_a_push_without_the_secret_is_refused(authorization: str) -> None:
    push = Push()
    with pytest.raises(UnauthenticatedError):
        push.arrive(authorization)
    assert push.usage.waiting == {}
