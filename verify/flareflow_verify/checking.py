"""Runs the steps over a bundle and collects what they found. It reads nothing but the bundle."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from itertools import pairwise
from typing import Final

from flareflow.attestation.signing_policy import legacy_hash
from flareflow.metering.models import NO_USAGE
from flareflow_verify.bundle import Bundle
from flareflow_verify.evidence import NOTHING_TRUSTED, DifferenceError, Evidence, Link, MissingError, Trust
from flareflow_verify.steps import documents, events, flare, flow, log


class Outcome(StrEnum):
    """What a step found. `unchecked`: something that it needs is missing, or differs already."""

    VERIFIED = "verified"
    DIFFERS = "differs"
    UNCHECKED = "unchecked"


class Exit(IntEnum):
    """The exit status of the command."""

    VERIFIED = 0
    DIFFERENCE = 1
    UNCHECKED = 2


METER: Final = "that the operator's meter counted right: compare the calls with your own log"
"""What is always believed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one step found, in words."""

    link: Link
    outcome: Outcome
    said: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `check` returns what it compared, or None when it does not apply."""

    link: Link
    check: Callable[[Evidence], str | None]
    is_of_charge: bool = False


STEPS: Final = (
    Step(Link.POLICY, flare.check_policy),
    Step(Link.SIGNATURES, flare.check_signatures),
    Step(Link.FLARE_ROOT, flare.check_flare_root),
    Step(Link.FLOW_ROOT, flare.check_flow_root),
    Step(Link.RESPONSE, flare.check_response),
    Step(Link.PROOF, flare.check_proof),
    Step(Link.STATEMENT, documents.check_statement),
    Step(Link.CHAIN, documents.check_chain),
    Step(Link.LOG_CHECKPOINT, log.check_log_checkpoint),
    Step(Link.LOG_WITNESSES, log.check_log_witnesses),
    Step(Link.LOG_ENTRY, log.check_log_entry),
    Step(Link.LOG_GROWTH, log.check_log_growth),
    Step(Link.USAGE_INDEX, documents.check_usage_index),
    Step(Link.USAGE_PAGE, documents.check_usage_page),
    Step(Link.GROWTH, documents.check_growth),
    Step(Link.PRICE_BOOK, documents.check_price_book),
    Step(Link.EVENTS, events.check_events),
    Step(Link.EVENT, events.check_event),
    Step(Link.RATING, events.check_rating),
    Step(Link.SETTLEMENT_INDEX, documents.check_settlement_index, is_of_charge=True),
    Step(Link.SETTLEMENT_PAGE, documents.check_settlement_page, is_of_charge=True),
    Step(Link.FLOW_STATEMENT, flow.check_flow_statement, is_of_charge=True),
    Step(Link.FLOW_TOTAL, flow.check_flow_total, is_of_charge=True),
    Step(Link.PRICE, flow.check_price, is_of_charge=True),
    Step(Link.CHARGE, flow.check_charge, is_of_charge=True),
)


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, and what is believed without a proof."""

    subscription_id: int
    epoch: int
    findings: tuple[Finding, ...]
    believed: tuple[str, ...]

    @property
    def exit(self) -> Exit:
        outcomes = {finding.outcome for finding in self.findings}
        if Outcome.DIFFERS in outcomes:
            return Exit.DIFFERENCE
        return Exit.UNCHECKED if Outcome.UNCHECKED in outcomes else Exit.VERIFIED


def check(bundle: Bundle, trust: Trust = NOTHING_TRUSTED) -> Report:
    """Check every link of a bundle."""
    evidence = Evidence(bundle, trust)
    findings = tuple(_findings(evidence))
    return Report(bundle.subscription_id, bundle.epoch, findings, tuple(_believed(evidence)))


def check_all(
    bundles: Sequence[Bundle], trust: Trust = NOTHING_TRUSTED, say: Callable[[str], None] = lambda _: None
) -> Sequence[Report]:
    """Check the bills of one subscription, oldest first; a bill before which usage was left out differs.

    `say` is told what is going on.
    """
    reports = []
    for number, bundle in enumerate(bundles, start=1):
        say(f"checking bill {number} of {len(bundles)}")
        reports.append(check(bundle, trust))
    for place, (earlier, later) in enumerate(pairwise(bundles), start=1):
        gap = _gap(Evidence(earlier, trust), Evidence(later, trust))
        if gap is not None:
            reports[place] = replace(reports[place], findings=(*reports[place].findings, gap))
    return reports


def worst(reports: Sequence[Report]) -> Exit:
    """The exit status of all reports together: a difference before what could not be checked."""
    exits = {report.exit for report in reports}
    return next(one for one in (Exit.DIFFERENCE, Exit.UNCHECKED, Exit.VERIFIED) if one in exits)


def _gap(earlier: Evidence, later: Evidence) -> Finding | None:
    """What is wrong where a bill does not begin with the totals with which the one before ends."""
    try:
        before = later.totals_before.usage if later.totals_before else NO_USAGE
        if before == earlier.usage:
            return None
    except (DifferenceError, MissingError):
        return None
    said = (
        f"the totals changed between epoch {earlier.bundle.epoch} and the statement before, in no epoch that is named"
    )
    return Finding(Link.GROWTH, Outcome.DIFFERS, said)


def _findings(evidence: Evidence) -> Iterator[Finding]:
    for step in STEPS:
        if step.is_of_charge and not _is_charged_by(evidence):
            continue
        try:
            said = step.check(evidence)
        except DifferenceError as error:
            if error.link is step.link:
                yield Finding(step.link, Outcome.DIFFERS, str(error))
            else:
                yield Finding(step.link, Outcome.UNCHECKED, f"it rests on the step {error.link}, which differs")
        except MissingError as error:
            yield Finding(step.link, Outcome.UNCHECKED, str(error))
        else:
            if said is not None:
                yield Finding(step.link, Outcome.VERIFIED, said)


def _is_charged_by(evidence: Evidence) -> bool:
    """Whether the charge of the epoch's usage rests on its own statement, and not on a later one that was attested."""
    try:
        return evidence.position == len(evidence.statements) - 1
    except DifferenceError:
        return True


def _believed(evidence: Evidence) -> Iterator[str]:
    """What a reader has to believe, because nobody can prove it or nobody was asked."""
    bundle = evidence.bundle
    if evidence.trust.policy_hash is None and bundle.policies:
        by = " (its hash is in Flare's Relay, says the node)" if bundle.on_flare and bundle.on_flare.policy_hash else ""
        hash_text = legacy_hash(bundle.policies[0].policy).hex()
        yield f"the signing policy 0x{hash_text}{by}; name one that you trust with --trusted-policy"
    if bundle.on_flow:
        if evidence.trust.contract is None:
            yield f"that {bundle.on_flow.contract} is the contract that holds the deposit; name it with --contract"
        yield f"what the node of Flow said of {bundle.on_flow.contract} at block {bundle.on_flow.height}"
        if bundle.on_flow.charge and bundle.on_flow.charge.rate_ufix64:
            yield "the rate of dollars, which the contract read from its price oracle"
    if evidence.trust.log_policy is None:
        yield "that others are shown the same statements; name witnesses that you trust with --policy"
    yield METER
