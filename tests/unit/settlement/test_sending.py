"""Every transaction is sent once, even when answers are lost."""

from dataclasses import dataclass, field

import pytest

from flareflow.errors import FlowUnavailableError
from flareflow.settlement.sending import LEASE, SendOnFlow
from flareflow.settlement.transactions import RETRY_FIRST, RETRY_MAX, Outgoing, SendingStatus, SettlePage
from tests.fakes.settlement import EXPIRY_BLOCKS, FakeClock, FakeFlow, FakeOutbox, FakeProposerKeys


def page(number: int = 0) -> SettlePage:
    return SettlePage(7, number, (1,), (1_000,), ())


@dataclass
class Sending:
    """The use case on fakes; while it pauses, time passes and a block is made."""

    flow: FakeFlow = field(default_factory=FakeFlow)
    outbox: FakeOutbox = field(default_factory=FakeOutbox)
    keys: FakeProposerKeys = field(default_factory=FakeProposerKeys)
    clock: FakeClock = field(default_factory=FakeClock)

    def run(self, *calls: SettlePage, seconds: float = 60) -> dict[str, Outgoing]:
        return SendOnFlow(self.flow, self.outbox, self.keys, self.pause).run(calls, self.clock.deadline(seconds))

    def pause(self, seconds: float) -> None:
        self.clock.move(seconds)
        self.flow.mine()


@pytest.fixture
def sending() -> Sending:
    return Sending()


def test_a_call_is_sent_and_followed_until_it_succeeded(sending: Sending) -> None:
    outcomes = sending.run(page())
    assert outcomes["settle#7#0"].status is SendingStatus.SUCCEEDED
    assert sending.flow.executed == ["settle#7#0"]
    assert sending.keys.leases == {}


def test_a_call_that_succeeded_is_never_sent_again(sending: Sending) -> None:
    # Given a call that succeeded
    sending.run(page())
    # When it is asked for again
    outcomes = sending.run(page())
    # Then the answer is the same and nothing was signed
    assert outcomes["settle#7#0"].status is SendingStatus.SUCCEEDED
    assert sending.flow.signed == 1


def test_when_the_answer_is_lost_the_same_bytes_are_followed(sending: Sending) -> None:
    # Given a node that takes the transaction and whose answer is lost
    sending.flow.loses_answers = True
    with pytest.raises(FlowUnavailableError):
        sending.run(page())
    # When the next run looks
    sending.flow.loses_answers = False
    outcomes = sending.run(page())
    # Then the first transaction did it
    assert outcomes["settle#7#0"].status is SendingStatus.SUCCEEDED
    assert sending.flow.signed == 1
    assert sending.flow.executed == ["settle#7#0"]


def test_a_transaction_that_was_stored_and_never_arrived_is_sent_with_the_same_bytes(sending: Sending) -> None:
    # Given a transaction that was lost on its way, after it was stored
    sending.flow.loses_transactions = True
    with pytest.raises(FlowUnavailableError):
        sending.run(page())
    # When the next run finds that nobody knows it
    sending.flow.loses_transactions = False
    sending.run(page())
    # Then it was sent twice and signed once
    assert sending.flow.signed == 1
    assert list(sending.flow.sends.values()) == [2]


def test_a_transaction_is_stored_before_it_is_sent(sending: Sending) -> None:
    sending.flow.loses_transactions = True
    with pytest.raises(FlowUnavailableError):
        sending.run(page())
    assert sending.outbox.kept["settle#7#0"].status is SendingStatus.SIGNED


def test_an_expired_transaction_is_made_again(sending: Sending) -> None:
    # Given a transaction that never arrived and expired meanwhile
    sending.flow.loses_transactions = True
    with pytest.raises(FlowUnavailableError):
        sending.run(page())
    sending.flow.loses_transactions = False
    sending.flow.mine(EXPIRY_BLOCKS + 1)
    # When the next run looks
    outcomes = sending.run(page())
    # Then another one did it
    assert sending.flow.signed == 2
    assert outcomes["settle#7#0"].attempts == 2
    assert sending.flow.executed == ["settle#7#0"]


def test_a_rejected_sequence_number_is_replaced_within_the_run(sending: Sending) -> None:
    # Given a node that gave an old sequence number
    def stale(seconds: float) -> None:
        if sending.flow.signed == 1:
            sending.flow.sequence[0] += 1
        sending.pause(seconds)

    sender = SendOnFlow(sending.flow, sending.outbox, sending.keys, stale)
    # When the call is sent
    sender.run([page()], sending.clock.deadline(60))
    # Then the second transaction did it
    assert sending.flow.signed == 2
    assert sending.flow.executed == ["settle#7#0"]


def test_a_failure_keeps_its_reason_and_is_not_tried_again_at_once(sending: Sending) -> None:
    # Given a call that the contract refuses
    sending.flow.failing["settle#7#0"] = "no such root"
    # When it is run twice
    sending.run(page())
    outcomes = sending.run(page())
    # Then one transaction was paid for, and its reason is kept
    assert sending.flow.signed == 1
    assert outcomes["settle#7#0"].reason == "no such root"
    assert sending.keys.leases == {}


def test_a_failed_call_is_tried_again_after_a_time(sending: Sending) -> None:
    # Given a failed call whose cause has gone
    sending.flow.failing["settle#7#0"] = "no such root"
    sending.run(page())
    sending.flow.failing.clear()
    # When its time has come
    sending.clock.move(2 * RETRY_FIRST.total_seconds())
    sending.run(page())
    # Then the second attempt succeeds
    assert sending.flow.executed == ["settle#7#0"]


def test_the_time_between_attempts_doubles_up_to_a_limit(sending: Sending) -> None:
    sending.flow.failing["settle#7#0"] = "no such root"
    waits = []
    for _ in range(20):
        failed = sending.run(page())["settle#7#0"]
        assert failed.retry_at is not None
        waits.append(failed.retry_at - sending.clock.now)
        sending.clock.now = failed.retry_at
    assert waits[1] == 2 * waits[0]
    assert waits[-1] == RETRY_MAX


def test_a_transaction_that_the_node_refuses_fails_with_its_reason(sending: Sending) -> None:
    sending.flow.refusing["settle#7#0"] = "malformed"
    outcomes = sending.run(page())
    assert outcomes["settle#7#0"].reason == "malformed"
    assert sending.keys.leases == {}


def test_as_many_are_under_way_as_there_are_keys(sending: Sending) -> None:
    # Given two proposer keys and five pages
    pages = [page(number) for number in range(5)]
    # When all are sent
    outcomes = sending.run(*pages)
    # Then all succeeded, and no two of one block had the same key, or a sequence number would have been refused
    assert {outcome.status for outcome in outcomes.values()} == {SendingStatus.SUCCEEDED}
    assert sending.flow.signed == 5
    assert sending.flow.height == 3


def test_a_key_that_a_dead_run_left_leased_is_free_once_its_transaction_must_have_expired(sending: Sending) -> None:
    # Given both keys leased by runs that never came back
    until = sending.clock.now + LEASE
    for index in (0, 1):
        sending.keys.lease(f"dead#{index}", [index], sending.clock.now, until)
    # When a call needs a key before and after the leases end
    before = sending.run(page(), seconds=20)
    sending.clock.now = until
    sending.clock.move(1)
    after = sending.run(page())
    # Then it waits for the first
    assert before == {}
    assert after["settle#7#0"].status is SendingStatus.SUCCEEDED


def test_the_deadline_ends_the_wait_and_the_next_run_goes_on(sending: Sending) -> None:
    # Given a chain that makes no blocks
    sender = SendOnFlow(sending.flow, sending.outbox, sending.keys, sending.clock.move)
    # When the time is up
    assert sender.run([page()], sending.clock.deadline(20)) == {}
    # Then the next run finishes what was sent
    assert sending.run(page())["settle#7#0"].status is SendingStatus.SUCCEEDED
    assert sending.flow.signed == 1


def test_a_proposer_key_is_not_used_twice_while_its_transaction_can_still_be_executed(sending: Sending) -> None:
    # Given one key, and a transaction that waits in a chain that makes no blocks
    sending.flow.keys = (0,)
    sender = SendOnFlow(sending.flow, sending.outbox, sending.keys, sending.clock.move)
    sender.run([page(0)], sending.clock.deadline(20))
    # When another call wants the key, at once and 600 blocks of a second and a half later
    at_once = sender.run([page(1)], sending.clock.deadline(20))
    sending.clock.move(600 * 1.5)
    later = sender.run([page(1)], sending.clock.deadline(20))
    # Then nothing is signed for it
    assert (at_once, later, sending.flow.signed) == ({}, {}, 1)
