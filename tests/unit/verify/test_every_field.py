"""No field of a bundle or of a proof is forgotten: a change of any is noticed, or it is listed here as only told."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from flareflow_verify.audit.comparing import Kind
from flareflow_verify.audit.proof import Proof, check_proof
from flareflow_verify.bundle import Bundle
from flareflow_verify.checking import Exit, Outcome, check
from flareflow_verify.evidence import Link, Trust
from tests.support.bills import World
from tests.support.shipped_proofs import EXPECTED, FOLDER, Manifest

type Place = tuple[str | int, ...]

WORLD: Final = World()
GOOD: Final = json.loads(WORLD.bundle().text)

ONLY_TOLD: Final = {
    # words and numbers of the report, on which no link depends
    "on_flow.height",
    "on_flow.triggers.0.trigger_id",
    "on_flow.bill.token_storage_path",
    "on_flow.bill.owner",
    "on_flow.bill.plan_id",
    "on_flow.bill.plan_version",
    "on_flow.bill.balance_ufix64",
    "on_flow.bill.settled_epoch",
    "on_flow.charge.transaction_id",
    "on_flow.charge.height",
    "on_flow.charge.before.token_storage_path",
    "on_flow.charge.before.owner",
    "on_flow.charge.before.plan_id",
    "on_flow.charge.before.plan_version",
    "on_flow.charge.before.balance_ufix64",
    "on_flow.charge.before.settled_epoch",
    # the state before the charge, of which only what was paid counts
    "on_flow.charge.before.settled_microtokens",
    "on_flow.charge.before.owed_ufix64",
    # of a plan that is not in dollars
    "on_flow.bill.paid_dollars_ufix64",
    "on_flow.charge.before.paid_dollars_ufix64",
    # tiers that this total does not reach
    *(
        f"on_flow.{bill}.tiers.{tier}"
        for bill in ("bill", "charge.before")
        for tier in ("1.end_tokens", "2.end_tokens", "2.price_ufix64", "3.price_ufix64")
    ),
    # a change of 1 that rounding or a schedule takes away (test_links.py changes them by more)
    "on_flow.bill.cost_offset",
    "on_flow.charge.before.cost_offset",
    "on_flow.rounds_per_reward_epoch",
    # signatures of the deployed scheme do not name a chain
    "on_flow.source_chain_id",
    # documents of the statement before that nobody asks for
    "sealed.0.settlement_index",
    "sealed.0.settlement_page",
}
"""Fields whose change no step names."""

UNCHECKED: Final = {
    # a request that this command does not know, or that is not in force, proves nothing
    "on_flow.triggers.0.post_process_jq",
    "on_flow.triggers.0.abi_signature",
    "on_flow.triggers.0.is_pending",
    # tiers of another form have no price
    "on_flow.charge.before.tiers.3.end_tokens",
}
"""Fields with whose change a step cannot say anything."""

NAMED: Final[Mapping[str, Link]] = {
    "subscription_id": Link.EVENTS,
    "epoch": Link.CHAIN,
    "sealed.0.statement": Link.CHAIN,
    "sealed.0": Link.GROWTH,
    "sealed.1.statement": Link.STATEMENT,
    "sealed.1.usage_index": Link.USAGE_INDEX,
    "sealed.1.usage_page": Link.USAGE_PAGE,
    "sealed.1.settlement_index": Link.SETTLEMENT_INDEX,
    "sealed.1.settlement_page": Link.SETTLEMENT_PAGE,
    "attested.response": Link.PROOF,
    "attested.siblings": Link.PROOF,
    "attested": Link.SIGNATURES,
    "policies": Link.POLICY,
    "on_flare.root": Link.FLARE_ROOT,
    "on_flare.policy_hash": Link.POLICY,
    "on_flow.contract": Link.USAGE_INDEX,
    "on_flow.root": Link.FLOW_ROOT,
    "on_flow.settlement_root": Link.FLOW_STATEMENT,
    "on_flow.total_microtokens": Link.FLOW_STATEMENT,
    "on_flow.triggers": Link.RESPONSE,
    "on_flow.bill.settled_microtokens": Link.FLOW_TOTAL,
    "on_flow.bill": Link.PRICE,
    "on_flow.charge.epoch": Link.FLOW_TOTAL,
    "on_flow.charge.rated_microtokens": Link.FLOW_TOTAL,
    "on_flow.charge": Link.CHARGE,
    "price_book": Link.PRICE_BOOK,
    "events": Link.EVENTS,
    "event": Link.EVENT,
}
"""The first link that differs, by the beginning of the field's name; the longest one counts."""


def places(value: Any, way: Place = ()) -> Iterator[Place]:
    """Where the values are."""
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*way, step))
    else:
        yield way


def name_of(place: Place) -> str:
    return ".".join(map(str, place))


def changed(content: Any, place: Place) -> Any:
    """The content with another value of the same form at a place."""
    copied = json.loads(json.dumps(content))
    *way, last = place
    holder = copied
    for step in way:
        holder = holder[step]
    holder[last] = another(holder[last])
    return copied


def another(value: Any) -> Any:
    match value:
        case None:
            return "5"
        case bool():
            return not value
        case str() if value.removeprefix("-").isdecimal():
            return str(int(value) + 1)
        case str() if value.endswith("0"):
            return value[:-1] + "1"
        case str():
            return value[:-1] + "0"
    raise TypeError(f"{value!r} is no value of a bundle")


def expected(name: str) -> tuple[Exit, Link | None]:
    """What a check finds when a field is another."""
    if name in ONLY_TOLD:
        return Exit.VERIFIED, None
    if name in UNCHECKED:
        return Exit.UNCHECKED, None
    beginnings = [one for one in NAMED if name == one or name.startswith(f"{one}.")]
    return Exit.DIFFERENCE, NAMED[max(beginnings, key=len)]


def found(content: Any) -> tuple[Exit, Link | None]:
    report = check(Bundle.model_validate_json(json.dumps(content)), WORLD.trust)
    differing = (finding.link for finding in report.findings if finding.outcome is Outcome.DIFFERS)
    return report.exit, next(differing, None)


REFUSED: Final = {"version", "policies.0.signatures"}
"""Fields whose change makes it no bundle."""


@pytest.mark.parametrize("part", GOOD)
def test_a_change_of_any_field_is_named(part: str) -> None:
    for place in (one for one in places(GOOD) if one[0] == part):
        name, content = name_of(place), changed(GOOD, place)
        if name in REFUSED:
            with pytest.raises(ValueError, match="validation error"):
                found(content)
        else:
            assert found(content) == expected(name), name


def test_every_listed_field_is_one_of_a_bundle() -> None:
    names = set(map(name_of, places(GOOD)))
    assert (ONLY_TOLD | UNCHECKED | REFUSED) - names == set()


MANIFEST: Final = Manifest.model_validate_json(EXPECTED.read_bytes())
MANIFEST_TRUST: Final = Trust(bytes.fromhex(MANIFEST.trusted_policy[2:]), MANIFEST.contract)
PROVEN: Final = {kind: (FOLDER / f"good-{kind}.json") for kind in (Kind.OVERBILLED, Kind.PROMISE_BROKEN)}


@pytest.mark.parametrize("kind", PROVEN)
def test_a_proof_in_which_any_field_is_another_does_not_hold(kind: Kind) -> None:
    # Given a proof that holds
    content = json.loads(PROVEN[kind].read_text())
    own = [place for place in places(content) if place[0] != "bills"]
    assert len(own) == len(Proof.model_fields) - 1
    for place in own:
        # When one of its own fields is another
        try:
            checked = check_proof(Proof.model_validate_json(json.dumps(changed(content, place))), MANIFEST_TRUST)
        except ValueError:
            continue  # it is no proof at all
        # Then it does not hold
        assert checked.exit is not Exit.VERIFIED, place


@pytest.mark.parametrize("kind", PROVEN)
def test_a_proof_is_only_as_good_as_its_bills(kind: Kind) -> None:
    # Given a proof with a bill in which something is another that a check of the bill notices
    content = json.loads(PROVEN[kind].read_text())
    for at, bill in enumerate(content["bills"]):
        for part in ("attested", "policies", "price_book", "sealed"):
            place = next(place for place in places(bill) if place[0] == part and "signatures" not in place)
            bills = [changed(one, place) if number == at else one for number, one in enumerate(content["bills"])]
            # Then the proof does not hold
            changed_proof = Proof.model_validate_json(json.dumps({**content, "bills": bills}))
            assert check_proof(changed_proof, MANIFEST_TRUST).exit is Exit.DIFFERENCE, (at, place)
