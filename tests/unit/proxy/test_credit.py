"""Credit at the gate: no call is admitted whose upper bound does not fit into what is left."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from flareflow_gate.credit import (
    AHEAD_CALLS,
    REFUSED_SECONDS,
    SAFETY_SECONDS,
    CreditDesk,
    CreditUnavailableError,
    Reservation,
    UnknownKeyError,
)
from flareflow_gate.refusals import RefusedError
from tests.unit.proxy.gate_harness import TOP_UP_URL, FakeCredit, GateHarness, answer, chat

KEY = "ab" * 32
CALL = 10 * 10**6
"""What a call can cost: ten rated tokens."""


def desk_over(credit: FakeCredit) -> CreditDesk:
    return CreditDesk(credit, TOP_UP_URL, lambda: credit.now, hand_over_seconds=0.01)


def run[T](work: Callable[[], Awaitable[T]]) -> T:
    """Run `work`, and what it leaves to the background."""

    async def both() -> T:
        result = await work()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            await task
        return result

    return asyncio.run(both())


async def admitted(desk: CreditDesk, calls: int, most: int = CALL) -> tuple[list[Reservation], list[RefusedError]]:
    """So many calls at once: those that are admitted, and the refusals of the others."""
    outcomes = await asyncio.gather(*(desk.reserve(KEY, most) for _ in range(calls)), return_exceptions=True)
    unexpected = [one for one in outcomes if not isinstance(one, Reservation | RefusedError)]
    assert unexpected == []
    return (
        [one for one in outcomes if isinstance(one, Reservation)],
        [one for one in outcomes if isinstance(one, RefusedError)],
    )


def test_calls_at_once_never_reserve_more_than_is_left() -> None:
    # Given a deposit that pays for three and a half calls
    credit = FakeCredit(left=35 * 10**6)
    # When 50 come at once, Then three are admitted, and the others are told to wait for them
    calls, refusals = run(lambda: admitted(desk_over(credit), 50))
    assert len(calls) == 3
    assert {(refusal.status, refusal.code) for refusal in refusals} == {(429, "insufficient_credit")}


def test_a_flood_of_calls_that_are_refused_asks_for_credit_once_a_second() -> None:
    credit = FakeCredit(left=5 * 10**6)
    desk = desk_over(credit)

    async def flood() -> list[int]:
        asked = []
        for _ in range(3):
            _, refusals = await admitted(desk, 50)
            assert len(refusals) == 50
            asked.append(len(credit.asked))
            credit.now += REFUSED_SECONDS / 2
        return asked

    assert run(flood) == [1, 1, 2]


def test_a_call_that_can_cost_more_than_the_whole_rest_is_told_to_top_up() -> None:
    _, [refusal] = run(lambda: admitted(desk_over(FakeCredit(left=CALL - 1)), 1))
    assert (refusal.status, refusal.code) == (402, "insufficient_credit")
    assert TOP_UP_URL in refusal.message


@pytest.mark.parametrize(
    ("standing", "status", "code"),
    [
        ("overdrawn", 402, "insufficient_credit"),
        ("capped", 402, "insufficient_credit"),
        ("exiting", 402, "insufficient_credit"),
        ("unknown", 503, "credit_unknown"),
        ("something new", 503, "credit_unknown"),
    ],
)
def test_a_standing_that_allows_no_calls_admits_none(standing: str, status: int, code: str) -> None:
    calls, [refusal] = run(lambda: admitted(desk_over(FakeCredit(standing=standing)), 1))
    assert (calls, refusal.status, refusal.code) == ([], status, code)


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [(UnknownKeyError(), 401, "invalid_api_key"), (CreditUnavailableError(), 503, "credit_unknown")],
)
def test_without_an_answer_no_call_is_admitted(failure: Exception, status: int, code: str) -> None:
    calls, [refusal] = run(lambda: admitted(desk_over(FakeCredit(fails=failure)), 1))
    assert (calls, refusal.status, refusal.code) == ([], status, code)


def test_calls_after_the_first_find_credit_that_was_leased_ahead() -> None:
    # Given a first call, which has asked for itself and for later calls
    credit = FakeCredit()
    desk = desk_over(credit)
    run(lambda: admitted(desk, 1))
    assert credit.asked == [(0, CALL, AHEAD_CALLS * CALL)]
    # When others follow, Then none waits: an answer that never comes would hold them up
    waits = asyncio.Event()

    async def never(*_: object) -> None:
        await waits.wait()

    credit.lease = never  # type: ignore[method-assign, assignment]

    async def follow() -> None:
        async with asyncio.timeout(60):
            for _ in range(AHEAD_CALLS):
                await desk.reserve(KEY, CALL)
        waits.set()

    async def both() -> None:
        await follow()

    asyncio.run(both())


def test_credit_that_is_leased_ahead_is_renewed_before_it_is_used_up() -> None:
    credit = FakeCredit()
    desk = desk_over(credit)

    async def calls() -> None:
        for _ in range(4 * AHEAD_CALLS):
            await desk.reserve(KEY, CALL)
            for _ in range(5):  # the background has its turn between two calls
                await asyncio.sleep(0)

    run(calls)
    assert [needed for _, needed, _ in credit.asked].count(0) == len(credit.asked) - 1


def test_a_call_is_settled_at_what_it_has_used() -> None:
    # Given credit for two calls
    credit = FakeCredit(left=2 * CALL)
    desk = desk_over(credit)

    async def calls() -> tuple[int, int]:
        [first, _], _ = await admitted(desk, 2)
        desk.track("event-1", first)
        _, refused = await admitted(desk, 1)
        # When one of them has cost a fifth of its bound
        desk.settle("event-1", CALL // 5)
        # Then there is room for what it has not used
        more, _ = await admitted(desk, 1, most=CALL * 4 // 5)
        return len(refused), len(more)

    assert run(calls) == (1, 1)


def test_a_call_that_was_refused_by_litellm_costs_no_credit() -> None:
    credit = FakeCredit(left=CALL)
    desk = desk_over(credit)

    async def calls() -> int:
        for number in range(5):
            [call], _ = await admitted(desk, 1)
            desk.track(f"event-{number}", call)
            desk.release(f"event-{number}")
        return len(credit.asked)

    assert run(calls) >= 1


def test_a_lease_is_not_used_after_it_has_run_out() -> None:
    # Given credit for many calls, of which one is under way, when FlareFlow does not answer any more
    credit = FakeCredit()
    desk = desk_over(credit)
    run(lambda: admitted(desk, 1))
    credit.fails = CreditUnavailableError()
    credit.now += 180 - SAFETY_SECONDS - 1
    calls, _ = run(lambda: admitted(desk, 1))
    assert len(calls) == 1
    # When the lease has run out, Then no call is admitted
    credit.now += 1
    calls, [refusal] = run(lambda: admitted(desk, 1))
    assert (calls, refusal.code) == ([], "credit_unknown")


def test_two_gates_share_what_is_left() -> None:
    # Given another gate that holds all but one call
    credit = FakeCredit(left=10 * CALL, others=9 * CALL)
    calls, refusals = run(lambda: admitted(desk_over(credit), 5))
    assert (len(calls), len(refusals)) == (1, 4)


def test_the_bound_of_a_call_is_the_longest_answer_of_whichever_model_may_answer(gate: GateHarness) -> None:
    # Given a model with a fallback that writes more
    gate.fallbacks, gate.priced = {"gpt-4o": frozenset({"o3"})}, frozenset({"gpt-4o", "o3"})
    gate.litellm.parts = [answer()]
    gate.call()
    # When it writes 4,000 tokens more than the model itself, Then credit is needed for as much more
    gate.longest = {"o3": 5_000}
    gate.call(headers={"authorization": "Bearer sk-another"})
    without, with_fallback = [needed for _, needed, _ in gate.credit.asked if needed]
    assert with_fallback - without == 4_000 * 10**6


def test_the_bound_of_a_call_is_its_bytes_and_its_longest_answer(gate: GateHarness) -> None:
    # Given a deposit that pays for the prompt and 99 tokens more
    gate.litellm.parts = [answer()]
    body = chat(max_tokens=100)
    gate.call(body=body)
    [(_, bound, _)] = gate.credit.asked
    exact = bound // 10**6
    poor = GateHarness(gate.litellm, gate.outbox, credit=FakeCredit(left=bound - 10**6), numbers=gate.numbers)
    # When it asks for a hundred, for ten times ten, or for an image, Then it is refused; for 99 it is not
    assert poor.call(body=body).status == 402
    assert poor.call(body=chat(max_tokens=10, n=10)).status == 402
    assert poor.call(body=chat(max_tokens=99)).status == 200
    assert exact > 100 + len(str(body))
    picture = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.example/1.png"}}]}
    assert poor.call(body={**chat(max_tokens=1), "messages": [picture]}).status == 402


def test_without_max_tokens_the_models_own_limit_counts(gate: GateHarness) -> None:
    gate.litellm.parts = [answer()]
    gate.call(body=chat())
    gate.call(body=chat(max_tokens=1_000), headers={"authorization": "Bearer sk-another"})
    bounds = [needed for _, needed, _ in gate.credit.asked if needed]
    assert 0 < bounds[1] - bounds[0] < 100 * 10**6  # the bytes of the parameter itself


def test_a_refused_call_reaches_neither_litellm_nor_the_records(gate: GateHarness) -> None:
    gate.credit.standing = "overdrawn"
    answered = gate.call()
    assert (answered.status, answered.document["error"]["code"]) == (402, "insufficient_credit")
    assert answered.document["error"]["type"] == "billing_error"
    assert (gate.litellm.requests, gate.records) == ([], [])


def test_a_call_is_settled_before_its_record_can_be_handed_over(gate: GateHarness) -> None:
    # Given credit for one call and 50 tokens more, and a call that has used 8, whose record is handed over
    gate.litellm.parts = [answer(3, 5)]
    gate.call(headers={"authorization": "Bearer sk-another"})
    bound = gate.credit.asked[0][1]
    gate.credit.left, gate.credit.asked = bound + 100 * 10**6, []
    gate.call()
    gate.desk.handed_over([record.event_id for record in gate.records])
    # When another comes, Then it finds credit, because only the usage of the first was taken
    gate.call()
    assert [needed for _, needed, _ in gate.credit.asked if needed] == [bound]


@pytest.mark.parametrize(("key_left", "code"), [(3 * CALL, "insufficient_credit"), (2 * CALL - 1, "key_cap_reached")])
def test_a_caller_whose_key_has_a_cap_reads_whether_that_or_the_deposit_is_used_up(key_left: int, code: str) -> None:
    # Given a deposit that pays for one call, and a call that has ended and is not handed over
    credit = FakeCredit(left=CALL, key_left=key_left)
    desk = desk_over(credit)

    async def calls() -> RefusedError:
        [first], _ = await admitted(desk, 1)
        desk.track("event-1", first)
        desk.settle("event-1", CALL)
        # When another comes
        _, [refusal] = await admitted(desk, 1)
        return refusal

    # Then it is refused for what it lacks
    refusal = run(calls)
    assert (refusal.status, refusal.code) == (402, code)
    assert TOP_UP_URL in refusal.message


def test_a_capped_key_is_told_what_its_cap_leaves() -> None:
    _, [refusal] = run(lambda: admitted(desk_over(FakeCredit(left=0, key_left=3 * 10**6)), 1))
    assert (refusal.status, refusal.code) == (402, "key_cap_reached")
    assert "the cap of this key leaves 3." in refusal.message
