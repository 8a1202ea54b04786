"""The receipt as one HTML page that needs nothing else: no script, no other file, and it prints on paper."""

from collections.abc import Iterator
from html import escape
from typing import Final

from flareflow_verify.amounts import currency_of, money, rated, token_of
from flareflow_verify.bundle import Bill
from flareflow_verify.checking import Exit
from flareflow_verify.receipt.model import Line, MonthlyReceipt
from flareflow_verify.receipt.texts import RESULTS

UNKNOWN: Final = "–"
STYLE: Final = """
:root { color-scheme: light; font: 15px/1.45 system-ui, sans-serif; color: #1a1d21; }
body { max-width: 60rem; margin: 2.5rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
.of { color: #59616b; margin: .2rem 0 1.5rem; }
.result { padding: .7rem 1rem; border: 1px solid; border-radius: .4rem; font-weight: 600; }
.verified { color: #12643a; } .difference { color: #a11622; } .unchecked { color: #7a5200; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem; margin: 0; }
dt { color: #59616b; } dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem .4rem 0; border-bottom: 1px solid #dfe3e8; }
th { font-weight: 600; color: #59616b; } .number { text-align: right; white-space: nowrap; }
tfoot td { font-weight: 600; border-bottom: 0; }
code { font: 11px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.proof td { border-bottom-color: #b9c0c8; padding-top: 0; } .bill td { border-bottom: 0; }
ul { margin: 0; padding-left: 1.2rem; } footer { margin-top: 2rem; color: #59616b; font-size: .85rem; }
@page { margin: 16mm; }
@media print { body { margin: 0; max-width: none; padding: 0; font-size: 10pt; } thead { display: table-header-group; }
  .bill, tfoot tr, section { break-inside: avoid; } .bill { break-after: avoid; } }
""".strip()
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def page(receipt: MonthlyReceipt) -> str:
    """The whole page. What sources told is escaped."""
    title = f"FlareFlow receipt, {receipt.month}"
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title><style>{STYLE}</style></head><body>",
            f"<h1>Receipt for {receipt.month.start:%B %Y}</h1>",
            f'<p class="of">FlareFlow, subscription {receipt.subscription_id}. Times are in UTC.</p>',
            _result(receipt),
            *_summary(receipt),
            *_bills(receipt),
            *_believed(receipt),
            f"<footer>Made at {receipt.made_at:%Y-%m-%d %H:%M} UTC by <code>flareflow receipt "
            f"{receipt.subscription_id} --month {receipt.month}</code>, which anybody can repeat. "
            "<code>flareflow verify</code> shows each step for one bill.</footer>",
            "</body></html>\n",
        )
    )


def _result(receipt: MonthlyReceipt) -> str:
    said = {
        Exit.VERIFIED: "Verified: every line leads from the signatures of Flare's voters to the charge on Flow.",
        Exit.DIFFERENCE: "NOT verified: what is marked below differs from what it must be.",
        Exit.UNCHECKED: "Not whole: what is marked below could not be checked.",
    }[receipt.result]
    return f'<p class="result {receipt.result.name.lower()}">{escape(said)}</p>'


def _summary(receipt: MonthlyReceipt) -> Iterator[str]:
    usage, bill = receipt.usage, receipt.on_flow.bill if receipt.on_flow else None
    rows = {
        "Charged": money(receipt.charged_ufix64, token_of(bill)) if bill else UNKNOWN,
        "Calls": f"{usage.requests:,}" if usage else UNKNOWN,
        "Input": f"{usage.input_tokens:,} tokens, {usage.cache_read_tokens:,} of them from a cache"
        if usage
        else UNKNOWN,
        "Output": f"{usage.output_tokens:,} tokens, {usage.reasoning_tokens:,} of them reasoning" if usage else UNKNOWN,
        "Billed": rated(usage.rated_microtokens) if usage else UNKNOWN,
    }
    if bill is not None:
        rows["Deposit left"] = f"{money(bill.balance_ufix64, token_of(bill))} after the last line"
        rows["Owner"], rows["Plan"] = bill.owner, _plan(bill)
    if receipt.on_flow is not None:
        rows["Contract"] = receipt.on_flow.contract
    yield "<section><h2>In all</h2><dl>"
    yield from (f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in rows.items())
    yield "</dl></section>"


def _plan(bill: Bill) -> str:
    tiers = ", ".join(
        f"{money(tier.price_ufix64, currency_of(bill))} "
        + (f"up to {tier.end_tokens:,}" if tier.end_tokens is not None else "above")
        for tier in bill.tiers
    )
    return f"{bill.plan_id} version {bill.plan_version}: for 1,000 rated tokens {tiers}"


def _bills(receipt: MonthlyReceipt) -> Iterator[str]:
    name = "Days, each by its last bill, whose totals contain those before" if receipt.is_by_day else "Bills"
    token = token_of(receipt.on_flow.bill) if receipt.on_flow else ""
    yield f"<h2>{name}</h2><table><thead><tr><th>Until</th><th>Epoch</th>"
    yield '<th class="number">Calls</th><th class="number">Rated tokens</th><th class="number">Charged</th>'
    yield "<th>Checked</th></tr></thead><tbody>"
    for line in receipt.lines:
        yield from _bill(line, token)
    yield f'</tbody><tfoot><tr><td colspan="4">In all</td><td class="number">{money(receipt.charged_ufix64, token)}'
    missing = f"{receipt.uncharged} without a known charge" if receipt.uncharged else ""
    yield f"</td><td>{missing}</td></tr></tfoot></table>"


def _bill(line: Line, token: str) -> Iterator[str]:
    until = f"{line.until:%Y-%m-%d %H:%M}" if line.until else UNKNOWN
    calls = f"{line.usage.requests:,}" if line.usage else UNKNOWN
    used = rated(line.usage.rated_microtokens).removesuffix(" rated tokens") if line.usage else UNKNOWN
    yield f'<tr class="bill"><td>{until}</td><td>{line.epoch}</td><td class="number">{calls}</td>'
    yield f'<td class="number">{used}</td><td class="number">{escape(line.charged(token))}</td>'
    yield f'<td class="{line.result.name.lower()}">{RESULTS[line.result]}</td></tr>'
    yield f'<tr class="proof"><td colspan="6"><code>{"<br>".join(map(escape, _proof(line)))}</code></td></tr>'


def _proof(line: Line) -> Iterator[str]:
    """Where the amounts are proven, and what could not be."""
    if line.statement_hash is not None:
        yield f"statement 0x{line.statement_hash.hex()}"
    if line.voting_round is not None:
        yield f"Flare's voting round {line.voting_round}"
    if line.charge is not None:
        rate = f" at {money(line.charge.rate_ufix64, 'USD')} for one" if line.charge.rate_ufix64 is not None else ""
        yield f"Flow transaction {line.charge.transaction_id}, charged with epoch {line.charge.epoch}{rate}"
    yield from line.unverified


def _believed(receipt: MonthlyReceipt) -> Iterator[str]:
    yield "<section><h2>Believed without a proof</h2><ul>"
    yield from (f"<li>{escape(one)}</li>" for one in receipt.believed)
    yield "</ul></section>"
