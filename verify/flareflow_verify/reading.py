"""The files that a command is given."""

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


def read_bundle(path: Path, subscription_id: int | None = None) -> Bundle:
    """Raises CommandError for a file that is no bundle, or one of another subscription than the named one."""
    try:
        bundle = Bundle.parse(read_bytes(path, BUNDLE_BYTES_MAX))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} is no bundle: {error}") from error
    if subscription_id not in (None, bundle.subscription_id):
        raise CommandError(f"the bundle is of subscription {bundle.subscription_id}, not of {subscription_id}")
    return bundle


def read_log_file[T](path: Path, read: Callable[[Iterable[str]], T], what: str) -> T:
    """What is read from the lines of a user's log. Raises CommandError for a file that is not `what` it must be."""
    try:
        if path.stat().st_size > LOG_BYTES_MAX:
            raise CommandError(f"{path} has more than {LOG_BYTES_MAX} bytes")
        with path.open(encoding="utf-8") as lines:
            return read(lines)
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} is no {what}: {error}") from error
