"""The receipt as JSON, and as lines for a terminal."""

import json
from collections.abc import Iterator, Sequence

from flareflow.metering.models import USAGE_FIELDS, Usage
from flareflow_verify.amounts import counted, currency_of, money, rated, token_of
from flareflow_verify.checking import Exit
from flareflow_verify.receipt.model import Line, MonthlyReceipt

RESULTS = {Exit.VERIFIED: "verified", Exit.DIFFERENCE: "NOT verified", Exit.UNCHECKED: "unchecked"}


def as_json(receipt: MonthlyReceipt) -> str:
    """Amounts are decimal text: money in 1e-8, usage in rated micro-tokens. null is what is not known."""
    bill = receipt.on_flow.bill if receipt.on_flow else None
    content = {
        "subscription_id": str(receipt.subscription_id),
        "month": str(receipt.month),
        "made_at": receipt.made_at.isoformat(),
        "result": receipt.result.name.lower(),
        "contract": receipt.on_flow.contract if receipt.on_flow else None,
        "owner": bill.owner if bill else None,
        "plan": None if bill is None else {
            "id": str(bill.plan_id),
            "version": str(bill.plan_version),
            "currency": currency_of(bill),
            "tiers": [
                {"end_tokens": _text(tier.end_tokens), "price_ufix64": str(tier.price_ufix64)} for tier in bill.tiers
            ],
        },
        "token": token_of(bill) if bill else None,
        "usage": _usage(receipt.usage),
        "charged_ufix64": str(receipt.charged_ufix64),
        "uncharged_lines": receipt.uncharged,
        "balance_ufix64": str(bill.balance_ufix64) if bill else None,
        "lines_are": "days" if receipt.is_by_day else "bills",
        "lines": [_line(line) for line in receipt.lines],
        "believed": list(receipt.believed),
    }  # fmt: skip
    return json.dumps(content, indent=2)


def _line(line: Line) -> dict[str, object]:
    return {
        "epoch": str(line.epoch),
        "until": line.until.isoformat() if line.until else None,
        "statement_hash": f"0x{line.statement_hash.hex()}" if line.statement_hash else None,
        "voting_round": _text(line.voting_round),
        "usage": _usage(line.usage),
        "charged_ufix64": _text(line.charged_ufix64),
        "owed_ufix64": _text(line.charge.owed_ufix64 if line.charge else None),
        "rate_ufix64": _text(line.charge.rate_ufix64 if line.charge else None),
        "charged_by_epoch": _text(line.charge.epoch if line.charge else None),
        "transaction_id": line.charge.transaction_id if line.charge else None,
        "result": line.result.name.lower(),
        "unverified": list(line.unverified),
    }


def _usage(usage: Usage | None) -> dict[str, str] | None:
    return None if usage is None else {name: str(getattr(usage, name)) for name in USAGE_FIELDS}


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def lines(receipt: MonthlyReceipt) -> Iterator[str]:
    """One line for each bill, and a sum."""
    token = token_of(receipt.on_flow.bill) if receipt.on_flow else "tokens"
    kind = "the last bill of each day" if receipt.is_by_day else "each bill"
    yield f"Subscription {receipt.subscription_id}, {receipt.month}, {kind}"
    for line in receipt.lines:
        yield _printed(line, token)
        yield from (f"    {one}" for one in line.unverified)
    used = receipt.usage
    told = f"{counted(used.requests, 'call')}, {rated(used.rated_microtokens)}, " if used else ""
    missing = f"; {counted(receipt.uncharged, 'line')} without a known charge" if receipt.uncharged else ""
    yield f"In all: {told}{money(receipt.charged_ufix64, token)} charged{missing}. {_result(receipt.lines)}"


def _printed(line: Line, token: str) -> str:
    until = f"{line.until:%Y-%m-%d %H:%M}" if line.until else "?"
    used = rated(line.usage.rated_microtokens) if line.usage else "?"
    return f"{until}  epoch {line.epoch}  {used}  charged {line.charged(token)}  {RESULTS[line.result]}"


def _result(of: Sequence[Line]) -> str:
    """How many lines were found to be what."""
    found = {result: sum(line.result is result for line in of) for result in Exit}
    return ", ".join(f"{count} {RESULTS[result]}" for result, count in found.items() if count)
