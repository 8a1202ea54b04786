"""The commands of `flareflow`, after their arguments were read."""

import argparse
import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path

from flareflow_verify.bundle import BUNDLE_BYTES_MAX, Bundle
from flareflow_verify.checking import check
from flareflow_verify.evidence import Trust
from flareflow_verify.gathering import Gather, Sources, Wanted
from flareflow_verify.output import Paper, Progress, as_json, print_report
from flareflow_verify.sources.flare import REGISTRY
from flareflow_verify.sources.http import SourceError


class CommandError(Exception):
    """Nothing could be checked; the message says why."""


def run(given: argparse.Namespace) -> int:
    """Run the command that was given and return its exit status. Raises CommandError."""
    match given.command:
        case "verify":
            return _verify(given)
        case "bundle":
            return _bundle(given)
    raise CommandError(f"there is no command {given.command}")


def _verify(given: argparse.Namespace) -> int:
    bundle = _read(Path(given.offline)) if given.offline else _gathered(given)
    if given.subscription is not None and given.subscription != bundle.subscription_id:
        raise CommandError(f"the bundle is of subscription {bundle.subscription_id}, not of {given.subscription}")
    report = check(bundle, _trust(given))
    paper = Paper(sys.stdout, sys.stdout.isatty() and "NO_COLOR" not in os.environ)
    if given.json:
        paper.print(as_json(report))
    else:
        print_report(report, paper)
    return report.exit


def _bundle(given: argparse.Namespace) -> int:
    text = _gathered(given).text
    if len(text) > BUNDLE_BYTES_MAX:
        raise CommandError(f"the bundle would have {len(text)} bytes, more than are read")
    Path(given.output).write_text(text)
    return 0


def _read(path: Path) -> Bundle:
    try:
        with path.open("rb") as file:
            return Bundle.parse(file.read(BUNDLE_BYTES_MAX + 1))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} is no bundle: {error}") from error


def _gathered(given: argparse.Namespace) -> Bundle:
    if given.subscription is None:
        raise CommandError("name a subscription, or a bundle with --offline")
    missing = [name for name in ("host", "flow") if getattr(given, name) is None]
    if missing:
        raise CommandError(f"name --{' and --'.join(missing)}, or set FLAREFLOW_{missing[0].upper()}")
    if given.event and not given.session:
        raise CommandError("name --session: only the owner can read a call")
    progress = Progress.on_standard_error()
    try:
        with _gathering(given, progress) as gather:
            return gather.run(Wanted(given.subscription, given.epoch, given.session, given.event))
    except SourceError as error:
        raise CommandError(str(error)) from error
    finally:
        progress.end()


def _trust(given: argparse.Namespace) -> Trust:
    return Trust(given.trusted_policy, given.contract)


def _gathering(given: argparse.Namespace, progress: Progress) -> AbstractContextManager[Gather]:
    registry = given.flare_registry or REGISTRY
    return Sources(given.host, given.flow, given.flare, registry, _trust(given)).opened(progress.say)
