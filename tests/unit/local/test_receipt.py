"""The receipt shows every number whole, however wide the terminal is."""

import io
import json
from dataclasses import replace
from typing import Final

import pytest
from rich.console import Console

from flareflow_verify.checking import Finding, Outcome, Report
from flareflow_verify.evidence import Link
from infra.local.demo.receipt import Check, Receipt

RECEIPT: Final = Receipt(
    subscription_id=1,
    calls_ok=21,
    calls_failed=4,
    tokens=38_512,
    rated_microtokens=42_994_500_000,
    deposit_ufix64=1_000_000_000,
    charged_ufix64=85_989_000,
    deposit_left_ufix64=914_011_000,
    epoch=179_572_423,
    statement_hash=f"0x{'a1' * 32}",
    statement_url="http://127.0.0.1:14000/v1/statements/0179572423",
    voting_round_id=27_458_849,
    merkle_root=f"0x{'b2' * 32}",
    flow_transaction_ids={"open": "c3" * 32, "confirm root": "d4" * 32, "settle": "e5" * 32},
    flare_transaction_hash=f"0x{'f6' * 32}",
    live_calls=21,
    pending_seen_ms=tuple(range(10, 210, 10)),
    seconds={"stack": 30.0},
    checks=(
        Check("calls answered", {"customer": "21", "statement": "21"}),
        Check("a hash", {"statement": f"0x{'07' * 32}", "flow": f"0x{'07' * 32}"}),
    ),
    verified=Report(
        1,
        179_572_423,
        (Finding(Link.FLOW_ROOT, Outcome.VERIFIED, f"the light client on Flow has 0x{'b2' * 32} too"),),
        ("the meter",),
    ),
    second_run_changed_nothing=True,
)
WHOLE: Final = (
    RECEIPT.statement_hash,
    RECEIPT.statement_url,
    RECEIPT.merkle_root,
    RECEIPT.flare_transaction_hash,
    *RECEIPT.flow_transaction_ids.values(),
    f"0x{'07' * 32}",
)


def printed(receipt: Receipt, columns: int) -> str:
    console = Console(file=io.StringIO(), width=columns, force_terminal=False)
    receipt.print(console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("columns", [80, 99, 100, 120, 200])
def test_ids_and_hashes_are_whole_in_one_line(columns: int) -> None:
    # When the receipt is printed on a terminal of this width
    lines = printed(RECEIPT, columns).splitlines()
    # Then each id and hash stands in one line, nothing is cut, and nothing is wider than the terminal
    assert [whole for whole in WHOLE if not any(whole in line for line in lines)] == []
    assert "…" not in "".join(lines)
    assert max(map(len, lines)) <= columns


@pytest.mark.parametrize("columns", [80, 120])
def test_the_latency_of_pending_usage_is_told_as_median_and_95th_percentile(columns: int) -> None:
    # Given 20 calls that were seen after 10 to 200 ms
    assert "100 ms (p50) or 190 ms (p95)" in printed(RECEIPT, columns)
    written = json.loads(RECEIPT.as_json())
    assert (written["pending_p50_ms"], written["pending_p95_ms"]) == (100, 190)


def test_percentiles_of_few_calls_are_those_of_a_call() -> None:
    one = replace(RECEIPT, pending_seen_ms=(70,))
    three = replace(RECEIPT, pending_seen_ms=(10, 20, 90))
    assert [one.pending_ms(50), one.pending_ms(95), three.pending_ms(50), three.pending_ms(95)] == [70, 70, 20, 90]


@pytest.mark.parametrize("columns", [80, 120])
def test_systems_that_disagree_are_shown_with_what_each_says(columns: int) -> None:
    wrong = replace(RECEIPT, checks=(Check("tokens", {"customer": "7", "statement": "8"}),))
    shown = printed(wrong, columns)
    assert "DIFFERS" in shown
    assert "customer: 7" in shown
    assert "statement: 8" in shown
    assert not wrong.is_good


@pytest.mark.parametrize("outcome", [Outcome.DIFFERS, Outcome.UNCHECKED])
def test_a_bill_that_is_not_verified_makes_no_good_receipt(outcome: Outcome) -> None:
    found = Finding(Link.PRICE, outcome, "what was found")
    wrong = replace(RECEIPT, verified=replace(RECEIPT.verified, findings=(found,)))
    assert f"price: {outcome}" in printed(wrong, 80)
    assert "what was found" in printed(wrong, 80)
    assert not wrong.is_good


def test_a_second_run_that_changed_something_is_no_good_receipt() -> None:
    changed = replace(RECEIPT, second_run_changed_nothing=False)
    assert "something changed" in printed(changed, 80)
    assert "DIFFERS" in printed(changed, 80)
    assert not changed.is_good
