/**
 * A bundle's parts, parsed when they are first asked for. A part that cannot be parsed is a difference at its link.
 */
import { hex0x, isSame, keccak256, utf8, type Bytes } from "./bytes.ts";
import type { Attested, Bundle, InLog, OnFlow, Sealed } from "./bundle.ts";
import {
  isFirst, NO_USAGE, pageOf, parsePageIndex, parseSettlementPage, parseStatement, parseUsagePage, rootFor,
  type PageIndex, type PageKind, type SettlementPage, type Statement, type Totals, type Usage,
} from "./documents.ts";
import { parseCheckpoint, type Checkpoint, type SignedCheckpoint } from "./log/notes.ts";
import type { LogPolicy } from "./log/policy.ts";
import { decodeMessage, decodePolicy, policyHashes, type SigningPolicy } from "./policy.ts";
import { parsePriceBook, type PriceBook } from "./price_book.ts";

/** The links of the chain from Flare's voters to a charge, in the order in which the steps check them. */
export const LINKS = [
  "policy",
  "signatures",
  "flare-root",
  "flow-root",
  "response",
  "proof",
  "statement",
  "chain",
  "log-checkpoint",
  "log-witnesses",
  "log-entry",
  "log-growth",
  "usage-index",
  "usage-page",
  "growth",
  "price-book",
  "events",
  "event",
  "rating",
  "settlement-index",
  "settlement-page",
  "flow-statement",
  "flow-total",
  "price",
  "charge",
] as const;
export type Link = (typeof LINKS)[number];

/** Two things that must be the same are not, or one is malformed. `link` is where. */
export class DifferenceError extends Error {
  readonly link: Link;

  constructor(link: Link, message: string) {
    super(message);
    this.link = link;
  }
}

/** Something that a step needs is not there, so that nothing can be said. */
export class MissingError extends Error {}

/** What `parse` returns; whatever it throws is a difference at a link. */
export function parsing<T>(link: Link, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof DifferenceError || error instanceof MissingError) throw error;
    const reason = error instanceof Error ? error.message.split("\n", 1)[0]?.slice(0, 200) : "unknown";
    throw new DifferenceError(link, `${what} cannot be read: ${reason}`);
  }
}

/**
 * What the reader trusts and named: the hash of a signing policy of Flare, the contract on Flow. `logPolicy` says who
 * must have signed the log of statements, and `seen` is what the log was before.
 */
export interface Trust {
  readonly policyHash: Bytes | null;
  readonly contract: string | null;
  readonly logPolicy?: LogPolicy | null;
  readonly seen?: Checkpoint | null;
}

export const NOTHING_TRUSTED: Trust = { policyHash: null, contract: null };

/** A function that makes its value, or its error, at the first call. */
function once<T>(make: () => T): () => T {
  let made: (() => T) | null = null;
  return () => {
    if (made === null) {
      try {
        const value = make();
        made = () => value;
      } catch (error) {
        made = () => {
          throw error;
        };
      }
    }
    return made();
  };
}

/**
 * The parts of a bundle, and what the reader trusts. Each part throws DifferenceError if it is malformed or does not
 * belong to what commits to it, and MissingError if it is not there.
 */
export class Evidence {
  readonly bundle: Bundle;
  readonly trust: Trust;

  constructor(bundle: Bundle, trust: Trust) {
    this.bundle = bundle;
    this.trust = trust;
  }

  readonly attested = once((): Attested => {
    return present(this.bundle.attested, "there is no attestation of this statement, or of one after it");
  });

  readonly onFlow = once((): OnFlow => present(this.bundle.on_flow, "Flow was not asked"));

  /** The id of the chain whose voters sign; 0, which no chain has, if it is not known. */
  get chainId(): bigint {
    return this.bundle.on_flow?.source_chain_id ?? 0n;
  }

  /** The policies from the trusted one on; all of them if none was named. */
  readonly signedPolicies = once(() => {
    const signed = this.bundle.policies;
    const trusted = this.trust.policyHash;
    if (!signed.length) throw new MissingError("the signing policy of the voters is not known");
    if (trusted === null) return signed;
    const place = signed.findIndex(({ policy }) => this.hashesOf(policy).some((hash) => isSame(hash, trusted)));
    if (place < 0) throw new DifferenceError("policy", `none of the policies has the trusted hash ${hex0x(trusted)}`);
    return signed.slice(place);
  });

  /** The hash of a policy in the deployed scheme, and in the chain-bound one. */
  hashesOf(policy: Bytes): readonly Bytes[] {
    return policyHashes(policy, this.chainId);
  }

  readonly policies = once((): readonly SigningPolicy[] =>
    parsing("policy", "a signing policy", () => this.signedPolicies().map(({ policy }) => decodePolicy(policy))),
  );

  readonly message = once(() =>
    parsing("signatures", "what the voters signed", () => decodeMessage(this.attested().message)),
  );

  readonly inLog = once((): InLog => {
    return present(this.bundle.log ?? null, "the host has no log of statements, or was not asked for it");
  });

  readonly checkpoint = once((): SignedCheckpoint =>
    parsing("log-checkpoint", "the log's checkpoint", () => parseCheckpoint(this.inLog().checkpoint)),
  );

  /** All statements of the bundle, oldest first; the last one is the attested one. */
  readonly statements = once((): readonly Statement[] => {
    const texts = this.bundle.sealed.map(({ statement }) => statement);
    const earlier = parsing("chain", "an earlier statement", () => texts.slice(0, -1).map(parseStatement));
    return [...earlier, parsing("statement", "the statement", () => parseStatement(texts.at(-1) as string))];
  });

  /** Where the statement of the bundle's epoch is among all. */
  readonly position = once(() => {
    const place = this.statements().findIndex(({ epoch }) => epoch === this.bundle.epoch);
    if (place < 0) throw new DifferenceError("chain", `none of the statements is that of epoch ${this.bundle.epoch}`);
    return place;
  });

  /** The statement of the bundle's epoch. */
  readonly statement = once(() => this.statements()[this.position()] as Statement);

  readonly usageIndex = once(() => this.#index(this.position(), "usage", "usage-index"));

  readonly settlementIndex = once(() => this.#index(this.position(), "settlement", "settlement-index"));

  /** The subscription's line on the usage page; null if it had used nothing. */
  readonly totals = once((): Totals | null => this.#totals(this.usageIndex(), this.position(), "usage-page"));

  usage(): Usage {
    return this.totals()?.usage ?? NO_USAGE;
  }

  /** The line in the statement before; null if the subscription had used nothing, or there is none before. */
  readonly totalsBefore = once((): Totals | null => {
    if (isFirst(this.statement())) return null;
    const before = this.position() - 1;
    if (before < 0) throw new MissingError("the statement before is not known");
    return this.#totals(this.#index(before, "usage", "growth"), before, "growth");
  });

  /** The settlement page that names the subscription; null if none does. */
  readonly settlementPage = once((): SettlementPage | null => {
    const text = this.#sealed(this.position()).settlement_page;
    if (text === null) return null;
    const page = parsing("settlement-page", "the settlement page", () => parseSettlementPage(text));
    requireIn(this.settlementIndex(), page.number, text, "settlement-page");
    return page;
  });

  readonly priceBook = once((): PriceBook => {
    const text = present(this.bundle.price_book, "the price book is not known");
    if (!isSame(keccak256(utf8(text)), this.statement().priceBookHash)) {
      throw new DifferenceError("price-book", "the price book has another hash than the statement names");
    }
    return parsing("price-book", "the price book", () => parsePriceBook(text));
  });

  #sealed(position: number): Sealed {
    return this.bundle.sealed[position] as Sealed;
  }

  #index(position: number, kind: PageKind, link: Link): PageIndex {
    const sealed = this.#sealed(position);
    const statement = this.statements()[position] as Statement;
    const found = kind === "usage" ? sealed.usage_index : sealed.settlement_index;
    const text = present(found, `the ${kind} index of epoch ${statement.epoch} is not known`);
    const index = parsing(link, `the ${kind} index of epoch ${statement.epoch}`, () => parsePageIndex(text));
    if (index.epoch !== statement.epoch || index.kind !== kind) {
      throw new DifferenceError(link, `the index is that of ${index.kind} pages of epoch ${index.epoch}`);
    }
    if (!isSame(index.root, rootFor(statement, kind))) {
      throw new DifferenceError(link, `the index of ${kind} pages does not lead to the root in the statement`);
    }
    const contract = this.bundle.on_flow?.contract ?? index.contract;
    if (index.contract !== contract) {
      throw new DifferenceError(link, `the index is for contract ${index.contract}, not ${contract}`);
    }
    return index;
  }

  #totals(index: PageIndex, position: number, link: Link): Totals | null {
    const number = pageOf(this.bundle.subscription_id);
    if (!index.hashes.has(number)) return null;
    const what = `usage page ${number} of epoch ${index.epoch}`;
    const text = present(this.#sealed(position).usage_page, `${what} is not known`);
    requireIn(index, number, text, link);
    const page = parsing(link, what, () => parseUsagePage(text));
    if (page.contract !== index.contract || page.number !== number) {
      throw new DifferenceError(link, `the page is page ${page.number} of contract ${page.contract}`);
    }
    return page.totals.get(this.bundle.subscription_id) ?? null;
  }
}

function present<T>(part: T | null, otherwise: string): T {
  if (part === null) throw new MissingError(otherwise);
  return part;
}

/** Throws DifferenceError unless the index names the page under its number. */
function requireIn(index: PageIndex, number: bigint, text: string, link: Link): void {
  const digest = index.hashes.get(number);
  if (digest === undefined || !isSame(digest, keccak256(utf8(text)))) {
    throw new DifferenceError(link, `${index.kind} page ${number} has another hash than the index names`);
  }
}
