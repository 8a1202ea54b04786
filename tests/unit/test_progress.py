"""Progress that moves: what is shown of parts that run at once."""

import io
import threading
from pathlib import Path
from typing import Final

import pytest

from infra.progress import LINE_SECONDS, Part, Progress, cut, duration, last_line

EMULATOR: Final = Part("flow-emulator", "compiling the Flow emulator", 180)
LITELLM: Final = Part("litellm", "installing LiteLLM", 75, needs=["uv"])
UV: Final = Part("uv", "installing uv", 15)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_elsewhere_than_on_a_terminal_a_long_part_is_named_with_its_usual_time(clock: Clock) -> None:
    out = io.StringIO()
    progress = Progress([EMULATOR], out, clock)
    progress.begin("flow-emulator")
    clock.now = 200.0
    progress.end("flow-emulator")
    assert out.getvalue().splitlines() == [
        "flow-emulator: compiling the Flow emulator, usually 3 min 0 s",
        "flow-emulator: done after 3 min 20 s",
    ]


def test_a_line_now_and_then_says_what_goes_on_and_what_usually_remains(clock: Clock) -> None:
    # Given a part that runs for a while, and others that wait
    out = io.StringIO()
    progress = Progress([EMULATOR, UV, LITELLM], out, clock)
    progress.begin("flow-emulator")
    progress.begin("uv")
    out.truncate(0)
    out.seek(0)
    clock.now = 12.0
    # When it is time for a line
    progress.tell()
    # Then it names what runs and what remains on the longest way
    running = "flow-emulator (12 s of usually 3 min 0 s), uv (12 s of usually 15 s)"
    assert out.getvalue() == f"still going on: {running}; usually 2 min 48 s more\n"
    assert LINE_SECONDS <= 20


def test_what_remains_counts_parts_that_wait_for_others(clock: Clock) -> None:
    progress = Progress([UV, LITELLM], io.StringIO(), clock)
    assert progress.seconds_left() == 90.0
    progress.begin("uv")
    clock.now = 40.0
    assert progress.seconds_left() == 75.0
    progress.end("uv")
    progress.begin("litellm")
    clock.now = 60.0
    assert progress.seconds_left() == 55.0
    clock.now = 300.0
    assert progress.seconds_left() == 0.0


def test_a_terminal_shows_a_line_for_each_part_and_what_a_long_one_logged(clock: Clock, tmp_path: Path) -> None:
    # Given a part that has run for longer than a moment, with a log, one that has ended and one that waits
    log = tmp_path / "log"
    log.write_text("first\n\x1b[1mgithub.com/onflow/cadence\n\n")
    out = Terminal()
    progress = Progress([Part("emulator", "compiling", 180, log=log), UV, LITELLM], out, clock)
    progress.begin("emulator")
    progress.begin("uv")
    clock.now = 20.0
    progress.end("uv")
    # When it is drawn
    progress.draw()
    # Then each has its line, the long one its log's last line, and the end is estimated
    drawn = out.getvalue()
    assert "emulator  compiling, 20 s of usually 3 min 0 s" in drawn
    assert "[1mgithub.com/onflow/cadence" in drawn
    assert "✓" in drawn
    assert "· litellm" in drawn
    assert "usually 2 min 40 s more" in drawn
    # And the next drawing goes over these five lines
    progress.draw()
    assert "\x1b[5A" in out.getvalue()


def test_parts_that_end_at_once_in_many_threads_have_a_line_each() -> None:
    # Given an output that is as slow as a pipe, written piece by piece
    class Slow(io.StringIO):
        def write(self, text: str) -> int:
            wrote = super().write(text)
            threading.Event().wait(0.001)
            return wrote

    names = [f"part-{number}" for number in range(30)]
    out = Slow()
    progress = Progress([Part(name, "working", 1) for name in names], out)
    for name in names:
        progress.begin(name)
    # When all parts end at the same time
    threads = [threading.Thread(target=progress.end, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Then every line is whole
    lines = out.getvalue().splitlines()
    assert sorted(line.partition(":")[0] for line in lines) == sorted(names)
    assert all(line.count(": done after ") == 1 for line in lines)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.44, "0.4 s"), (12.4, "12 s"), (59.4, "59 s"), (60.0, "1 min 0 s"), (212, "3 min 32 s")]
)
def test_durations_are_told_in_minutes_and_seconds(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_text_that_is_too_long_for_a_line_is_cut() -> None:
    assert cut("abcdef", 7) == "abcdef"
    assert cut("abcdef", 6) == "abcd…"


def test_a_log_that_is_not_there_or_says_nothing_has_no_last_line(tmp_path: Path) -> None:
    assert last_line(tmp_path / "none") == ""
    (tmp_path / "empty").write_text("\n\n")
    assert last_line(tmp_path / "empty") == ""
