"""What the stack's command shows: which servers run, where they listen, what they logged."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table

from flareflow.adapters.flow.json_cdc import UNITS_PER_TOKEN
from infra.local.flow.wallet import ACCOUNTS_UFIX64
from infra.local.ports import HOST, port
from infra.local.run_dir import run_dir
from infra.local.server import Server, tail
from infra.paths import ROOT

LOG_LINES: Final = 40


def status(servers: Sequence[Server]) -> RenderableType:
    """One line for each server, and a sentence about all of them."""
    table = Table("server", "state", "pid", "addresses")
    running = 0
    for server in servers:
        process = server.process()
        running += process is not None
        state = "[dim]stopped[/]" if process is None else "up" if server.is_ready() else "[yellow]no answer[/]"
        addresses = ", ".join(f"{HOST}:{port(name)}" for name in server.ports)
        table.add_row(server.name, state, str(process.pid) if process else "", addresses)
    return Group(table, summary(running, len(servers)), f"Logs: {shown(run_dir())}, or `make logs NAME=…`")


def summary(running: int, servers: int) -> str:
    """How much of the stack runs, and what can be done about it."""
    if running == 0:
        return "Nothing is running. `make up` starts the stack."
    if running == servers:
        return f"All {servers} servers are running. `make down` stops them."
    return f"{running} of {servers} servers are running. `make up` stops them and starts everything anew."


def page(address: str) -> str:
    """Where the page is, and who can connect."""
    names = ", ".join(f"{name} with {units // UNITS_PER_TOKEN:,} FLOW" for name, units in ACCOUNTS_UFIX64.items())
    return f"The page: {address}  (accounts in its wallet: {names})"


def stopped(names: Sequence[str]) -> str:
    """What `down` has done."""
    if not names:
        return "Nothing was running."
    return f"Stopped {len(names)} server{'s' if len(names) > 1 else ''}: {', '.join(names)}."


def logs(name: str | None) -> str:
    """The last lines of all logs, or of one server's or function's."""
    files = sorted([*run_dir().glob("*.log"), *run_dir().glob("functions/*.log")])
    chosen = [file for file in files if name in (None, file.stem)]
    if not chosen:
        return f"There is no log{f' of {name}' if name else ''} in {shown(run_dir())}."
    return "\n".join(f"== {file.stem} ==\n{tail(file, LOG_LINES)}" for file in chosen)


def shown(path: Path) -> str:
    """A path of this checkout as it is named from its root."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
