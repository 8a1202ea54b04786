"""Which epochs a command was asked for."""

import argparse

from flareflow_verify.errors import CommandError


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
