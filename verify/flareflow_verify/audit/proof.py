"""A proof of one deviation, as one JSON document that anybody can check, and its check.

It is believed for nothing: its bills are checked as any bundle is, its receipts against the keys that a statement
names, and then log and bills are compared anew. What is left to be believed is said.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from flareflow.metering.receipts import RECEIPT_BYTES_MAX
from flareflow.time import Epochs
from flareflow_verify.audit.bills import Bills, is_unusable
from flareflow_verify.audit.comparing import Comparison, Deviation, Kind
from flareflow_verify.audit.log import Log, Logged, Tokens
from flareflow_verify.audit.receipts import Keys, ReceiptError, SignedReceipt
from flareflow_verify.bundle import STATEMENTS_MAX, Bundle, Count, Name, OneForm, Part, ProvenEvent, Text
from flareflow_verify.checking import METER, Exit, Outcome, Report, check, check_all
from flareflow_verify.evidence import NOTHING_TRUSTED, Trust

PROOF_VERSION: Final = "flareflow-proof/1"
RECEIPTS_MAX: Final = 2

type ReceiptText = Annotated[str, StringConstraints(max_length=RECEIPT_BYTES_MAX)]


class LoggedTokens(Part):
    """What its user logged of a call without a receipt."""

    input: Count
    output: Count


class Proof(OneForm):
    """What shows a deviation.

    `bills` are in the order of their epochs. `receipt_keys` is the document that the newest of their statements names.
    """

    NOUN = "proof"

    version: Annotated[str, StringConstraints(pattern=f"^{PROOF_VERSION}$")] = PROOF_VERSION
    kind: Kind
    event_id: Name
    receipts: Annotated[tuple[ReceiptText, ...], Field(max_length=RECEIPTS_MAX)]
    logged: LoggedTokens | None
    receipt_keys: Text | None
    bills: Annotated[tuple[Bundle, ...], Field(min_length=1, max_length=STATEMENTS_MAX)]


def proof_of(deviation: Deviation, comparison: Comparison, receipt_keys: str | None) -> Proof:
    """The proof of a deviation. Of the owner's calls it has only that which it is about, where that is enough.

    `receipt_keys` is the document that the newest of the compared statements names.
    """
    if deviation.kind is Kind.PROMISE_BROKEN:
        bills = [bundle.model_copy(update={"event": None}) for bundle in comparison.bills.bundles]
    else:
        places = sorted({*deviation.bills, *_place_of_keys(deviation, comparison)})
        bills = [_with_one_call(comparison.bills, place, deviation.event_id) for place in places]
    logged = comparison.log.get(deviation.event_id)
    tokens = logged.tokens if logged and not deviation.receipts else None
    return Proof(
        kind=deviation.kind,
        event_id=deviation.event_id,
        receipts=tuple(one.text for one in deviation.receipts),
        logged=LoggedTokens(input=tokens.input, output=tokens.output) if tokens else None,
        receipt_keys=receipt_keys if deviation.receipts else None,
        bills=tuple(bills),
    )


def _place_of_keys(deviation: Deviation, comparison: Comparison) -> Sequence[int]:
    """The newest bill, where the document of the receipt keys is not the one that the deviation's last bill names."""
    evidence = comparison.bills.evidence
    named, newest = evidence[deviation.bills[-1]].statement, evidence[-1].statement
    is_named = named.receipt_key_hash == newest.receipt_key_hash
    return () if is_named or not deviation.receipts else (comparison.bills.last,)


def _with_one_call(bills: Bills, place: int, event_id: str) -> Bundle:
    """The bill at a place with no call but this one, if it has it."""
    bundle = bills.bundles[place]
    text = next((one.text for one in bills.calls if (one.bill, one.event_id) == (place, event_id)), None)
    shown = None if text is None else ProvenEvent.among(bundle.events or (), text)
    return bundle.model_copy(update={"events": None, "event": shown})


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of a proof found. `deviation` is what it shows; None if it does not show what it says."""

    reports: Sequence[Report]
    deviation: Deviation | None
    why_not: str
    bills: Bills
    believed: tuple[str, ...]

    @property
    def exit(self) -> Exit:
        if self.deviation is not None:
            return Exit.VERIFIED
        is_difference = any(one.outcome is Outcome.DIFFERS for report in self.reports for one in report.findings)
        usable = not any(map(is_unusable, self.reports))
        return Exit.DIFFERENCE if is_difference or usable else Exit.UNCHECKED


def check_proof(proof: Proof, trust: Trust = NOTHING_TRUSTED) -> Checked:
    """Check the bills of a proof and compare anew what it says. Raises DifferenceError for a malformed call."""
    bills = Bills(proof.bills)
    is_of_absence = proof.kind is Kind.PROMISE_BROKEN
    reports = check_all(proof.bills, trust) if is_of_absence else [check(one, trust) for one in proof.bills]
    found, why_not = None, "its bills cannot be relied on"
    if len({one.subscription_id for one in proof.bills}) > 1:
        why_not = "its bills are of several subscriptions"
    elif not any(map(is_unusable, reports)):
        found, why_not = _found(proof, bills)
    believed = (one for report in reports for one in report.believed if one != METER)
    return Checked(reports, found, why_not, bills, tuple(dict.fromkeys([*believed, *_believed(proof, bills)])))


def _found(proof: Proof, bills: Bills) -> tuple[Deviation | None, str]:
    """The deviation that a proof shows, or why it shows none."""
    try:
        log = _log(proof)
        statement = bills.evidence[-1].statement
        keys = Keys.named_by(statement, proof.receipt_keys) if proof.receipts else Keys(None, Epochs())
    except (ReceiptError, ValueError) as error:
        return None, str(error)
    found = [
        one
        for one in Comparison(log, bills, keys).deviations()
        if (one.kind, one.event_id) == (proof.kind, proof.event_id)
    ]
    return (found[0], "") if found else (None, f"its documents do not show that call {proof.event_id} is {proof.kind}")


def _log(proof: Proof) -> Log:
    """The log of the one call. Raises ReceiptError for a receipt that cannot be read, ValueError for another call's."""
    receipts = tuple(map(SignedReceipt.parse, proof.receipts))
    if any(one.receipt.event_id != proof.event_id for one in receipts):
        raise ValueError("a receipt is that of another call")
    tokens = Tokens(proof.logged.input, proof.logged.output) if proof.logged else None
    return {proof.event_id: Logged(proof.event_id, tokens, receipts)} if tokens or receipts else {}


def _believed(proof: Proof, bills: Bills) -> Iterator[str]:
    """What a proof leaves to be believed, beside what its bills do."""
    if proof.kind is Kind.EXTRA:
        yield "that the call was not made: the proof shows that it is billed, and its user says the rest"
    if proof.logged:
        yield "what its user logged: no receipt is shown"
    if proof.kind is Kind.BAD_RECEIPT:
        yield "that the operator gave this receipt: anybody can sign one with a key of their own"
    if proof.kind is Kind.PROMISE_BROKEN and proof.receipts:
        key_hash = SignedReceipt.parse(proof.receipts[0]).receipt.key_hash
        if not bills.has_call_of_key(key_hash):
            yield f"that the key {key_hash} is one of subscription {proof.bills[0].subscription_id}"
