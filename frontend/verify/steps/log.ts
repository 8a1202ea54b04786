/**
 * Whether everybody is shown the same statements: the log of statements, and the witnesses who have signed it. All steps
 * here are left out for a reader who has named no policy for the log.
 */
import { countedText } from "../amounts.ts";
import { toHex, utf8 } from "../bytes.ts";
import { DifferenceError, MissingError, type Evidence, type Link } from "../evidence.ts";
import { NoteError } from "../log/notes.ts";
import { cosigners, isMet, requireLog } from "../log/policy.ts";
import { checkConsistency, checkInclusion, leafHash, ProofError } from "../log/proofs.ts";

/** A log that the reader's policy names has signed the checkpoint. */
export function checkLogCheckpoint(evidence: Evidence): string | null {
  const policy = evidence.trust.logPolicy;
  if (!policy) return null;
  const signed = evidence.checkpoint();
  const name = noted("log-checkpoint", () => requireLog(policy, signed));
  const { size, root } = signed.checkpoint;
  return `${countedText(size, "statement")} under the root ${toHex(root)}, signed by ${name}`;
}

/** The witnesses of the policy's quorum have signed the checkpoint too. */
export function checkLogWitnesses(evidence: Evidence): string | null {
  const policy = evidence.trust.logPolicy;
  if (!policy) return null;
  const times = noted("log-witnesses", () => cosigners(policy, evidence.checkpoint()));
  const signed = [...times].map(([name, at]) => `${name} at ${momentOf(at)}`).join(", ");
  if (!isMet(policy, times)) {
    const who = signed || "none of its witnesses";
    throw new DifferenceError("log-witnesses", `the policy asks for ${policy.quorum}, and ${who} has signed`);
  }
  return policy.quorum === null ? "the policy asks for no witness" : `signed by ${signed}: the quorum ${policy.quorum}`;
}

/** Whole seconds in UTC; of a time that no calendar has, the number. */
function momentOf(at: bigint): string {
  const moment = new Date(Number(at) * 1000);
  if (Number.isNaN(moment.getTime())) return String(at);
  return `${moment.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** The statement of the bill's epoch is in the log. */
export function checkLogEntry(evidence: Evidence): string | null {
  if (!evidence.trust.logPolicy) return null;
  const { index, inclusion } = evidence.inLog();
  const { checkpoint } = evidence.checkpoint();
  const { epoch } = evidence.statement();
  if (index === null) throw new MissingError(`the log does not reach epoch ${epoch} yet`);
  const leaf = leafHash(utf8(evidence.bundle.sealed[evidence.position()]?.statement ?? ""));
  proven("log-entry", `the statement of epoch ${epoch} is not entry ${index} of the log`, () => {
    checkInclusion(leaf, index, checkpoint, inclusion);
  });
  return `the statement of epoch ${epoch} is entry ${index} of the log`;
}

/** The log begins with what the reader has seen of it before. Left out if nothing was. */
export function checkLogGrowth(evidence: Evidence): string | null {
  const { logPolicy, seen } = evidence.trust;
  if (!logPolicy || !seen) return null;
  const { older_size: olderSize, consistency } = evidence.inLog();
  const newer = evidence.checkpoint().checkpoint;
  if (newer.origin !== seen.origin) {
    throw new DifferenceError("log-growth", `the checkpoint seen before is of another log, ${seen.origin}`);
  }
  if (olderSize !== seen.size || consistency === null) {
    throw new MissingError(`there is no proof that the log has grown from the ${seen.size} statements seen before`);
  }
  proven("log-growth", `${countedText(seen.size, "statement")} seen before, ${newer.size} now`, () => {
    checkConsistency(seen, newer, consistency);
  });
  return `it begins with the ${countedText(seen.size, "statement")} seen before`;
}

function noted<T>(link: Link, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof NoteError) throw new DifferenceError(link, error.message);
    throw error;
  }
}

function proven(link: Link, what: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (error instanceof ProofError) throw new DifferenceError(link, `${what}: ${error.message}`);
    throw error;
  }
}
