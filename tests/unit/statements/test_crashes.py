"""Sealing when invocations end anywhere: totals, immutability and replay under random histories."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.statements.sealing import Sealing

STEPS_OF_ONE_TICK = 24
"""Before and after each write of a tick with two usage pages and three settlement pages: close, the pages, settlement
index, price book, usage index, statement as a document and in the table, sealed."""

calls = st.tuples(st.integers(1, 5), st.integers(1, 1_000))
epochs = st.lists(
    st.tuples(
        st.lists(calls, max_size=4),
        st.lists(st.integers(1, STEPS_OF_ONE_TICK), max_size=3),
        st.booleans(),
    ),
    max_size=8,
)


@given(epochs)
@settings(max_examples=200)
def test_whatever_crashes_every_call_is_in_exactly_one_statement(
    history: list[tuple[list[tuple[int, int]], list[int], bool]],
) -> None:
    # Given epochs with calls, ticks that crash at some step, and settlements that move on in between
    sealing = Sealing()
    for counted, crashes, settles in history:
        for subscription_id, count in counted:
            sealing.count(subscription_id, count)
        sealing.next_epoch()
        for step in crashes:
            before = dict(sealing.statements.kept)
            sealing.tick_that_crashes(step)
            assert before.items() <= sealing.statements.kept.items()
            sealing.check()
            if settles:
                sealing.settled.kept |= sealing.metered
        sealing.tick()
        sealing.check()
    # When ticks go on without crashes
    sealing.next_epoch()
    sealing.tick()
    sealing.tick()
    # Then the newest statement has every call once
    newest = sealing.statements.before(sealing.epoch + 1)
    totals = sealing.totals(newest) if newest else {}
    sealed = {one: total.usage.rated_microtokens for one, total in totals.items()}
    assert sealed == sealing.metered


def test_a_crash_at_any_single_step_leads_to_the_same_statement() -> None:
    # Given what the statement is when nothing crashes
    def with_usage() -> Sealing:
        sealing = Sealing()
        for subscription_id in range(1, 300):
            sealing.count(subscription_id, subscription_id)
        return sealing

    undisturbed = with_usage()
    expected = undisturbed.seal()
    assert undisturbed.faults.steps == STEPS_OF_ONE_TICK
    for step in range(1, STEPS_OF_ONE_TICK + 1):
        # When a tick ends at the step and another follows
        sealing = with_usage()
        sealing.next_epoch()
        assert sealing.tick_that_crashes(step)
        sealing.tick()
        # Then the statement is the same
        assert sealing.statements.kept == {1_000: expected}
        assert sealing.usage.pointer == undisturbed.usage.pointer
        sealing.check()
