"""The command `audit`: gather the bills of a log's calls, compare them, write proofs; or check a proof."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from flareflow.statements.documents import receipt_keys_path
from flareflow.statements.models import NO_HASH
from flareflow.time import Epochs
from flareflow_verify.audit.bills import COUNTED_EARLY, Bills, is_unusable
from flareflow_verify.audit.comparing import BOOK_READ_WITHIN, Comparison, Deviation
from flareflow_verify.audit.log import Log, began_first, read_log
from flareflow_verify.audit.proof import Proof, check_proof, proof_of
from flareflow_verify.audit.receipts import Keys, ReceiptError
from flareflow_verify.audit.report import Audit, check_as_json, lines_of_check
from flareflow_verify.bundle import BUNDLE_BYTES_MAX, TEXT_CHARACTERS_MAX, Bundle
from flareflow_verify.checking import Exit, check_all, worst
from flareflow_verify.credentials import SESSION, credential
from flareflow_verify.epochs import epochs_of, named_range
from flareflow_verify.errors import CommandError
from flareflow_verify.evidence import DifferenceError, Trust
from flareflow_verify.gathering import Gather, Wanted
from flareflow_verify.output import Progress, print_found, print_reports
from flareflow_verify.reading import offline_bundle, read_bytes, read_log_file, reason
from flareflow_verify.remembering import remember

PROOFS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Gathered:
    """The bills that a log is compared with, and the document of the receipt keys that the newest of them names."""

    bundles: Sequence[Bundle]
    receipt_keys: str | None


def run(given: argparse.Namespace, trust: Trust, gathering: Callable[[], AbstractContextManager[Gather]]) -> int:
    """Audit a log, or check a proof; return the exit status. Raises CommandError."""
    try:
        return _check(given, trust) if given.check else _audit(given, trust, gathering)
    except DifferenceError as error:
        raise CommandError(str(error)) from error


def _audit(given: argparse.Namespace, trust: Trust, gathering: Callable[[], AbstractContextManager[Gather]]) -> int:
    """Compare the log with the bills, once they are verified; otherwise say what is wrong with them."""
    if not (given.offline or credential(SESSION)):
        raise CommandError("set FLAREFLOW_SESSION, or a bundle with calls by --offline: only the owner can read them")
    log = read_log_file(Path(given.log), read_log, "log of calls")
    if given.offline:
        gathered = Gathered([offline_bundle(given)], _read_keys(given.receipt_keys))
    else:
        with gathering() as gather:
            gathered = _gather(given, log, gather)
    bundles = gathered.bundles
    if any(bundle.events is None for bundle in bundles):
        raise CommandError("the bundle has no calls; pack it with FLAREFLOW_SESSION and without --event")
    with Progress.on_standard_error() as progress:
        reports = check_all(bundles, trust, progress.say)
    remember(given.checkpoint, bundles, reports)
    unusable = [report for report in reports if is_unusable(report)]
    if unusable:
        print_reports(unusable, is_json=given.json)
        return worst(unusable)
    audit = _compare(given, log, gathered)
    print_found(audit.lines(), audit.as_json, is_json=given.json)
    return Exit.DIFFERENCE if audit.is_against_the_user else Exit.VERIFIED


def _compare(given: argparse.Namespace, log: Log, gathered: Gathered) -> Audit:
    bills = Bills(gathered.bundles)
    try:
        keys = Keys.named_by(bills.evidence[-1].statement, gathered.receipt_keys)
    except ReceiptError as error:
        if began_first(log) is not None:
            raise CommandError(str(error)) from error
        keys = Keys(None, Epochs())
    comparison = Comparison(log, bills, keys, None if _names_epochs(given) else began_first(log))
    found = list(comparison.deviations())
    proofs = dict(_write_proofs(Path(given.proofs), comparison, found, gathered)) if given.proofs else {}
    return Audit(comparison, found, proofs)


def _write_proofs(
    folder: Path, comparison: Comparison, found: Sequence[Deviation], gathered: Gathered
) -> Iterator[tuple[Deviation, str]]:
    """Write a proof of each deviation that is a fault; yield its file."""
    faults = [one for one in found if not one.is_harmless]
    if len(faults) > PROOFS_MAX:
        raise CommandError(
            f"there are {len(faults)} deviations, more than {PROOFS_MAX} proofs to write; name fewer epochs"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, one in enumerate(faults, start=1):
            file = folder / f"{number:03}-{one.kind}.json"
            file.write_text(proof_of(one, comparison, gathered.receipt_keys).text, encoding="utf-8")
            yield one, str(file)
    except OSError as error:
        raise CommandError(f"the proofs cannot be written to {folder}: {reason(error)}") from error


def _gather(given: argparse.Namespace, log: Log, gather: Gather) -> Gathered:
    """The bills of the named epochs; else of all in which the log's calls may be, up to the newest attested."""
    epochs = _epochs(given, log, gather)
    bundles = [gather.run(Wanted(given.subscription, one, credential(SESSION))) for one in epochs]
    keys_hash = Bills(bundles).evidence[-1].statement.receipt_key_hash
    return Gathered(bundles, None if keys_hash == NO_HASH else gather.host.text(receipt_keys_path(keys_hash)))


def _epochs(given: argparse.Namespace, log: Log, gather: Gather) -> Sequence[int | None]:
    """The epochs of the bills; None is that of the last charge.

    With receipts it is also that of the statement before the first call, which tells the price book of then.
    """
    began, named = began_first(log), named_range(given)
    if given.epoch is not None or (began is None and named is None):
        return [given.epoch]
    first, last = named or (None, None)
    newest, opening = gather.newest_attested(last), list[int]()
    if began is not None and first is None:
        epochs = epochs_of(newest)
        first = epochs.at(began - COUNTED_EARLY - timedelta(seconds=1))
        opening = [*gather.host.epochs_before(epochs.at(began - BOOK_READ_WITHIN))[:1]]
    used = gather.epochs_used(given.subscription, first or 0, newest.epoch)
    return sorted({*opening, *used, newest.epoch})


def _names_epochs(given: argparse.Namespace) -> bool:
    """Whether the user named the epochs. Raises CommandError for half a range, or a range and an epoch."""
    return named_range(given) is not None or given.epoch is not None


def _check(given: argparse.Namespace, trust: Trust) -> int:
    try:
        proof = Proof.parse(_read(Path(given.check), BUNDLE_BYTES_MAX))
    except ValueError as error:
        raise CommandError(f"{given.check} is no proof: {error}") from error
    checked = check_proof(proof, trust)
    print_found(lines_of_check(proof, checked), lambda: check_as_json(proof, checked), is_json=given.json)
    return checked.exit


def _read_keys(path: str | None) -> str | None:
    return None if path is None else _read(Path(path), TEXT_CHARACTERS_MAX).decode("ascii", errors="replace")


def _read(path: Path, bytes_max: int) -> bytes:
    """The content of a file, or a byte more than is allowed. Raises CommandError."""
    try:
        return read_bytes(path, bytes_max)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {reason(error)}") from error
