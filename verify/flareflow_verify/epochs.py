"""Which epochs a command was asked for, and how long they are."""

import argparse
from typing import Final

from flareflow.statements.models import Statement
from flareflow.time import Epochs
from flareflow_verify.errors import CommandError

EPOCH_SECONDS_MAX: Final = 86_400
WINDOW_END_MAX: Final = 2**37
"""In Unix seconds: the year 6325."""


def has_its_window(statement: Statement) -> bool:
    """Whether a statement's window is that of its epoch: epochs of one length follow each other from Unix time 0."""
    seconds = statement.window_end - statement.window_start
    return (
        0 < seconds <= EPOCH_SECONDS_MAX
        and statement.window_start == statement.epoch * seconds
        and statement.window_end <= WINDOW_END_MAX
    )


def epochs_of(statement: Statement) -> Epochs:
    """Epochs of the statement's length. Raises CommandError where its window is not that of its epoch."""
    if not has_its_window(statement):
        raise CommandError(
            f"the statements' host served a statement with another window than that of {statement.epoch}"
        )
    return Epochs(statement.window_end - statement.window_start)


def named_range(given: argparse.Namespace) -> tuple[int, int] | None:
    """The epochs of `--from` and `--to`, both included; None without them. Raises CommandError for anything else."""
    first, last = getattr(given, "from_epoch", None), getattr(given, "to_epoch", None)
    if first is None and last is None:
        return None
    if first is None or last is None or given.epoch is not None:
        raise CommandError("name both --from and --to, or --epoch")
    if first > last:
        raise CommandError(f"--from {first} is after --to {last}")
    return first, last
