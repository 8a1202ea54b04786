"""What a stranger recomputes from the documents alone, with code that knows only `docs/statement.md`."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flareflow.statements.events import event_text
from tests.unit.statements import stranger
from tests.unit.statements.sealing import Sealing

calls = st.tuples(st.integers(0, 1_500), st.integers(0, 1_000))
histories = st.lists(st.tuples(st.lists(calls, min_size=1, max_size=6), st.booleans()), min_size=1, max_size=6)


def fetching(sealing: Sealing) -> stranger.Fetch:
    return lambda path: sealing.documents.kept[path].text


@given(histories)
@settings(max_examples=100, deadline=None)
def test_a_stranger_recomputes_every_statement_and_every_call(
    history: list[tuple[list[tuple[int, int]], bool]],
) -> None:
    # Given statements over random calls, after some of which everything is settled
    sealing = Sealing()
    before: dict[int, stranger.Line] = {}
    previous = bytes(32)
    for counted, settles in history:
        for subscription_id, count in counted:
            sealing.count(subscription_id, count)
        epoch = sealing.seal().epoch
        # When a stranger reads each
        fetch = fetching(sealing)
        found = stranger.read(fetch, epoch)
        # Then it follows on the one before, and every line grew by its own events, each of which is proven
        assert found.previous == previous
        for subscription_id in {one for one, _ in counted}:
            events = sealing.usage.events(epoch, [subscription_id])[subscription_id]
            texts = [event_text(event) for event in events]
            stranger.check_events(before.get(subscription_id), found.lines[subscription_id], texts)
            assert all(stranger.prove(fetch, epoch, subscription_id, text, texts) for text in texts)
        unchanged = before.keys() - {one for one, _ in counted}
        assert all(found.lines[one] == before[one] for one in unchanged)
        # And what may be charged is what was not settled
        rated = {one: line.amounts["rated_microtokens"] for one, line in found.lines.items()}
        assert found.charges == {one: total for one, total in rated.items() if total > sealing.settled.kept.get(one, 0)}
        if settles:
            sealing.settled.kept |= rated
        before, previous = dict(found.lines), found.hash


def test_a_stranger_sees_that_a_page_was_changed() -> None:
    sealing = Sealing()
    sealing.count(1, 10)
    statement = sealing.seal()
    for path, kept in list(sealing.documents.kept.items()):
        if path.startswith("/v1/pages/"):
            sealing.documents.kept[path] = replace(kept, text=kept.text.replace("10000000", "10000001"))
            with pytest.raises(AssertionError):
                stranger.read(fetching(sealing), statement.epoch)
            sealing.documents.kept[path] = kept
