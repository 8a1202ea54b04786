"""What calls that have ended leave of the credit at the gate, before and after their records are handed over."""

import asyncio
from typing import Any

from flareflow_gate.credit import AHEAD_CALLS, REFUSED_SECONDS, CreditDesk, Granted, Reservation
from flareflow_gate.refusals import RefusedError
from tests.unit.proxy.gate_harness import TOP_UP_URL, FakeCredit
from tests.unit.proxy.test_credit import CALL, admitted, desk_over, run


def test_what_an_ended_call_has_cost_is_not_waited_for_although_flareflow_does_not_know_it_yet() -> None:
    # Given a call that has ended, and whose record was not handed over
    credit = FakeCredit(left=2 * CALL)
    desk = desk_over(credit)

    async def calls() -> tuple[RefusedError, RefusedError]:
        [first], _ = await admitted(desk, 1)
        desk.track("event-1", first)
        # When a call comes that does not fit beside it, Then it may wait for it, or not once it has ended
        _, [while_under_way] = await admitted(desk, 1, most=CALL + 1)
        desk.settle("event-1", CALL)
        credit.now += REFUSED_SECONDS
        _, [after_it] = await admitted(desk, 1, most=CALL + 1)
        return while_under_way, after_it

    while_under_way, after_it = run(calls)
    assert (while_under_way.status, after_it.status) == (429, 402)
    assert "the deposit pays for 10." in after_it.message


def test_what_is_handed_over_while_credit_is_asked_for_is_not_waited_for() -> None:
    # Given a call that has ended, whose record arrives while FlareFlow works on what the next call has asked
    credit = FakeCredit(left=2 * CALL)
    desk = desk_over(credit)
    answer = credit.lease

    async def overtaken(*asked: Any) -> Granted:
        granted = await answer(*asked)
        desk.handed_over(["event-1"])
        credit.left = CALL
        return granted

    async def calls() -> RefusedError:
        [first], _ = await admitted(desk, 1)
        desk.track("event-1", first)
        desk.settle("event-1", CALL)
        credit.lease = overtaken  # type: ignore[method-assign, assignment]
        _, [refused] = await admitted(desk, 1, most=CALL + 1)
        return refused

    # Then that call is told to top up
    assert run(calls).status == 402


def test_a_record_that_flareflow_has_counted_is_not_taken_off_again_before_its_hand_over_is_known() -> None:
    # Given a deposit of three calls, of which two have ended: FlareFlow has counted both, and the gate knows of neither
    credit = FakeCredit(left=3 * CALL)
    desk = CreditDesk(credit, TOP_UP_URL, lambda: credit.now)

    async def calls() -> tuple[list[Reservation], list[RefusedError]]:
        for event_id in ("event-1", "event-2"):
            [ended], _ = await admitted(desk, 1)
            desk.track(event_id, ended)
            desk.settle(event_id, CALL)
            credit.left -= CALL
        # When the third comes, and then the answers to both hand-overs, one after the other
        third = asyncio.create_task(admitted(desk, 1))
        for event_id in ("event-1", "event-2"):
            for _ in range(50):
                await asyncio.sleep(0)
            desk.handed_over([event_id])
        return await third

    # Then it is admitted
    made, refused = run(calls)
    assert (len(made), refused) == (1, [])


def test_what_is_handed_over_while_credit_is_asked_for_is_not_counted_twice() -> None:
    # Given a deposit of two calls, of which one has ended, and FlareFlow has its record before it answers the next
    credit = FakeCredit(left=2 * CALL)
    desk = desk_over(credit)
    answer = credit.lease

    async def overtaken(*asked: Any) -> Granted:
        desk.handed_over(["event-1"])
        credit.left = CALL
        return await answer(*asked)

    async def calls() -> tuple[list[Reservation], list[RefusedError]]:
        [first], _ = await admitted(desk, 1)
        desk.track("event-1", first)
        desk.settle("event-1", CALL)
        credit.lease = overtaken  # type: ignore[method-assign, assignment]
        return await admitted(desk, 1)

    # Then the other call is admitted
    made, refused = run(calls)
    assert (len(made), refused) == (1, [])


def test_what_was_handed_over_is_usage_and_leaves_the_lease_when_it_is_renewed() -> None:
    # Given a call that has cost half of its bound, whose record FlareFlow has: what is left is less by that
    credit = FakeCredit(left=3 * CALL)
    desk = desk_over(credit)

    async def calls() -> int:
        [first], _ = await admitted(desk, 1)
        desk.track("event-1", first)
        desk.settle("event-1", CALL // 2)
        credit.left -= CALL // 2
        desk.handed_over(["event-1", "of another gate"])
        # When as many more come as the rest pays for, and one more
        credit.now += REFUSED_SECONDS
        more, _ = await admitted(desk, 3)
        return len(more)

    assert run(calls) == 2


def test_what_was_handed_over_is_not_free_before_the_lease_is_renewed() -> None:
    # Given a lease of nine calls, one of which was made and handed over
    credit = FakeCredit()
    desk = desk_over(credit)

    async def calls() -> tuple[int, int, int]:
        [first], _ = await admitted(desk, 1)
        desk.track("event-1", first)
        desk.handed_over(["event-1"])
        # When one comes that can cost as much as nine, Then what it needs beyond the rest of the lease is asked for
        await admitted(desk, 1, most=(1 + AHEAD_CALLS) * CALL)
        return credit.asked[1]

    assert run(calls)[:2] == (AHEAD_CALLS * CALL, CALL)
