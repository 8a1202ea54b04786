"""Starting many parts at once: each as soon as what it needs is ready, with a view of what is going on."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.table import Table

from infra.local.server import Server

REFRESHES_A_SECOND: Final = 8

type Facts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do once between the starts of servers; it gets the facts found so far and adds its own."""

    name: str
    run: Callable[[Facts], Facts]
    needs: Sequence[str] = ()


type Part = Server | Step


@dataclass(slots=True)
class Progress:
    """When each part began and how long it took; drawn as one line for each."""

    names: Sequence[str]
    began: dict[str, float] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)

    def begin(self, name: str) -> None:
        self.began[name] = time.monotonic()

    def end(self, name: str, *, failed: bool = False) -> None:
        self.took[name] = time.monotonic() - self.began[name]
        if failed:
            self.failed.add(name)
        if not sys.stdout.isatty():
            print(f"{name}: {'failed' if failed else 'ready'} after {self.took[name]:.1f} s", flush=True)

    def __rich__(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for name in self.names:
            table.add_row(*self._line(name))
        return table

    def _line(self, name: str) -> tuple[str, str, str]:
        if name in self.took:
            mark = "[red]✗[/]" if name in self.failed else "[green]✓[/]"
            return mark, name, f"{self.took[name]:.1f} s"
        if name in self.began:
            return "[yellow]…[/]", name, f"[dim]{time.monotonic() - self.began[name]:.0f} s[/]"
        return "[dim]·[/]", f"[dim]{name}[/]", ""


def launch(parts: Sequence[Part], console: Console) -> Facts:
    """Start every part, in parallel where needs allow; what all steps found.

    Refuses taken ports before anything starts. On the first failure stops the servers that it had started and
    raises that failure.
    """
    servers = [part for part in parts if isinstance(part, Server)]
    for server in servers:
        server.refuse_taken_ports()
    progress = Progress([part.name for part in parts])
    live = Live(progress, console=console, refresh_per_second=REFRESHES_A_SECOND, transient=False)
    with ThreadPoolExecutor(max_workers=len(parts)) as pool:
        try:
            if not console.is_terminal:
                return _run(parts, pool, progress)
            with live:
                return _run(parts, pool, progress)
        except BaseException:
            stop(servers)  # also ends the waiting of those that are still starting
            raise


def stop(servers: Sequence[Server]) -> None:
    """Stop every server that we started, all at once."""
    with ThreadPoolExecutor(max_workers=len(servers) or 1) as pool:
        list(pool.map(Server.stop, servers))


def _run(parts: Sequence[Part], pool: ThreadPoolExecutor, progress: Progress) -> Facts:
    facts: dict[str, str] = {}
    waiting = list(parts)
    done: set[str] = set()
    running: dict[Future[Facts], str] = {}
    while waiting or running:
        for part in [part for part in waiting if done.issuperset(part.needs)]:
            waiting.remove(part)
            progress.begin(part.name)
            running[pool.submit(_start, part, dict(facts))] = part.name
        if not running:
            raise ValueError(f"nothing gives what {', '.join(part.name for part in waiting)} need")
        for ended in wait(running, return_when=FIRST_COMPLETED).done:
            name = running.pop(ended)
            progress.end(name, failed=ended.exception() is not None)
            facts |= ended.result()
            done.add(name)
    return facts


def _start(part: Part, facts: Facts) -> Facts:
    if isinstance(part, Step):
        return part.run(facts)
    part.start()
    return {}
