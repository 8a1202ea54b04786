"""The log of statements in a check: who has signed it, what is in it, and that it has only grown."""

from dataclasses import replace
from typing import Final

import pytest

from flareflow.transparency.notes import Checkpoint, KeyKind, SignedCheckpoint
from flareflow.transparency.policy import LogPolicy
from flareflow_verify.bundle import Bundle
from flareflow_verify.checking import Exit, Outcome, check
from flareflow_verify.evidence import Link, Trust
from tests.fakes.transparency import LOG, NOON, signer
from tests.support.bills import World
from tests.support.statement_logs import POLICY_TEXT

WORLD: Final = World()
GOOD: Final = WORLD.bundle_with_log()
NEWEST: Final = WORLD.log.newest


def found(bundle: Bundle, trust: Trust = WORLD.trust_with_log) -> tuple[dict[Link, Outcome], Exit]:
    report = check(bundle, trust)
    return {finding.link: finding.outcome for finding in report.findings}, report.exit


def with_checkpoint(signed: SignedCheckpoint) -> Bundle:
    assert GOOD.log is not None
    return GOOD.model_copy(update={"log": GOOD.log.model_copy(update={"checkpoint": signed.text})})


def asking_for(policy: str) -> Trust:
    return replace(WORLD.trust_with_log, log_policy=LogPolicy.parse(policy.encode()))


def test_a_checkpoint_without_the_quorum_is_refused_as_a_step_of_its_own() -> None:
    # Given a checkpoint that the log alone has signed
    alone = SignedCheckpoint(NEWEST.checkpoint, NEWEST.signatures[:1])
    # When a reader asks for a witness
    outcomes, status = found(with_checkpoint(alone))
    # Then the witnesses are named, and nothing else
    assert status is Exit.DIFFERENCE
    assert [link for link, outcome in outcomes.items() if outcome is Outcome.DIFFERS] == [Link.LOG_WITNESSES]


def test_two_witnesses_are_asked_for_and_one_has_signed() -> None:
    outcomes, _ = found(GOOD, asking_for(POLICY_TEXT.replace(" 1 first", " 2 first")))
    assert outcomes[Link.LOG_WITNESSES] is Outcome.DIFFERS
    both = NEWEST.with_signature(signer("third.example", KeyKind.WITNESS).sign(NEWEST.checkpoint, NOON))
    outcomes, status = found(with_checkpoint(both), asking_for(POLICY_TEXT.replace(" 1 first", " 2 first")))
    assert (outcomes[Link.LOG_WITNESSES], status) == (Outcome.VERIFIED, Exit.VERIFIED)


def test_a_reader_may_ask_for_no_witness() -> None:
    alone = SignedCheckpoint(NEWEST.checkpoint, NEWEST.signatures[:1])
    _, status = found(with_checkpoint(alone), asking_for(f"log {LOG.key.text}\nquorum none"))
    assert status is Exit.VERIFIED


def test_a_signature_of_a_witness_that_does_not_hold_is_a_difference() -> None:
    other = signer("second.example", KeyKind.WITNESS).sign(replace(NEWEST.checkpoint, size=1), NOON)
    outcomes, _ = found(with_checkpoint(NEWEST.with_signature(other)))
    assert outcomes[Link.LOG_WITNESSES] is Outcome.DIFFERS


@pytest.mark.parametrize(
    "signed",
    [
        SignedCheckpoint(replace(NEWEST.checkpoint, root=bytes(32)), NEWEST.signatures),
        SignedCheckpoint(replace(NEWEST.checkpoint, size=NEWEST.checkpoint.size + 1), NEWEST.signatures),
        SignedCheckpoint(replace(NEWEST.checkpoint, origin="another.example/v1/log"), NEWEST.signatures),
        SignedCheckpoint(NEWEST.checkpoint, NEWEST.signatures[1:]),
    ],
    ids=["another root", "another size", "another log", "not signed by the log"],
)
def test_the_log_must_have_signed_its_checkpoint(signed: SignedCheckpoint) -> None:
    outcomes, status = found(with_checkpoint(signed))
    assert (outcomes[Link.LOG_CHECKPOINT], status) == (Outcome.DIFFERS, Exit.DIFFERENCE)


def test_a_statement_that_others_do_not_see_is_found() -> None:
    # Given an operator who shows this reader another statement than stands in the log
    world = World()
    in_log = world.log.in_log
    world.restate(subscription_count=4)
    # When it is checked, attested and settled as it is
    outcomes, status = found(world.bundle().model_copy(update={"log": in_log}), world.trust_with_log)
    # Then the log is what gives it away
    assert status is Exit.DIFFERENCE
    assert next(link for link, outcome in outcomes.items() if outcome is Outcome.DIFFERS) is Link.LOG_ENTRY


def test_the_same_checkpoint_as_before_needs_no_proof() -> None:
    outcomes, status = found(GOOD, replace(WORLD.trust_with_log, seen=NEWEST.checkpoint))
    assert (outcomes[Link.LOG_GROWTH], status) == (Outcome.VERIFIED, Exit.VERIFIED)
    other = replace(NEWEST.checkpoint, root=bytes(32))
    outcomes, _ = found(GOOD, replace(WORLD.trust_with_log, seen=other))
    assert outcomes[Link.LOG_GROWTH] is Outcome.DIFFERS


def test_a_log_that_was_signed_twice_for_one_size_is_found() -> None:
    other = Checkpoint(LOG.name, WORLD.log.seen.checkpoint.size, bytes(32))
    outcomes, _ = found(GOOD, replace(WORLD.trust_with_log, seen=other))
    assert outcomes[Link.LOG_GROWTH] is Outcome.DIFFERS


def test_what_was_seen_of_another_log_is_a_difference() -> None:
    other = replace(WORLD.log.seen.checkpoint, origin="another.example/v1/log")
    outcomes, _ = found(GOOD, replace(WORLD.trust_with_log, seen=other))
    assert outcomes[Link.LOG_GROWTH] is Outcome.DIFFERS


def test_a_log_that_was_longer_before_is_found() -> None:
    # Given a reader who has seen more statements than the host shows now
    longer = Checkpoint(LOG.name, 100, bytes(32))
    assert GOOD.log is not None
    asked = GOOD.model_copy(update={"log": GOOD.log.model_copy(update={"older_size": 100, "consistency": ()})})
    outcomes, _ = found(asked, replace(WORLD.trust_with_log, seen=longer))
    assert outcomes[Link.LOG_GROWTH] is Outcome.DIFFERS


def test_a_reader_who_saw_nothing_of_the_log_is_not_told_of_its_growth() -> None:
    outcomes, status = found(GOOD, replace(WORLD.trust_with_log, seen=None))
    assert status is Exit.VERIFIED
    assert Link.LOG_GROWTH not in outcomes
