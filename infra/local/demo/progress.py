"""Steps with their time, shown while they go on."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Steps:
    """Times named steps; prints each as it begins and ends, with one changing line where a terminal watches."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, saying: str) -> Iterator["Doing"]:
        began = time.perf_counter()
        with self.console.status(saying) as status:
            doing = Doing(status.update, saying)
            try:
                yield doing
            except BaseException:
                self.console.print(f"[red]✗[/] {saying}")
                raise
        self.seconds[name] = time.perf_counter() - began
        result = f"  [dim]{doing.result}[/]" if doing.result else ""
        self.console.print(f"[green]✓[/] {saying} [dim]({self.seconds[name]:.1f} s)[/]{result}")


class Doing:
    """A step under way: `now` changes its line, `result` is what it ends with."""

    def __init__(self, update: "object", saying: str) -> None:
        self._update = update
        self._saying = saying
        self.result = ""

    def now(self, text: str) -> None:
        if callable(self._update):
            self._update(f"{self._saying}: {text}")
