"""The owner's calls: each is billed once, in one form, for amounts that are no less than nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from flareflow.metering.price_book import Pattern, Price
from flareflow_verify.bundle import ProvenEvent
from flareflow_verify.checking import Finding, Outcome, check
from flareflow_verify.evidence import Evidence, Link, MissingError
from flareflow_verify.steps.events import check_rating
from tests.support.bills import BOOK, FIRST_EPOCH, SUBSCRIPTION, World, billing


def found_of(world: World, link: Link) -> Finding:
    (found,) = (one for one in check(world.bundle(), world.trust).findings if one.link is link)
    return found


def test_a_call_that_is_billed_twice_is_named() -> None:
    # Given an operator who bills the first call of the epoch a second time
    def twice(world: World) -> None:
        events = world.usage.kept[FIRST_EPOCH + 1][SUBSCRIPTION]
        events.append(events[0])

    # When the owner's calls are checked
    found = found_of(billing(twice), Link.EVENTS)
    # Then the call is named, although all hashes and sums fit
    assert found.outcome is Outcome.DIFFERS
    assert found.said == f"event {FIRST_EPOCH + 1}-{SUBSCRIPTION}-0 is billed 2 times"


def test_a_call_that_was_rated_by_another_book_than_the_statement_names_is_named() -> None:
    # Given an operator who rates the first call of the epoch by a book of its own
    def by_another_book(world: World) -> None:
        events = world.usage.kept[FIRST_EPOCH + 1][SUBSCRIPTION]
        events[0] = replace(events[0], price_book_hash=b"\x12" * 32, rated_microtokens=5)

    # When the owner's calls are checked
    found = found_of(billing(by_another_book), Link.RATING)
    # Then the call is named, although all hashes and sums fit
    assert found.outcome is Outcome.DIFFERS
    assert found.said.startswith(f"event {FIRST_EPOCH + 1}-{SUBSCRIPTION}-0 was rated by the book 0x{'12' * 32}")


def test_more_models_and_patterns_than_are_compared_leave_the_rating_unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given calls of three models, and a price book with more patterns than there is time to compare with
    monkeypatch.setattr("flareflow_verify.steps.events.COMPARED_MAX", 5)
    patterns = [Pattern(match=name, price=Price(prompt=1, completion=1)) for name in ("one", "two")]
    evidence = Evidence(World().bundle())
    evidence.__dict__["price_book"] = BOOK.model_copy(update={"patterns": patterns})
    # Then nothing is said about their weight
    with pytest.raises(MissingError, match="3 models would be compared with 2 patterns"):
        check_rating(evidence)


@pytest.mark.parametrize(
    "rewrite",
    [
        pytest.param(lambda text: text.replace('"tokens"', '"tokens":{},"tokens"'), id="a field twice"),
        pytest.param(lambda text: text.replace(":", ": ", 1), id="a space"),
        pytest.param(lambda text: text.replace('"5000"', '"-5000"'), id="less than nothing"),
        pytest.param(lambda text: text.replace('"5000"', '"5_000"'), id="a number in another form"),
        pytest.param(lambda text: text.replace('"5000"', "5000"), id="a number that is no text"),
        pytest.param(lambda text: text.replace("flareflow-event/1", "flareflow-event/2"), id="another version"),
        pytest.param(lambda text: text.replace(f'"{SUBSCRIPTION}"', '"8"'), id="another subscription"),
        pytest.param(lambda text: json.dumps([text]), id="no object"),
        pytest.param(lambda text: f'{text[:-1]},"note":1.0}}', id="a field too many"),
        pytest.param(lambda text: text.replace('"call_type":"acompletion",', ""), id="a field too few"),
        pytest.param(
            lambda text: text.replace('"base_model":null', '"base_model":5'), id="a base model that is no text"
        ),
        pytest.param(lambda text: text.replace('"units":{}', '"units":[]'), id="units that are no amounts"),
        pytest.param(lambda text: text.replace('"units":{}', '"units":{"tons":"1"}'), id="an unknown kind"),
        pytest.param(lambda text: text.replace('"units":{}', '"units":{"images":"-1"}'), id="images below zero"),
    ],
)
def test_an_event_of_another_form_is_refused(rewrite: Callable[[str], str]) -> None:
    world = World()
    text = rewrite(world.event(1).text)
    assert text != world.event(1).text
    bundle: Any = world.bundle().model_copy(update={"event": ProvenEvent(text=text, siblings=())})
    (found,) = (one for one in check(bundle, world.trust).findings if one.link is Link.EVENT)
    assert found.outcome is Outcome.DIFFERS
    assert "cannot be read" in found.said
