"""The commands of `flareflow`, after their arguments were read."""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from flareflow.transparency.policy import POLICY_BYTES_MAX, LogPolicy
from flareflow_verify import doctor_command, own_commands, receipt_command
from flareflow_verify.bundle import BUNDLE_BYTES_MAX, Bundle
from flareflow_verify.checking import check_all, worst
from flareflow_verify.credentials import SESSION, credential
from flareflow_verify.epochs import named_range
from flareflow_verify.errors import CommandError
from flareflow_verify.evidence import Trust
from flareflow_verify.gathering import Gather, Sources, Wanted
from flareflow_verify.output import Progress, print_reports
from flareflow_verify.reading import offline_bundle, read_bytes, reason, write_text
from flareflow_verify.remembering import read_checkpoint, remember
from flareflow_verify.sources.flare import REGISTRY
from flareflow_verify.sources.http import SourceError


def run(given: argparse.Namespace) -> int:
    """Run the command that was given and return its exit status. Raises CommandError."""
    commands: Mapping[str, Callable[[argparse.Namespace], int]] = {
        "verify": _verify,
        "audit": _audit,
        "recount": _recount,
        "bundle": _bundle,
        "receipt": _receipt,
        "keys": own_commands.run,
        "usage": own_commands.run,
        "balance": own_commands.run,
        "watch": _watch,
        "doctor": doctor_command.run,
    }
    return commands[given.command](given)


def _audit(given: argparse.Namespace) -> int:
    from flareflow_verify import audit_command  # noqa: PLC0415 (its signatures take a while to import)

    trust = _trust(given)
    return audit_command.run(given, trust, lambda: _open(given, trust))


def _recount(given: argparse.Namespace) -> int:
    from flareflow_verify import recount_command  # noqa: PLC0415 (the same)

    trust = _trust(given)
    return recount_command.run(given, trust, lambda: _open(given, trust))


def _receipt(given: argparse.Namespace) -> int:
    trust = _trust(given)
    return receipt_command.run(given, trust, lambda: _open(given, trust))


def _watch(given: argparse.Namespace) -> int:
    from flareflow_verify import watch_command  # noqa: PLC0415 (the others need no WebSocket)

    return watch_command.run(given)


def _verify(given: argparse.Namespace) -> int:
    trust = _trust(given)
    bundles = _bundles(given, trust)
    with Progress.on_standard_error() as progress:
        reports = check_all(bundles, trust, progress.say)
    print_reports(reports, is_json=given.json)
    remember(given.checkpoint, bundles, reports)
    return worst(reports)


def _bundles(given: argparse.Namespace, trust: Trust) -> Sequence[Bundle]:
    """The bills to check, at least one. Raises CommandError for bills of another subscription."""
    return [offline_bundle(given)] if given.offline else _gathered(given, trust)


def _bundle(given: argparse.Namespace) -> int:
    text = _gathered(given, _trust(given))[0].text
    if len(text) > BUNDLE_BYTES_MAX:
        raise CommandError(f"the bundle would have {len(text)} bytes, more than are read")
    write_text(Path(given.output), text)
    return 0


def _gathered(given: argparse.Namespace, trust: Trust) -> Sequence[Bundle]:
    """The bills that were asked for, at least one."""
    event_id, session = getattr(given, "event", None), credential(SESSION)
    if event_id is not None and session is None:
        raise CommandError("set FLAREFLOW_SESSION: only the owner can read a call")
    if event_id is not None and named_range(given) is not None:
        raise CommandError("--event is one call, and goes without --from and --to")
    with _open(given, trust) as gather:
        wanted = [
            Wanted(given.subscription, one, session, event_id, given.command == "bundle")
            for one in _epochs(given, gather)
        ]
        return [gather.run(one) for one in wanted]


@contextmanager
def _open(given: argparse.Namespace, trust: Trust) -> Iterator[Gather]:
    """The sources that were named. Raises CommandError if they are not, or give no usable answer."""
    if given.subscription is None:
        raise CommandError("name a subscription, or a bundle with --offline")
    missing = [name for name in ("host", "flow") if getattr(given, name) is None]
    if missing:
        raise CommandError(f"name --{' and --'.join(missing)}, or set FLAREFLOW_{missing[0].upper()}")
    try:
        with Progress.on_standard_error() as progress, _gathering(given, trust, progress) as gather:
            yield gather
    except SourceError as error:
        raise CommandError(str(error)) from error


def _epochs(given: argparse.Namespace, gather: Gather) -> Sequence[int | None]:
    """The epochs whose bills are wanted; None is that of the last charge."""
    named = named_range(given)
    if named is None:
        return [given.epoch]
    used = gather.epochs_used(given.subscription, *named)
    if not used:
        raise CommandError(f"subscription {given.subscription} used nothing from epoch {named[0]} to {named[1]}")
    return used


def _trust(given: argparse.Namespace) -> Trust:
    if given.checkpoint and not given.policy:
        raise CommandError("name --policy: without it nobody's signature under a checkpoint is believed")
    policy = _log_policy(Path(given.policy)) if given.policy else None
    seen = read_checkpoint(Path(given.checkpoint)) if given.checkpoint else None
    return Trust(given.trusted_policy, given.contract, policy, seen.checkpoint if seen else None)


def _log_policy(path: Path) -> LogPolicy:
    try:
        return LogPolicy.parse(read_bytes(path, POLICY_BYTES_MAX))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} is no policy: {reason(error)}") from error


def _gathering(given: argparse.Namespace, trust: Trust, progress: Progress) -> AbstractContextManager[Gather]:
    registry = given.flare_registry or REGISTRY
    return Sources(given.host, given.flow, given.flare, registry, trust, given.da).opened(progress.say)
