"""Shows how far several parts are that run at once: live lines on a terminal, else a line now and then.

`make install` uses it before there is a virtual environment: standard library only, any Python from 3.9.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

FRAMES: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FRAME_SECONDS: Final = 0.15
LINE_SECONDS: Final = 15.0
LONG_SECONDS: Final = 10.0
LOG_BYTES: Final = 4_096
CLEAR_DOWN: Final = "\x1b[J"
GREEN, RED, YELLOW, DIM, PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"


@dataclass(frozen=True)
class Part:
    """One part: what is done, how many seconds it usually takes, which parts come before it, where it logs."""

    name: str
    doing: str
    usual_seconds: float
    needs: Sequence[str] = ()
    log: Path | None = None


class Progress:
    """What each part is doing; parts may begin and end in any thread."""

    def __init__(self, parts: Sequence[Part], out: IO[str], clock: Callable[[], float] = time.monotonic) -> None:
        self.parts = {part.name: part for part in parts}
        self.out = out
        self.clock = clock
        self.is_live = out.isatty()
        self.began: dict[str, float] = {}
        self.took: dict[str, float] = {}
        self.failed: set[str] = set()
        self._lock = threading.Lock()
        self._drawn = 0

    def begin(self, name: str) -> None:
        self.began[name] = self.clock()
        part = self.parts[name]
        if part.usual_seconds >= LONG_SECONDS:
            self._say(f"{name}: {part.doing}, usually {duration(part.usual_seconds)}")

    def end(self, name: str, *, failed: bool = False) -> None:
        """The part has ended, well or not; one that was never begun is counted as failed at once."""
        self.took[name] = self.clock() - self.began.setdefault(name, self.clock())
        if failed:
            self.failed.add(name)
        self._say(f"{name}: {'FAILED' if failed else 'done'} after {duration(self.took[name])}")

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Shows what is going on for as long as the context lasts."""
        try:
            with repeated(*((self.draw, FRAME_SECONDS) if self.is_live else (self.tell, LINE_SECONDS))):
                yield
        finally:
            if self.is_live:
                self.draw()

    def running(self) -> list[str]:
        return [name for name in self.parts if name in self.began and name not in self.took]

    def seconds_left(self) -> float:
        """How long the slowest chain of parts still takes, if each takes as long as usual."""
        ends: dict[str, float] = {}
        for part in self.parts.values():  # needs come before what needs them
            spent = self.clock() - self.began[part.name] if part.name in self.began else 0.0
            own = 0.0 if part.name in self.took else max(part.usual_seconds - spent, 0.0)
            ends[part.name] = own + max((ends.get(need, 0.0) for need in part.needs), default=0.0)
        return max(ends.values(), default=0.0)

    def tell(self) -> None:
        """One line that says what is running, where nobody watches a terminal."""
        running = [f"{name} ({self._spent(name)})" for name in self.running()]
        if running:
            self._write(f"still going on: {', '.join(running)}; {self._remaining()}\n")

    def draw(self) -> None:
        """All lines, over those of the last time."""
        width = shutil.get_terminal_size().columns
        lines = [line for name in self.parts for line in self._lines(name, width)]
        if self.running():
            lines.append(f"{DIM}{self._remaining()}{PLAIN}")
        with self._lock:
            up = f"\x1b[{self._drawn}A" if self._drawn else ""
            self.out.write(f"{up}\r{CLEAR_DOWN}" + "".join(f"{line}\n" for line in lines))
            self.out.flush()
            self._drawn = len(lines)

    def _lines(self, name: str, width: int) -> list[str]:
        part, name_width = self.parts[name], max(len(name) for name in self.parts)
        if name in self.took:
            colour, mark = (RED, "✗") if name in self.failed else (GREEN, "✓")
            return [f"{colour}{mark}{PLAIN} {name:<{name_width}}  {duration(self.took[name])}"]
        if name not in self.began:
            return [cut(f"· {name}", width)]
        frame = FRAMES[int(self.clock() / FRAME_SECONDS) % len(FRAMES)]
        text = cut(f"{name:<{name_width}}  {part.doing}, {self._spent(name)}", width - 2)
        lines = [f"{YELLOW}{frame}{PLAIN} {text}"]
        said = last_line(part.log) if part.log and self.clock() - self.began[name] > LONG_SECONDS else ""
        if said:
            lines.append(f"{DIM}{' ' * (name_width + 4)}{cut(said, width - name_width - 4)}{PLAIN}")
        return lines

    def _spent(self, name: str) -> str:
        usual = self.parts[name].usual_seconds
        usually = f" of usually {duration(usual)}" if usual >= LONG_SECONDS else ""
        return duration(self.clock() - self.began[name]) + usually

    def _remaining(self) -> str:
        left = self.seconds_left()
        return f"usually {duration(left)} more" if left else "longer than usual"

    def _say(self, text: str) -> None:
        if not self.is_live:
            self._write(f"{text}\n")

    def _write(self, text: str) -> None:
        """One write for a whole line: several threads write, and no line may break another."""
        with self._lock:
            self.out.write(text)
            self.out.flush()


@contextmanager
def repeated(act: Callable[[], None], pause_seconds: float) -> Iterator[None]:
    """Calls `act` after every pause, in a thread, for as long as the context lasts."""
    ended = threading.Event()

    def act_repeatedly() -> None:
        while not ended.wait(pause_seconds):
            act()

    thread = threading.Thread(target=act_repeatedly, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`."""
    if seconds < LONG_SECONDS:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def cut(text: str, width: int) -> str:
    """The text in one line of a terminal, so that lines can be drawn over each other."""
    return text if len(text) < width else text[: max(width - 2, 0)] + "…"


def last_line(log: Path) -> str:
    """The last line that is not empty, without control characters; empty where there is none."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(file.seek(0, 2) - LOG_BYTES, 0))
        lines = file.read().decode(errors="replace").replace("\r", "\n").splitlines()
    printable = ["".join(letter for letter in line if letter.isprintable()).strip() for line in lines]
    return next((line for line in reversed(printable) if line), "")
