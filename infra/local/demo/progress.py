"""Steps with the time that each takes, shown while they go on."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.status import Status

from infra.progress import LINE_SECONDS, LONG_SECONDS, duration, repeated

REFRESH_SECONDS: Final = 0.5


class Steps:
    """Runs named steps one after the other and keeps how long each took.

    A terminal shows one changing line for the step that goes on; elsewhere a line says now and then that it goes on.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, saying: str, usual_seconds: float = 0.0) -> Iterator["Doing"]:
        """Print the step when it has ended, with its result; `usual_seconds` is shown where it is long."""
        pause = REFRESH_SECONDS if self.console.is_terminal else LINE_SECONDS
        with self.console.status(saying) as status:
            doing = Doing(self.console, status, saying, usual_seconds)
            try:
                with repeated(doing.show, pause):
                    yield doing
            except BaseException:
                self.console.print(f"[red]✗[/] {saying}")
                raise
        self.seconds[name] = doing.seconds()
        result = f"  [dim]{doing.result}[/]" if doing.result else ""
        self.console.print(f"[green]✓[/] {saying} [dim]({self.seconds[name]:.1f} s)[/]{result}")


class Doing:
    """A step that goes on: `now` says what it is doing, `result` is printed with its end."""

    def __init__(self, console: Console, status: Status, saying: str, usual_seconds: float) -> None:
        self.result = ""
        self._console = console
        self._status = status
        self._saying = saying
        self._usually = f" of usually {duration(usual_seconds)}" if usual_seconds >= LONG_SECONDS else ""
        self._now = ""
        self._began = time.perf_counter()

    def now(self, text: str) -> None:
        self._now = f": {text}"
        self._status.update(self._line())

    def seconds(self) -> float:
        return time.perf_counter() - self._began

    def show(self) -> None:
        if self._console.is_terminal:
            self._status.update(self._line())
        else:
            self._console.print(f"still going on: {self._line()}", highlight=False, soft_wrap=True)

    def _line(self) -> str:
        return f"{self._saying}{self._now} [dim]({duration(self.seconds())}{self._usually})[/]"
