"""The receipt of a month: its lines, its sums, and what it says of a bill that is not verified."""

import json
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import pytest

from flareflow.statements.documents import statement_path
from flareflow.time import Epochs
from flareflow_verify import commands, receipt_command
from flareflow_verify.__main__ import main
from flareflow_verify.checking import Exit, Outcome, check_all
from flareflow_verify.gathering import Wanted
from flareflow_verify.output import Progress
from flareflow_verify.receipt.model import CheckedBills
from flareflow_verify.receipt.month import Month
from tests.support.bills import FIRST_EPOCH, SUBSCRIPTION, TRANSACTION, World
from tests.support.public_sources import PublicSources

EPOCH: Final = FIRST_EPOCH + 1
MONTH: Final = f"{Epochs().start(EPOCH):%Y-%m}"
AT: Final = datetime(2026, 11, 1, tzinfo=UTC)
SOURCES: Final = ("--host", "https://statements.example", "--flow", "https://flow.example")


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> PublicSources:
    """The command reaches these sources, whatever it is told."""
    found = PublicSources(World())

    @contextmanager
    def gathering(_: object, __: object, progress: Progress) -> Any:
        yield found.gather(progress.say)

    monkeypatch.setattr(commands, "_gathering", gathering)
    return found


def receipt(capsys: pytest.CaptureFixture[str], *options: str, month: str = MONTH) -> tuple[int, Any]:
    status = main(["receipt", str(SUBSCRIPTION), "--month", month, "--json", *SOURCES, *options])
    out = capsys.readouterr().out
    return status, json.loads(out) if out else None


def test_a_month_has_a_line_for_each_bill_and_their_sum(
    sources: PublicSources, capsys: pytest.CaptureFixture[str]
) -> None:
    status, found = receipt(capsys)
    charge = sources.world.on_flow.charge
    assert charge is not None
    assert (status, found["result"], found["lines_are"]) == (0, "verified", "bills")
    first, second = found["lines"]
    assert [first["epoch"], second["epoch"]] == [str(FIRST_EPOCH), str(EPOCH)]
    # The first statement was proven and charged by the second one, so the charge stands there
    assert (first["charged_ufix64"], second["charged_ufix64"]) == ("0", str(charge.charged_ufix64))
    assert second["transaction_id"] == TRANSACTION
    assert second["statement_hash"] == f"0x{sources.world.statement.hash.hex()}"
    # The usage of both is all that there ever was
    assert found["usage"]["requests"] == "6"
    assert int(found["usage"]["rated_microtokens"]) == sources.world.total_microtokens
    assert found["charged_ufix64"] == str(charge.charged_ufix64)


def test_a_month_of_many_bills_has_a_line_for_each_day(
    sources: PublicSources, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given more bills than are listed one by one
    monkeypatch.setattr(receipt_command, "LINES_MAX", 1)
    status, found = receipt(capsys)
    # Then the last bill of the day has the usage of both, and no day without usage has a line
    assert (status, found["lines_are"], len(found["lines"])) == (0, "days", 1)
    (line,) = found["lines"]
    assert line["epoch"] == str(EPOCH)
    assert int(line["usage"]["rated_microtokens"]) == sources.world.total_microtokens
    assert line["charged_ufix64"] == str(sources.world.on_flow.bill.charged_ufix64)


def test_a_bill_that_differs_makes_the_receipt_differ(
    sources: PublicSources, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    # Given a host that serves another first statement than was attested
    documents = sources.world.documents.kept
    first = documents[statement_path(FIRST_EPOCH)]
    changed = first.text.replace('"subscription_count":"3"', '"subscription_count":"4"')
    documents[statement_path(FIRST_EPOCH)] = type(first)(first.path, changed, first.media_type)
    page = tmp_path / "receipt.html"
    # When the receipt is made
    status, found = receipt(capsys, "-o", str(page))
    # Then it ends with 1 and says where
    assert (status, found["result"]) == (1, "difference")
    assert any(one.startswith("chain:") for line in found["lines"] for one in line["unverified"])
    assert "NOT verified" in page.read_text()


def test_one_bill_that_is_not_verified_makes_the_receipt_so(sources: PublicSources) -> None:
    # Given two bills, of which a step of the first could not be checked
    gather = sources.gather()
    bundles = [gather.run(Wanted(SUBSCRIPTION, epoch)) for epoch in (FIRST_EPOCH, EPOCH)]
    first, last = check_all(bundles)
    unchecked = replace(first, findings=(replace(first.findings[0], outcome=Outcome.UNCHECKED), *first.findings[1:]))
    # When they are summed up
    made = CheckedBills(None, bundles, [unchecked, last], is_by_day=False).receipt(Month.parse(MONTH), AT)
    # Then the receipt is unchecked, although the last one is verified
    assert (last.exit, made.result) == (Exit.VERIFIED, Exit.UNCHECKED)


def test_a_charge_of_which_the_state_is_gone_is_unchecked_and_still_listed(
    sources: PublicSources, capsys: pytest.CaptureFixture[str]
) -> None:
    sources.keeps_state_from = 2_000
    status, found = receipt(capsys)
    assert (status, found["result"]) == (2, "unchecked")
    assert found["lines"][1]["result"] == "unchecked"
    assert found["charged_ufix64"] == found["lines"][1]["charged_ufix64"] != "0"


class Page(HTMLParser):
    """Tags, and what they refer to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.references += [
            value or "" for name, value in attrs if name in {"src", "href", "style"} or name[:2] == "on"
        ]


def test_the_page_needs_nothing_else_and_no_script(
    sources: PublicSources, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "receipt.html"
    assert receipt(capsys, "-o", str(path))[0] == 0
    text = path.read_text()
    page = Page()
    page.feed(text)
    assert not page.tags & {"script", "link", "img", "iframe", "object", "form"}
    assert page.references == []
    assert "url(" not in text
    assert "@import" not in text
    assert {"table", "tfoot"} <= page.tags
    assert "@media print" in text
    for told in (TRANSACTION, sources.world.statement.hash.hex(), sources.world.on_flow.contract):
        assert told in text


def test_what_a_source_says_is_escaped(
    sources: PublicSources, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a node whose transaction id is markup
    on_flow = sources.world.on_flow
    assert on_flow.charge is not None
    evil = on_flow.charge.model_copy(update={"transaction_id": "<script>alert(1)</script>"})
    sources.world.__dict__["on_flow"] = on_flow.model_copy(update={"charge": evil})
    path = tmp_path / "receipt.html"
    receipt(capsys, "-o", str(path))
    assert "<script" not in path.read_text()
    assert "&lt;script&gt;" in path.read_text()


def test_lines_are_for_people(sources: PublicSources, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["receipt", str(SUBSCRIPTION), "--month", MONTH, *SOURCES]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Subscription {SUBSCRIPTION}, {MONTH}, each bill"
    assert len(lines) == 3
    assert last.startswith("In all: 6 calls, ")
    assert last.endswith("2 verified")


@pytest.mark.usefixtures("sources")
@pytest.mark.parametrize(
    ("month", "reason"),
    [("2026-13", "is no month"), ("november", "is no month"), ("2001-01", "used nothing in 2001-01")],
)
def test_a_month_without_bills_is_said(month: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["receipt", str(SUBSCRIPTION), "--month", month, *SOURCES]) == 2
    assert reason in capsys.readouterr().err


@pytest.mark.usefixtures("sources")
def test_a_page_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["receipt", "7", "--month", MONTH, *SOURCES, "-o", str(tmp_path / "no" / "page.html")]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["2024-02", "2026-11", "2026-12"])
@pytest.mark.parametrize("seconds", [10, 300])
def test_the_days_of_a_month_are_all_of_its_epochs(text: str, seconds: int) -> None:
    month, epochs = Month.parse(text), Epochs(seconds)
    days = month.days(epochs)
    assert [epoch for day in days for epoch in (day.start, day.stop)] == sorted(
        [*(day.start for day in days), *(day.stop for day in days)]
    )
    assert (days[0].start, days[-1].stop) == (month.epochs(epochs).start, month.epochs(epochs).stop)
    assert len(days) == (month.end - month.start) // timedelta(days=1)
    assert epochs.start(days[0].start) == datetime(month.year, month.number, 1, tzinfo=UTC)
