"""The files that a command is given, to read or to write."""

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from flareflow_verify.bundle import BUNDLE_BYTES_MAX, Bundle
from flareflow_verify.errors import CommandError

LOG_BYTES_MAX: Final = 256 * 1024 * 1024


def read_bytes(path: Path, bytes_max: int) -> bytes:
    """The content of a file, or a byte more than is allowed. Raises OSError."""
    with path.open("rb") as file:
        return file.read(bytes_max + 1)


def reason(error: OSError | ValueError) -> str:
    """Why a file cannot be used, without its name, which the message has already."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def offline_bundle(given: argparse.Namespace) -> Bundle:
    """The bundle of `--offline`. Raises CommandError if it cannot be read, or is not the bill that was asked for."""
    if any(getattr(given, name, None) is not None for name in ("from_epoch", "to_epoch", "event")):
        raise CommandError("a bundle is one bill with its calls: --offline goes without --from, --to and --event")
    path = Path(given.offline)
    try:
        bundle = Bundle.parse(read_bytes(path, BUNDLE_BYTES_MAX))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} is no bundle: {reason(error)}") from error
    if given.subscription not in (None, bundle.subscription_id):
        raise CommandError(f"the bundle is of subscription {bundle.subscription_id}, not of {given.subscription}")
    if given.epoch not in (None, bundle.epoch):
        raise CommandError(f"the bundle is of epoch {bundle.epoch}, not of {given.epoch}")
    return bundle


def read_log_file[T](path: Path, read: Callable[[Iterable[str]], T], what: str) -> T:
    """What is read from the lines of a user's log. Raises CommandError for a file that is not `what` it must be."""
    try:
        if path.stat().st_size > LOG_BYTES_MAX:
            raise CommandError(f"{path} has more than {LOG_BYTES_MAX} bytes")
        with path.open(encoding="utf-8-sig") as lines:
            return read(lines)
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is no {what}: it is not in UTF-8") from error
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} is no {what}: {reason(error)}") from error


def write_text(path: Path, text: str) -> None:
    """Write a file in UTF-8. Raises CommandError."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {reason(error)}") from error
