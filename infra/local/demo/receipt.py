"""The receipt of one run of the main job, and the cross-check of every number on it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table

UFIX64_UNITS = 100_000_000


def flow(amount_ufix64: int) -> str:
    """An amount in FLOW with its eight decimals, exactly."""
    whole, fraction = divmod(amount_ufix64, UFIX64_UNITS)
    return f"{whole}.{fraction:08d}"


@dataclass(frozen=True, slots=True)
class Check:
    """One number as several systems tell it; it agrees when all of them say the same."""

    what: str
    told: Mapping[str, str]

    @property
    def agrees(self) -> bool:
        return len(set(self.told.values())) == 1


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a customer can hold against every public source."""

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
    pending_seen_ms: Sequence[int]
    """How long after each call its pending usage was on the WebSocket, rising."""

    seconds: Mapping[str, float]
    checks: tuple[Check, ...]
    second_run_changed_nothing: bool

    @property
    def agrees(self) -> bool:
        return all(check.agrees for check in self.checks)

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
                "pending_seen_ms": list(self.pending_seen_ms),
                "seconds": {step: round(seconds, 2) for step, seconds in self.seconds.items()},
                "checks": [{"what": c.what, "told": dict(c.told), "agrees": c.agrees} for c in self.checks],
                "agrees": self.agrees,
                "second_run_changed_nothing": self.second_run_changed_nothing,
            },
            indent=2,
        )

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.as_json() + "\n")

    def print(self, console: Console) -> None:
        console.print(
            Panel(
                Group(self._facts(), self._cross_check()),
                title="Receipt",
                border_style="green" if self.is_good else "red",
            )
        )

    def _facts(self) -> RenderableType:
        facts = Table.grid(padding=(0, 2))
        facts.add_row("calls", f"{self.calls_ok} answered, {self.calls_failed} failed upstream (not charged)")
        facts.add_row("tokens", f"{self.tokens:,}")
        facts.add_row("rated tokens", f"{self.rated_microtokens / 1_000_000:,.1f}")
        facts.add_row("charged", f"{flow(self.charged_ufix64)} FLOW of {flow(self.deposit_ufix64)}")
        facts.add_row("deposit left", f"{flow(self.deposit_left_ufix64)} FLOW")
        facts.add_row("statement", f"epoch {self.epoch}  {self.statement_hash}")
        facts.add_row("", self.statement_url)
        facts.add_row("voting round", f"{self.voting_round_id}  root {self.merkle_root}")
        facts.add_row("Flare request", self.flare_transaction_hash)
        for purpose, transaction_id in self.flow_transaction_ids.items():
            facts.add_row(f"Flow {purpose}", transaction_id)
        facts.add_row("pending usage", f"on the WebSocket within {self.pending_seen_ms[-1]} ms of each call's end")
        return facts

    def _cross_check(self) -> RenderableType:
        table = Table(title="\nEvery number, as each system tells it", title_justify="left", show_lines=False)
        table.add_column("what")
        table.add_column("who says so")
        table.add_column("value", justify="right")
        table.add_column("")
        for check in self.checks:
            told = check.told
            value = (
                next(iter(told.values())) if check.agrees else "\n".join(f"{who}: {said}" for who, said in told.items())
            )
            table.add_row(check.what, " = ".join(told), value, "[green]agrees" if check.agrees else "[red]DIFFERS")
        last = "nothing changed" if self.second_run_changed_nothing else "[red]something changed"
        table.add_row(
            "every scheduled handler once more",
            "",
            last,
            "[green]agrees" if self.second_run_changed_nothing else "[red]DIFFERS",
        )
        return table
