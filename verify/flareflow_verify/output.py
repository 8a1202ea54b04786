"""What the command prints: a line for each step, on a terminal in colours, or one JSON object."""

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self, TextIO

from flareflow_verify.checking import Exit, Finding, Outcome, Report, worst

MARKS: Final = {Outcome.VERIFIED: ("✓", 32), Outcome.DIFFERS: ("✗", 31), Outcome.UNCHECKED: ("?", 33)}
LINK_CHARACTERS: Final = 16
SAID_AT: Final = 6 + LINK_CHARACTERS
COLUMNS_MIN: Final = 60
DIM: Final = 2


def printable(text: str) -> str:
    """The text without what a terminal would obey: sources can send anything."""
    return "".join(character if character.isprintable() else "?" for character in text)


@dataclass(frozen=True, slots=True)
class Paper:
    """A text stream. On a terminal lines are wrapped to its `columns`, and coloured unless plain text was asked for."""

    stream: TextIO
    is_coloured: bool
    columns: int | None = None

    @classmethod
    def on_standard_output(cls) -> "Paper":
        if not sys.stdout.isatty():
            return cls(sys.stdout, is_coloured=False)
        return cls(sys.stdout, "NO_COLOR" not in os.environ, shutil.get_terminal_size().columns)

    def wrapped(self, text: str, indent: int) -> str:
        """The text in lines of at most `columns`, all but the first indented; words are never broken."""
        if self.columns is None:
            return text
        following = " " * indent
        width = max(self.columns, COLUMNS_MIN)
        lines = textwrap.wrap(text, width, subsequent_indent=following, break_long_words=False, break_on_hyphens=False)
        return "\n".join(lines)

    def styled(self, text: str, code: int) -> str:
        return f"\033[{code}m{text}\033[0m" if self.is_coloured else text

    def print(self, text: str) -> None:
        print(text, file=self.stream, flush=True)


@dataclass(slots=True)
class Progress:
    """What is going on, on standard error, as one line that changes; nothing where that is no terminal."""

    stream: TextIO
    is_shown: bool

    @classmethod
    def on_standard_error(cls) -> "Progress":
        return cls(sys.stderr, sys.stderr.isatty())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def say(self, text: str) -> None:
        if self.is_shown:
            print(f"\r\033[K{printable(text)} …", end="", file=self.stream, flush=True)

    def end(self) -> None:
        if self.is_shown:
            print("\r\033[K", end="", file=self.stream, flush=True)


def print_found(lines: Iterable[str], content: Callable[[], str], *, is_json: bool) -> None:
    """What a command found on standard output: lines for people, or the same as JSON."""
    paper = Paper.on_standard_output()
    for line in [content()] if is_json else map(printable, lines):
        paper.print(line)


def print_reports(reports: Sequence[Report], *, is_json: bool) -> None:
    """Reports on standard output: lines for people, or one JSON object."""
    paper = Paper.on_standard_output()
    if is_json:
        paper.print(as_json(reports))
        return
    for report in reports:
        print_report(report, paper)


def print_report(report: Report, paper: Paper) -> None:
    """A numbered line a step, what has to be believed, and the result."""
    paper.print(f"Subscription {report.subscription_id}, epoch {report.epoch}")
    for number, finding in enumerate(report.findings, start=1):
        paper.print(_line(number, finding, paper))
    paper.print("Believed without a proof:")
    for believed in report.believed:
        paper.print(paper.styled(paper.wrapped(f"   - {printable(believed)}", 5), DIM))
    paper.print(_result(report, paper))


def _line(number: int, finding: Finding, paper: Paper) -> str:
    mark, colour = MARKS[finding.outcome]
    unchecked = "not checked: " if finding.outcome is Outcome.UNCHECKED else ""
    said = f"{unchecked}{printable(finding.said)}"
    line = paper.wrapped(f"{number:2} {mark} {finding.link:<{LINK_CHARACTERS}} {said}", SAID_AT)
    return line.replace(mark, paper.styled(mark, colour), 1)


def _result(report: Report, paper: Paper) -> str:
    differs = [finding.link for finding in report.findings if finding.outcome is Outcome.DIFFERS]
    unchecked = [finding.link for finding in report.findings if finding.outcome is Outcome.UNCHECKED]
    match report.exit:
        case Exit.VERIFIED:
            return paper.styled(f"Verified: {len(report.findings)} of {len(report.findings)} steps.", 32)
        case Exit.DIFFERENCE:
            return paper.styled(f"NOT verified: {', '.join(differs)} differ from what they must be.", 31)
        case Exit.UNCHECKED:
            said = f"Not verified: {', '.join(unchecked)} could not be checked. Of what could be, nothing differs."
            return paper.styled(said, 33)


def as_json(reports: Sequence[Report]) -> str:
    """The reports as one JSON object."""
    content = {"result": worst(reports).name.lower(), "bills": [_as_object(report) for report in reports]}
    return json.dumps(content, indent=2)


def _as_object(report: Report) -> dict[str, object]:
    steps = [
        {"step": number, "link": finding.link, "outcome": finding.outcome, "compared": finding.said}
        for number, finding in enumerate(report.findings, start=1)
    ]
    return {
        "subscription_id": str(report.subscription_id),
        "epoch": str(report.epoch),
        "result": report.exit.name.lower(),
        "steps": steps,
        "believed": list(report.believed),
    }
