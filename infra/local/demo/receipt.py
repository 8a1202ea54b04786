"""The receipt of one run of the main job: its numbers, and a comparison of what each system says of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from flareflow_verify.checking import Exit, Report

UFIX64_UNITS: Final = 100_000_000
WIDE_COLUMNS: Final = 120
"""So many columns a table of hashes and of who tells them needs."""
SHORT_CHARACTERS: Final = 55
"""A longer value has a line of its own on a narrow terminal."""


def flow(amount_ufix64: int) -> str:
    """An amount in FLOW with its eight decimals, exactly."""
    whole, fraction = divmod(amount_ufix64, UFIX64_UNITS)
    return f"{whole}.{fraction:08d}"


@dataclass(frozen=True, slots=True)
class Check:
    """One number as several systems tell it: `told` by the name of each; it agrees when all say the same."""

    what: str
    told: Mapping[str, str]
    is_as_wanted: bool = True

    @property
    def agrees(self) -> bool:
        return self.is_as_wanted and len(set(self.told.values())) == 1

    @property
    def value(self) -> str:
        """The number on which all agree, or what each of them says."""
        if self.agrees or len(self.told) == 1:
            return next(iter(self.told.values()))
        return "\n".join(f"{who}: {said}" for who, said in self.told.items())

    @property
    def verdict(self) -> str:
        return "[green]agrees[/]" if self.agrees else "[red]DIFFERS[/]"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Every number of a run, for a customer to compare with the public sources."""

    subscription_id: int
    calls_ok: int
    calls_failed: int
    tokens: int
    rated_microtokens: int
    deposit_ufix64: int
    charged_ufix64: int
    deposit_left_ufix64: int
    epoch: int
    statement_hash: str
    statement_url: str
    voting_round_id: int
    merkle_root: str
    flow_transaction_ids: Mapping[str, str]
    flare_transaction_hash: str
    live_calls: int
    """Answered calls whose pending usage was on the WebSocket before they were charged."""

    pending_seen_ms: Sequence[int]
    """How long after each call's end its pending usage was on the WebSocket, in rising order."""

    seconds: Mapping[str, float]
    checks: tuple[Check, ...]
    verified: Report
    """What `flareflow verify` found of the bill."""

    second_run_changed_nothing: bool

    def pending_ms(self, percentile: int) -> int:
        """So many percent of the calls were seen as pending within this time (nearest rank)."""
        rank = -(-len(self.pending_seen_ms) * percentile // 100)
        return self.pending_seen_ms[max(rank, 1) - 1]

    @property
    def agrees(self) -> bool:
        return self.verified.exit is Exit.VERIFIED and all(check.agrees for check in self.checks)

    @property
    def is_good(self) -> bool:
        return self.agrees and self.second_run_changed_nothing

    def as_json(self) -> str:
        return json.dumps(
            {
                "subscription_id": self.subscription_id,
                "calls_ok": self.calls_ok,
                "calls_failed": self.calls_failed,
                "tokens": self.tokens,
                "rated_microtokens": str(self.rated_microtokens),
                "deposit_flow": flow(self.deposit_ufix64),
                "charged_flow": flow(self.charged_ufix64),
                "deposit_left_flow": flow(self.deposit_left_ufix64),
                "epoch": self.epoch,
                "statement_hash": self.statement_hash,
                "statement_url": self.statement_url,
                "voting_round_id": self.voting_round_id,
                "merkle_root": self.merkle_root,
                "flow_transaction_ids": dict(self.flow_transaction_ids),
                "flare_transaction_hash": self.flare_transaction_hash,
                "live_calls": self.live_calls,
                "pending_seen_ms": list(self.pending_seen_ms),
                "pending_p50_ms": self.pending_ms(50),
                "pending_p95_ms": self.pending_ms(95),
                "seconds": {step: round(seconds, 2) for step, seconds in self.seconds.items()},
                "checks": [{"what": c.what, "told": dict(c.told), "agrees": c.agrees} for c in self.checks],
                "verified": {one.link: one.outcome for one in self.verified.findings},
                "agrees": self.agrees,
                "second_run_changed_nothing": self.second_run_changed_nothing,
            },
            indent=2,
        )

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.as_json() + "\n")

    def print(self, console: Console) -> None:
        is_wide = console.width >= WIDE_COLUMNS
        console.print(
            Panel(
                Group(self._facts(is_wide=is_wide), "", self._verified(), "", self._cross_check(is_wide=is_wide)),
                title="Receipt",
                border_style="green" if self.is_good else "red",
            )
        )

    def _facts(self, *, is_wide: bool) -> RenderableType:
        p50, p95 = self.pending_ms(50), self.pending_ms(95)
        facts: list[tuple[str, str]] = [
            ("calls", f"{self.calls_ok} answered, {self.calls_failed} failed upstream (not charged)"),
            ("tokens", f"{self.tokens:,}"),
            ("rated tokens", f"{self.rated_microtokens / 1_000_000:,.1f}"),
            ("charged", f"{flow(self.charged_ufix64)} FLOW of {flow(self.deposit_ufix64)}"),
            ("deposit left", f"{flow(self.deposit_left_ufix64)} FLOW"),
            ("statement", f"epoch {self.epoch}"),
            ("its address", self.statement_url),
            ("its hash", self.statement_hash),
            ("voting round", str(self.voting_round_id)),
            ("its root", self.merkle_root),
            ("Flare request", self.flare_transaction_hash),
            *((f"Flow {purpose}", transaction_id) for purpose, transaction_id in self.flow_transaction_ids.items()),
            ("pending usage", f"on the WebSocket {p50} ms (p50) or {p95} ms (p95) after a call's end"),
        ]
        if not is_wide:
            return Group(*(_fact(name, value) for name, value in facts))
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in facts:
            table.add_row(name, value)
        return table

    def _verified(self) -> RenderableType:
        """Every step of `flareflow verify`."""
        lines = (f"{one.link}: {one.outcome}\n  {one.said}" for one in self.verified.findings)
        title = Text("The bill, as `flareflow verify` checks it", style="italic")
        return Group(title, *(Text(line, overflow="fold") for line in lines))

    def _cross_check(self, *, is_wide: bool) -> RenderableType:
        """Every number, as each system tells it."""
        repeated = Check(
            "every scheduled function once more",
            {"": "nothing changed" if self.second_run_changed_nothing else "something changed"},
            self.second_run_changed_nothing,
        )
        title = "Every number, as each system tells it"
        checks = (*self.checks, repeated)
        if not is_wide:
            return Group(Text(title, style="italic"), *(_check_lines(check) for check in checks))
        table = Table(title=title, title_justify="left", show_lines=False)
        table.add_column("what")
        table.add_column("who says so")
        table.add_column("value", justify="right", no_wrap=True)
        table.add_column("")
        for check in checks:
            table.add_row(check.what, " = ".join(check.told), check.value, check.verdict)
        return table


def _fact(name: str, value: str) -> RenderableType:
    """A fact for a narrow terminal: a hash has a line of its own."""
    separator = "\n  " if len(value) > SHORT_CHARACTERS else ": "
    return Text(f"{name}{separator}{value}", overflow="fold")


def _check_lines(check: Check) -> RenderableType:
    who = f" ({' = '.join(check.told)})" if any(check.told) else ""
    value = "\n".join(f"  {line}" for line in check.value.splitlines())
    return Group(Text.from_markup(f"{check.what}{who}: {check.verdict}"), Text(value, overflow="fold"))
