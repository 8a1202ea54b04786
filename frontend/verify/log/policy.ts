/**
 * Whose signatures a reader asks for under a checkpoint, as a file: https://c2sp.org/tlog-policy. A line names a log, a
 * witness, a group of which some must have signed, or the witness or group that must have.
 */
import { isSame } from "../bytes.ts";
import { isSignedBy, NoteError, parseKey, requireSigned, type NoteKey, type SignedCheckpoint } from "./notes.ts";

const POLICY_CHARACTERS_MAX = 65_536;
const NAMES_MAX = 64;
const NONE = "none";

/** A line of a policy cannot be used; the message names it. */
export class PolicyError extends Error {}

/** The logs that are trusted, and the quorum of witnesses; null asks for no witness. */
export interface LogPolicy {
  readonly logs: readonly NoteKey[];
  readonly witnesses: ReadonlyMap<string, NoteKey>;
  readonly groups: ReadonlyMap<string, { readonly needed: number; readonly members: readonly string[] }>;
  readonly quorum: string | null;
}

/** The policy of a file. Throws PolicyError. */
export function parseLogPolicy(text: string): LogPolicy {
  if (text.length > POLICY_CHARACTERS_MAX) throw new PolicyError("a policy has at most 65,536 characters");
  const reading = new Reading();
  for (const [number, line] of text.split("\n").entries()) {
    try {
      reading.take(line.split(/[ \t]+/).filter(Boolean));
    } catch (error) {
      throw new PolicyError(`line ${number + 1}: ${error instanceof Error ? error.message : "unknown"}`);
    }
  }
  return reading.policy;
}

/** The name of the log that has signed a checkpoint. Throws NoteError unless it is one of the policy's. */
export function requireLog({ logs }: LogPolicy, signed: SignedCheckpoint): string {
  const { origin } = signed.checkpoint;
  const log = logs.find(({ name }) => name === origin);
  if (log === undefined) throw new NoteError(`the checkpoint is of the log ${origin}, which the policy does not name`);
  requireSigned(signed, log);
  return log.name;
}

/** When each witness of the policy that has signed did. Throws NoteError for a signature that does not hold. */
export function cosigners({ witnesses }: LogPolicy, signed: SignedCheckpoint): ReadonlyMap<string, bigint> {
  const signers = [...witnesses].filter(([, key]) => isSignedBy(signed, key));
  return new Map(signers.map(([name, key]) => [name, requireSigned(signed, key)]));
}

/** Whether these witnesses are the quorum. Groups name only what was defined before them, so this ends. */
export function isMet({ quorum, groups }: LogPolicy, signers: ReadonlyMap<string, bigint>): boolean {
  const hasSigned = (name: string): boolean => {
    const group = groups.get(name);
    return group === undefined ? signers.has(name) : group.members.filter(hasSigned).length >= group.needed;
  };
  return quorum === null || hasSigned(quorum);
}

/** What the lines so far have defined. Every method throws an error that says what is wrong with its line. */
class Reading {
  readonly #logs: NoteKey[] = [];
  readonly #witnesses = new Map<string, NoteKey>();
  readonly #groups = new Map<string, { readonly needed: number; readonly members: readonly string[] }>();
  readonly #grouped = new Set<string>();
  #quorum: string | null = null;

  take([kind, ...items]: readonly string[]): void {
    if (kind === undefined || kind.startsWith("#")) return;
    if (kind === "log") this.#log(items);
    else if (kind === "witness") this.#witness(items);
    else if (kind === "group") this.#group(items);
    else if (kind === "quorum") this.#setQuorum(items);
    else throw new Error(`it begins with ${kind.slice(0, 20)}`);
  }

  get policy(): LogPolicy {
    if (this.#quorum === null) throw new PolicyError("no line names the quorum");
    if (!this.#logs.length) throw new PolicyError("no line names a log");
    const quorum = this.#quorum === NONE ? null : this.#quorum;
    return { logs: this.#logs, witnesses: this.#witnesses, groups: this.#groups, quorum };
  }

  #log(items: readonly string[]): void {
    const key = keyOf(items, 0, "log");
    if (this.#logs.length >= NAMES_MAX || isThere(this.#logs, key)) throw new Error("too many logs, or one twice");
    this.#logs.push(key);
  }

  #witness(items: readonly string[]): void {
    const key = keyOf(items, 1, "witness");
    if (isThere([...this.#witnesses.values()], key)) throw new Error("this witness's key stands there twice");
    this.#witnesses.set(this.#newName(items[0] as string), key);
  }

  #group([name, needed = "", ...members]: readonly string[]): void {
    if (name === undefined || !members.length) throw new Error("a group has a name, how many must sign, and members");
    for (const member of members) {
      if (this.#grouped.has(member) || !this.#isKnown(member)) throw new Error(`${member} is unknown or grouped already`);
      this.#grouped.add(member);
    }
    const words = new Map([["all", members.length], ["any", 1]]);
    const count = words.get(needed) ?? (/^[0-9]{1,3}$/.test(needed) ? Number(needed) : 0);
    if (count < 1 || count > members.length) throw new Error(`${needed} of ${members.length} members cannot sign`);
    this.#groups.set(this.#newName(name), { needed: count, members });
  }

  #setQuorum([name, ...more]: readonly string[]): void {
    const isUsable = name !== undefined && (name === NONE || this.#isKnown(name));
    if (this.#quorum !== null || more.length || !isUsable) throw new Error("one line names the quorum, defined above it");
    this.#quorum = name;
  }

  #isKnown(name: string): boolean {
    return this.#witnesses.has(name) || this.#groups.has(name);
  }

  #newName(name: string): string {
    const count = this.#witnesses.size + this.#groups.size;
    if (name === NONE || this.#isKnown(name) || count >= NAMES_MAX) throw new Error(`the name ${name} is taken`);
    return name;
  }
}

/** The key of a line, which a URL may follow. */
function keyOf(items: readonly string[], at: number, kind: NoteKey["kind"]): NoteKey {
  const text = items[at];
  if (text === undefined || items.length > at + 2) throw new Error("a log is a key, a witness a name and a key");
  return parseKey(text, kind);
}

function isThere(keys: readonly NoteKey[], key: NoteKey): boolean {
  return keys.some((one) => isSame(one.public, key.public));
}
