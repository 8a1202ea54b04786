"""What the operator's command prints, and its exit status."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from flareflow.books.rebuilding import Books, Difference
from flareflow.books.transactions import metered
from flareflow.bootstrap import books as command
from flareflow.errors import FlowUnavailableError


def finding(monkeypatch: pytest.MonkeyPatch, *found: Difference, error: Exception | None = None) -> None:
    """The comparison finds these differences, and then fails if there is an error."""

    def run(books: Books) -> Iterator[Difference]:
        books.balances.add([metered(1, 7, 5)])
        yield from found
        if error:
            raise error

    monkeypatch.setattr(command, "rebuild_books", lambda: SimpleNamespace(run=run))


def test_without_a_difference_it_prints_the_balances(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    finding(monkeypatch)
    assert command.main() == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split() for line in printed[:2]] == [
        ["metered", "5", "rated_microtokens"],
        ["used", "-5", "rated_microtokens"],
    ]
    assert printed[2] == "1 transactions, 0 differences"


def test_each_difference_is_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    finding(monkeypatch, Difference("revenue", 5, 6))
    assert command.main() == 1
    assert capsys.readouterr().out.startswith("revenue: the sources say 5, stored is 6\n")


def test_after_many_differences_reading_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    finding(monkeypatch, *[Difference("revenue", 5, 6)] * 1_001)
    assert command.main() == 1
    assert "1000 differences" in capsys.readouterr().out


def test_what_cannot_be_read_is_said_with_a_status_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    finding(monkeypatch, error=FlowUnavailableError("Flow gave no answer"))
    assert command.main() == 2
    assert "FlowUnavailableError: Flow gave no answer" in capsys.readouterr().err


def test_progress_is_shown_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    seconds = iter([100.0, 101.9, 102.0])
    progress = command.Progress(lambda: next(seconds))
    for height in range(3):
        progress(f"events up to block {height}")
    assert capsys.readouterr().err == "reading events up to block 0\nreading events up to block 2\n"
