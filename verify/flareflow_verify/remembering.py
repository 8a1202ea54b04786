"""The newest checkpoint of the log of statements that its reader has seen, kept in a file between two runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from flareflow.transparency.notes import NOTE_BYTES_MAX, SignedCheckpoint
from flareflow_verify.bundle import Bundle
from flareflow_verify.checking import Outcome, Report
from flareflow_verify.errors import CommandError
from flareflow_verify.evidence import Link
from flareflow_verify.reading import read_bytes, reason

NEEDED: Final = {Link.LOG_CHECKPOINT, Link.LOG_WITNESSES}


def read_checkpoint(path: Path) -> SignedCheckpoint | None:
    """What was seen; None while there is no file. Raises CommandError for another file."""
    if not path.exists():
        return None
    try:
        return SignedCheckpoint.parse(read_bytes(path, NOTE_BYTES_MAX).decode())
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} is no checkpoint that was kept: {reason(error)}") from error


def remember(file: str | None, bundles: Sequence[Bundle], reports: Sequence[Report]) -> None:
    """Keep the largest checkpoint whose signatures hold and which has only grown in the file, if one is named.

    Raises CommandError.
    """
    if not file:
        return
    path = Path(file)
    kept = read_checkpoint(path)
    size = kept.checkpoint.size if kept else -1
    for bundle, report in zip(bundles, reports, strict=True):
        if bundle.log is None or not _may_be_kept(report):
            continue
        signed = SignedCheckpoint.parse(bundle.log.checkpoint)
        if signed.checkpoint.size > size:
            size = signed.checkpoint.size
            _write(path, signed.text)


def _may_be_kept(report: Report) -> bool:
    outcomes = {finding.link: finding.outcome for finding in report.findings}
    is_signed = all(outcomes.get(link) is Outcome.VERIFIED for link in NEEDED)
    return is_signed and outcomes.get(Link.LOG_GROWTH, Outcome.VERIFIED) is Outcome.VERIFIED


def _write(path: Path, text: str) -> None:
    """Replace a file as a whole, so that one that is cut off never stands there."""
    written = path.with_name(f"{path.name}.new")
    try:
        written.write_text(text, encoding="utf-8")
        written.replace(path)
    except OSError as error:
        raise CommandError(f"the checkpoint cannot be kept in {path}: {reason(error)}") from error
