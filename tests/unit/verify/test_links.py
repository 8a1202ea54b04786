"""Whatever is changed on the way from Flare's voters to the charge, the step that checks it names it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

from flareflow.attestation.signing_policy import SigningPolicy
from flareflow_verify.bundle import Bundle
from flareflow_verify.checking import Exit, Outcome, Report, check
from flareflow_verify.evidence import Link, Trust
from tests.support.bills import CONTRACT, VOTING_ROUND, World

WORLD: Final = World()
GOOD: Final = json.loads(WORLD.bundle_with_log().text)

BYTES: Final[dict[str, Link]] = {
    "policies.0.policy": Link.POLICY,
    "policies.1.policy": Link.POLICY,
    "policies.1.signatures": Link.POLICY,
    "attested.message": Link.SIGNATURES,
    "attested.signatures": Link.SIGNATURES,
    "attested.siblings.0": Link.PROOF,
    "attested.siblings.1": Link.PROOF,
    "event.siblings.0": Link.EVENT,
    "log.inclusion.0": Link.LOG_ENTRY,
    "log.inclusion.1": Link.LOG_ENTRY,
    "log.consistency.0": Link.LOG_GROWTH,
    "log.consistency.1": Link.LOG_GROWTH,
    "on_flare.root": Link.FLARE_ROOT,
    "on_flare.policy_hash": Link.POLICY,
    "on_flow.root": Link.FLOW_ROOT,
    "on_flow.settlement_root": Link.FLOW_STATEMENT,
}
TEXTS: Final[dict[str, Link]] = {
    "sealed.0.statement": Link.CHAIN,
    "sealed.0.usage_index": Link.GROWTH,
    "sealed.0.usage_page": Link.GROWTH,
    "sealed.1.statement": Link.STATEMENT,
    "sealed.1.usage_index": Link.USAGE_INDEX,
    "sealed.1.usage_page": Link.USAGE_PAGE,
    "sealed.1.settlement_index": Link.SETTLEMENT_INDEX,
    "sealed.1.settlement_page": Link.SETTLEMENT_PAGE,
    "price_book": Link.PRICE_BOOK,
    "events.0": Link.EVENTS,
    "events.2": Link.EVENTS,
    "event.text": Link.EVENT,
    "on_flow.triggers.0.url_prefix": Link.RESPONSE,
    "on_flow.triggers.0.source": Link.RESPONSE,
}
NUMBERS: Final[dict[str, Link]] = {
    "on_flow.total_microtokens": Link.FLOW_STATEMENT,
    "on_flow.bill.tiers.0.price_ufix64": Link.PRICE,
    "on_flow.bill.tiers.0.end_tokens": Link.PRICE,
    "on_flow.bill.cost_offset": Link.PRICE,
    "on_flow.bill.charged_ufix64": Link.PRICE,
    "on_flow.bill.owed_ufix64": Link.PRICE,
    "on_flow.bill.settled_microtokens": Link.FLOW_TOTAL,
    "on_flow.charge.epoch": Link.FLOW_TOTAL,
    "on_flow.charge.rated_microtokens": Link.FLOW_TOTAL,
    "on_flow.charge.charged_ufix64": Link.CHARGE,
    "on_flow.charge.owed_ufix64": Link.CHARGE,
    "on_flow.charge.before.charged_ufix64": Link.CHARGE,
    "on_flow.charge.before.tiers.0.price_ufix64": Link.CHARGE,
}
SCALE: Final = 10**12
"""A change of `cost_offset` that is more than rounding takes away."""


def report(content: Any, trust: Trust = WORLD.trust_with_log) -> Report:
    """What a check finds in this content."""
    return check(Bundle.model_validate_json(json.dumps(content)), trust)


def with_value(path: str, value: Any) -> Any:
    """The good bundle with another value."""
    content = json.loads(json.dumps(GOOD))
    *way, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    holder = content
    for part in way:
        holder = holder[part]
    holder[last] = value
    return content


def named(found: Report) -> Link | None:
    """The first link that differs."""
    return next((finding.link for finding in found.findings if finding.outcome is Outcome.DIFFERS), None)


def test_a_good_bill_is_verified_at_every_link() -> None:
    found = report(GOOD)
    assert found.exit is Exit.VERIFIED
    assert [finding.link for finding in found.findings] == list(Link)


def flips(value: str) -> Iterator[str]:
    """The hex with one bit changed in each of its bytes."""
    content = bytes.fromhex(value[2:])
    for at in range(len(content)):
        yield "0x" + (content[:at] + bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :]).hex()


def sample(values: list[str], most: int = 60) -> list[str]:
    """First, last, and others between them at equal distances."""
    return values if len(values) <= most else [*values[:: -(-len(values) // most)], values[-1]]


@pytest.mark.parametrize(("path", "link"), BYTES.items(), ids=BYTES)
def test_a_changed_byte_is_named(path: str, link: Link) -> None:
    for other in sample(list(flips(value_at(path)))):
        found = report(with_value(path, other))
        assert (found.exit, named(found)) == (Exit.DIFFERENCE, link), other


def value_at(path: str) -> Any:
    value = GOOD
    for part in path.split("."):
        value = value[int(part) if part.isdecimal() else part]
    return value


def test_every_byte_of_the_response_counts() -> None:
    # Given a response of which each byte is either fixed by the request or proven by the root
    for other in sample(list(flips(value_at("attested.response"))), most=200):
        found = report(with_value("attested.response", other))
        assert found.exit is Exit.DIFFERENCE
        assert named(found) in (Link.RESPONSE, Link.PROOF)


def edits(text: str) -> Iterator[str]:
    """The text with one character changed, one left out, one more, and two lines swapped."""
    for at in range(0, len(text), max(1, len(text) // 40)):
        other = "1" if text[at] != "1" else "2"
        yield text[:at] + other + text[at + 1 :]
    yield text[:-1]
    yield text + "\n"
    yield text + "0"
    lines = text.split("\n")
    if len(lines) > 3:
        yield "\n".join([*lines[:-2], lines[-1], lines[-2]])


@pytest.mark.parametrize(("path", "link"), TEXTS.items(), ids=TEXTS)
def test_a_changed_character_is_named(path: str, link: Link) -> None:
    for other in edits(value_at(path)):
        found = report(with_value(path, other))
        assert (found.exit, named(found)) == (Exit.DIFFERENCE, link), other


@pytest.mark.parametrize(("path", "link"), NUMBERS.items(), ids=NUMBERS)
def test_a_changed_number_is_named(path: str, link: Link) -> None:
    by = SCALE if path.endswith("cost_offset") else 1_000_000 if path.endswith("end_tokens") else 1
    changes = (by, -by) if int(value_at(path)) >= by or path.endswith("cost_offset") else (by,)
    for change in changes:
        wanted = -50_000 if path.endswith("end_tokens") else change
        found = report(with_value(path, str(int(value_at(path)) + wanted)))
        assert (found.exit, named(found)) == (Exit.DIFFERENCE, link), change


@pytest.mark.parametrize(
    ("path", "other", "link"),
    [
        ("subscription_id", "3", Link.EVENTS),
        ("epoch", "5812347", Link.CHAIN),
        ("on_flow.rounds_per_reward_epoch", "3360", Link.SIGNATURES),
        ("on_flow.contract", "A.0000000000000001.UsageBasedSubscriptions", Link.USAGE_INDEX),
        ("on_flow.charge.rate_ufix64", "73000000", Link.CHARGE),
        ("on_flow.charge.before.needs_rate", True, Link.CHARGE),
        ("on_flow.bill.needs_rate", True, Link.PRICE),
        ("on_flow.bill.plan_from", "5", Link.PRICE),
        ("attested.siblings", [], Link.PROOF),
        ("events", [], Link.EVENTS),
        ("log.index", "5", Link.LOG_ENTRY),
        ("log.inclusion", [], Link.LOG_ENTRY),
        ("log.consistency", [], Link.LOG_GROWTH),
        ("log.checkpoint", WORLD.log.seen.text, Link.LOG_ENTRY),
    ],
)
def test_another_value_is_named(path: str, other: Any, link: Link) -> None:
    found = report(with_value(path, other))
    assert found.exit is Exit.DIFFERENCE
    differing = [finding.link for finding in found.findings if finding.outcome is Outcome.DIFFERS]
    assert link in differing


def test_the_policy_must_come_from_the_trusted_one() -> None:
    assert named(report(GOOD, Trust(policy_hash=bytes(32)))) is Link.POLICY


def test_a_newer_policy_can_be_trusted_than_the_first_of_a_bundle() -> None:
    # Given a reader who trusts the policy of the round, and a bundle whose first policy is another one
    content = with_value("policies.0.policy", "0x00")
    trust = Trust(policy_hash=WORLD.on_flare.policy_hash)
    # Then nothing before the trusted policy matters
    assert report(content, trust).exit is Exit.VERIFIED
    assert named(report(content)) is Link.POLICY


def test_a_policy_signs_nothing_before_its_first_round() -> None:
    # Given signatures by the voters of a policy that begins with the next round, in the same reward epoch
    policy = SigningPolicy.decode(WORLD.policies[-1].policy)
    late = replace(policy, start_voting_round=VOTING_ROUND + 1).encode()
    content = {**GOOD, "policies": [{"policy": f"0x{late.hex()}", "signatures": "0x"}], "on_flare": None}
    assert named(report(content, Trust())) is Link.SIGNATURES


def test_the_contract_must_be_the_trusted_one() -> None:
    assert report(GOOD, Trust(contract=CONTRACT)).exit is Exit.VERIFIED
    assert named(report(GOOD, Trust(contract=CONTRACT.replace("f8", "f9")))) is Link.FLOW_STATEMENT


@pytest.mark.parametrize(
    ("path", "other", "link"),
    [
        ("attested", None, Link.SIGNATURES),
        ("policies", [], Link.POLICY),
        ("on_flow", None, Link.FLOW_ROOT),
        ("on_flow.root", None, Link.FLOW_ROOT),
        ("on_flow.settlement_root", None, Link.FLOW_STATEMENT),
        ("on_flow.triggers", [], Link.RESPONSE),
        ("on_flow.triggers.0.is_pending", True, Link.RESPONSE),
        ("on_flow.triggers.0.post_process_jq", ".", Link.RESPONSE),
        ("on_flow.charge.before", None, Link.CHARGE),
        ("sealed.0.usage_index", None, Link.GROWTH),
        ("sealed.1.usage_page", None, Link.USAGE_PAGE),
        ("sealed.1.settlement_index", None, Link.SETTLEMENT_INDEX),
        ("price_book", None, Link.PRICE_BOOK),
        ("log", None, Link.LOG_CHECKPOINT),
        ("log.index", None, Link.LOG_ENTRY),
        ("log.older_size", None, Link.LOG_GROWTH),
        ("log.consistency", None, Link.LOG_GROWTH),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_verified_in_its_place(path: str, other: Any, link: Link) -> None:
    found = report(with_value(path, other))
    outcomes = {finding.link: finding.outcome for finding in found.findings}
    assert found.exit is Exit.UNCHECKED
    assert outcomes[link] is Outcome.UNCHECKED


def test_a_charge_that_was_not_found_is_said_and_the_price_covers_it() -> None:
    # Given a bill whose charge came later than where it is looked for
    found = report(with_value("on_flow.charge", None))
    # Then it is left out, which the total says, and all that was ever charged is still the price of all
    said = {finding.link: finding.said for finding in found.findings}
    assert (found.exit, Link.CHARGE in said, Link.PRICE in said) == (Exit.VERIFIED, False, True)
    assert said[Link.FLOW_TOTAL].endswith(", and the charge by this epoch was not found")


def test_without_the_events_or_a_node_of_flare_their_steps_are_left_out() -> None:
    content = {**GOOD, "events": None, "event": None, "on_flare": None}
    found = report(content)
    assert found.exit is Exit.VERIFIED
    left_out = set(Link) - {finding.link for finding in found.findings}
    assert left_out == {Link.EVENTS, Link.EVENT, Link.RATING, Link.FLARE_ROOT}


def test_without_a_policy_the_log_is_left_out_and_what_it_proves_is_believed() -> None:
    found = report(GOOD, WORLD.trust)
    assert found.exit is Exit.VERIFIED
    assert not [finding for finding in found.findings if finding.link.startswith("log")]
    assert any("others are shown the same statements" in one for one in found.believed)


def test_one_call_is_proven_and_rated_without_the_others() -> None:
    found = report({**GOOD, "events": None})
    assert found.exit is Exit.VERIFIED
    assert {Link.EVENT, Link.RATING} <= {finding.link for finding in found.findings}


def test_what_is_believed_is_said() -> None:
    everything, nothing = report(GOOD).believed, report(GOOD, Trust()).believed
    assert any("signing policy" in one for one in nothing)
    assert any("--contract" in one for one in nothing)
    assert not any("signing policy" in one or "--contract" in one for one in everything)
    assert all(any("meter" in one for one in believed) for believed in (everything, nothing))


@pytest.mark.parametrize(
    ("path", "change", "link"),
    [
        *(("on_flow.charge.rate_ufix64", change, Link.CHARGE) for change in (1, -1)),
        *(("on_flow.charge.before.paid_dollars_ufix64", change, Link.CHARGE) for change in (1, -1)),
        *(("on_flow.bill.paid_dollars_ufix64", change, Link.PRICE) for change in (1, -1)),
        *(("on_flow.bill.tiers.0.price_ufix64", change, Link.PRICE) for change in (1, -1)),
        ("on_flow.bill.owed_ufix64", 1, Link.PRICE),
        ("on_flow.charge.owed_ufix64", 1, Link.CHARGE),
        ("on_flow.charge.charged_ufix64", 1, Link.CHARGE),
        ("on_flow.charge.charged_ufix64", -2, Link.CHARGE),
    ],
)
def test_a_changed_number_of_a_bill_in_dollars_is_named(path: str, change: int, link: Link) -> None:
    found = report_in_dollars(path, change)
    assert (found.exit, named(found)) == (Exit.DIFFERENCE, link)


def test_less_than_the_smallest_part_of_a_dollar_is_not_verified_either() -> None:
    # Given a charge of 1e-8 less in the token, which is worth less than 1e-8 dollars and so owed by nobody
    found = report_in_dollars("on_flow.charge.charged_ufix64", -1)
    # Then the sum of the charges is not the contract's, as with a second charge in the block
    outcomes = {finding.link: finding.outcome for finding in found.findings}
    assert (found.exit, outcomes[Link.CHARGE]) == (Exit.UNCHECKED, Outcome.UNCHECKED)


def report_in_dollars(path: str, change: int) -> Report:
    """What is found in a bill at 0.73 dollars for one FLOW of which a number is another."""
    world = World(rate_ufix64=73_000_000)
    content = json.loads(world.bundle().text)
    *way, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    holder = content
    for part in way:
        holder = holder[part]
    holder[last] = str(int(holder[last]) + change)
    return report(content, world.trust)


def test_a_bill_in_dollars_is_checked_at_its_rate() -> None:
    # Given a charge at 0.73 dollars for one FLOW
    world = World(rate_ufix64=73_000_000)
    content = json.loads(world.bundle().text)
    assert report(content, world.trust).exit is Exit.VERIFIED
    # When the event tells another rate
    content["on_flow"]["charge"]["rate_ufix64"] = "72000000"
    # Then the charge is named
    assert named(report(content, world.trust)) is Link.CHARGE
