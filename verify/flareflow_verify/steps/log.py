"""Whether everybody is shown the same statements: the log of statements, and the witnesses who have signed it."""

from flareflow.transparency.notes import NoteError
from flareflow.transparency.proofs import ProofError, check_consistency, check_inclusion, leaf_hash
from flareflow_verify.amounts import counted
from flareflow_verify.evidence import DifferenceError, Evidence, Link, MissingError


def check_log_checkpoint(evidence: Evidence) -> str | None:
    """A log that the reader's policy names has signed the checkpoint. Left out, as all steps here, without a policy."""
    policy = evidence.trust.log_policy
    if policy is None:
        return None
    checkpoint = evidence.checkpoint.checkpoint
    try:
        log = policy.require_log(evidence.checkpoint)
    except NoteError as error:
        raise DifferenceError(Link.LOG_CHECKPOINT, str(error)) from error
    return f"{counted(checkpoint.size, 'statement')} under the root {checkpoint.root.hex()}, signed by {log.name}"


def check_log_witnesses(evidence: Evidence) -> str | None:
    """The witnesses of the policy's quorum have signed the checkpoint too."""
    policy = evidence.trust.log_policy
    if policy is None:
        return None
    try:
        times = policy.cosigners(evidence.checkpoint)
    except NoteError as error:
        raise DifferenceError(Link.LOG_WITNESSES, str(error)) from error
    signed = ", ".join(f"{name} at {time:%Y-%m-%d %H:%M:%S} UTC" for name, time in times.items())
    if not policy.is_met_by(times):
        who = signed or "none of its witnesses"
        raise DifferenceError(Link.LOG_WITNESSES, f"the policy asks for {policy.quorum}, and {who} has signed")
    return f"signed by {signed}: the quorum {policy.quorum}" if policy.quorum else "the policy asks for no witness"


def check_log_entry(evidence: Evidence) -> str | None:
    """The statement of the bill's epoch is in the log."""
    if evidence.trust.log_policy is None:
        return None
    in_log, checkpoint, statement = evidence.in_log, evidence.checkpoint.checkpoint, evidence.statement
    if in_log.index is None:
        raise MissingError(f"the log does not reach epoch {statement.epoch} yet")
    leaf = leaf_hash(evidence.bundle.sealed[evidence.position].statement.encode())
    try:
        check_inclusion(leaf, in_log.index, checkpoint.size, in_log.inclusion, checkpoint.root)
    except ProofError as error:
        raise DifferenceError(
            Link.LOG_ENTRY, f"the statement of epoch {statement.epoch} is not entry {in_log.index} of the log: {error}"
        ) from error
    return f"the statement of epoch {statement.epoch} is entry {in_log.index} of the log"


def check_log_growth(evidence: Evidence) -> str | None:
    """The log begins with what the reader has seen of it before. Left out if nothing was."""
    seen = evidence.trust.seen
    if evidence.trust.log_policy is None or seen is None:
        return None
    in_log, newer = evidence.in_log, evidence.checkpoint.checkpoint
    if newer.origin != seen.origin:
        raise DifferenceError(Link.LOG_GROWTH, f"the checkpoint seen before is of another log, {seen.origin}")
    proof = in_log.consistency if in_log.older_size == seen.size else () if newer.size == seen.size else None
    if proof is None:
        raise MissingError(f"there is no proof that the log has grown from the {seen.size} statements seen before")
    try:
        check_consistency((seen.size, seen.root), (newer.size, newer.root), proof)
    except ProofError as error:
        raise DifferenceError(
            Link.LOG_GROWTH, f"{counted(seen.size, 'statement')} seen before, {newer.size} now: {error}"
        ) from error
    return f"it begins with the {counted(seen.size, 'statement')} seen before"
