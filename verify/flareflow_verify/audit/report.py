"""What an audit and the check of a proof print: lines, or one JSON object."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from flareflow_verify.amounts import counted, currency_of, money, rated
from flareflow_verify.audit.bills import Bills, is_unusable
from flareflow_verify.audit.comparing import Comparison, Deviation, Kind
from flareflow_verify.audit.proof import Checked, Proof
from flareflow_verify.bundle import Bill
from flareflow_verify.checking import Outcome
from flareflow_verify.steps.flow import price_ufix64

KIND_CHARACTERS: Final = 14
UNCHARGED: Final = frozenset({Kind.PROMISE_BROKEN, Kind.LESS})
"""Kinds whose money is not in the bill."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What a comparison found; `proofs` are the files of proofs by the deviation that they show."""

    comparison: Comparison
    found: Sequence[Deviation]
    proofs: Mapping[Deviation, str] = field(default_factory=dict)

    @property
    def is_against_the_user(self) -> bool:
        """Whether a bill is not what log and receipts say, or a receipt not what it must be."""
        return not all(one.is_harmless for one in self.found)

    def lines(self) -> Iterator[str]:
        """A line for each deviation, with the money that it is about, and some that sum up."""
        bills, log = self.comparison.bills, self.comparison.log
        for one in self.found:
            yield said_of(one, bills) + (f" [{self.proofs[one]}]" if one in self.proofs else "")
        named = {one.event_id for one in self.found}
        agreeing = sum(call.event_id in log and call.event_id not in named for call in bills.calls)
        if not log:
            yield "The log has no call, so every billed one is extra."
        yield f"{counted(len(bills.calls), 'call')} billed, {agreeing} as in the log of {counted(len(log), 'call')}."
        signed = sum(bool(call.receipts) for call in log.values())
        if signed:
            yield f"{counted(signed, 'call')} with a receipt. All is known up to epoch {bills.through_epoch}."

    def as_json(self) -> str:
        """The same as one JSON object; money is in 1e-8 of the plan's currency."""
        bills, log = self.comparison.bills, self.comparison.log
        content = {
            "billed": len(bills.calls),
            "logged": len(log),
            "with_receipt": sum(bool(call.receipts) for call in log.values()),
            "through_epoch": str(bills.through_epoch),
            "deviations": [{**_as_object(one, bills), "proof": self.proofs.get(one)} for one in self.found],
        }
        return json.dumps(content, indent=2)


def lines_of_check(proof: Proof, checked: Checked) -> Iterator[str]:
    """What was found of each bill, whether the deviation is shown, and what has to be believed."""
    for report in checked.reports:
        wrong = [one for one in report.findings if one.outcome is not Outcome.VERIFIED]
        verified = len(report.findings) - len(wrong)
        mark = "✗" if is_unusable(report) else "✓"
        yield f"{mark} bill of subscription {report.subscription_id}, epoch {report.epoch}: {verified} steps verified"
        yield from (f"    {one.link} {one.outcome}: {one.said}" for one in wrong)
    if checked.deviation is None:
        yield f"NOT shown: {checked.why_not}."
        return
    yield f"✓ {said_of(checked.deviation, checked.bills)}"
    yield "Believed without a proof:"
    yield from (f"   - {one}" for one in checked.believed)
    yield f"Shown: {proof.kind}, call {proof.event_id}."


def check_as_json(proof: Proof, checked: Checked) -> str:
    """The same as one JSON object."""
    shown = _as_object(checked.deviation, checked.bills) if checked.deviation else None
    content = {
        "kind": proof.kind,
        "event_id": proof.event_id,
        "result": checked.exit.name.lower(),
        "shown": shown,
        "why_not": checked.why_not or None,
        "believed": list(checked.believed),
    }
    return json.dumps(content, indent=2)


def said_of(one: Deviation, bills: Bills) -> str:
    """A deviation in one line."""
    about = f" ({rated(one.microtokens)}{_worth(one, bills)})" if one.microtokens else ""
    return f"{one.kind:<{KIND_CHARACTERS}} {one.event_id}  {one.said}{about}"


def _worth(one: Deviation, bills: Bills) -> str:
    bill = bills.priced_by
    if bill is None:
        return ""
    charged = " that nobody was charged" if one.kind in UNCHARGED else ""
    return f", {money(worth_ufix64(one, bill), currency_of(bill))}{charged}"


def _as_object(one: Deviation, bills: Bills) -> dict[str, object]:
    bill = bills.priced_by
    return {
        "kind": one.kind,
        "event_id": one.event_id,
        "said": one.said,
        "rated_microtokens": str(one.microtokens),
        "worth_ufix64": str(worth_ufix64(one, bill)) if bill else None,
        "is_harmless": one.is_harmless,
    }


def worth_ufix64(one: Deviation, bill: Bill) -> int:
    """What a deviation is about, in the plan's currency: what the bill would be lower or higher by."""
    return price_of(-one.microtokens if one.kind in UNCHARGED else one.microtokens, bill)


def price_of(microtokens: int, bill: Bill) -> int:
    """What so much of the settled usage costs; below zero, what so much more would cost."""
    total = bill.settled_microtokens
    return abs(price_ufix64(bill, total) - price_ufix64(bill, max(0, total - microtokens)))
