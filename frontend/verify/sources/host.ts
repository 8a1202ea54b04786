/**
 * The host of the statements: static documents and the list of statements.
 */
import { RESPONSE_BYTES_MAX, SIBLINGS_MAX, TEXT_CHARACTERS_MAX } from "../bundle.ts";
import { toHex, type Bytes } from "../bytes.ts";
import type { PageKind } from "../documents.ts";
import { count, having, list, orNull, text } from "../reading.ts";
import { NotThereError } from "./errors.ts";
import { parsed, type Requests } from "./http.ts";

const WHO = "the statements' host";
const LISTED_MAX = 1_000;

const hex = text(2 + 2 * RESPONSE_BYTES_MAX);
const attestation = having({
  response: hex,
  siblings: list(hex, SIBLINGS_MAX),
  message: hex,
  signatures: hex,
  policy: orNull(hex),
});
const listing = having({ statements: list(having({ epoch: count() }), LISTED_MAX) });

/** What proves a statement: hex of the response, its path, the voters' message, their signatures and their policy. */
export type Attestation = ReturnType<typeof attestation>;

/** Every method throws SourceError without a usable answer; NotThereError for what the host does not have. */
export class StatementHost {
  readonly #requests: Requests;
  readonly #url: string;

  /** `url` has no slash at its end; it is empty on the page's own host. */
  constructor(requests: Requests, url: string) {
    this.#requests = requests;
    this.#url = url;
  }

  statement(epoch: bigint): Promise<string> {
    return this.#text(statementPath(epoch));
  }

  index(epoch: bigint, kind: PageKind): Promise<string> {
    return this.#text(`${statementPath(epoch)}/${kind}-index`);
  }

  page(digest: Bytes): Promise<string> {
    return this.#text(`/v1/pages/${toHex(digest)}`);
  }

  priceBook(digest: Bytes): Promise<string> {
    return this.#text(`/v1/price-books/${toHex(digest)}`);
  }

  receiptKeys(digest: Bytes): Promise<string> {
    return this.#text(`/v1/receipt-keys/${toHex(digest)}`);
  }

  /** What Flare has attested of a statement; null if there is no proof of it. */
  async attestation(epoch: bigint): Promise<Attestation | null> {
    try {
      return parsed(WHO, await this.#text(`${statementPath(epoch)}/attestation`), attestation);
    } catch (error) {
      if (error instanceof NotThereError) return null;
      throw error;
    }
  }

  /** Epochs of the newest statements before an epoch, newest first; of the newest of all without one. */
  async epochsBefore(epoch: bigint | null): Promise<readonly bigint[]> {
    const found = parsed(WHO, await this.#text(`/v1/statements${epoch === null ? "" : `?cursor=${epoch}`}`), listing);
    return found.statements.map((one) => one.epoch).filter((one) => epoch === null || one < epoch);
  }

  #text(path: string): Promise<string> {
    return this.#requests.text(WHO, this.#url + path, {}, TEXT_CHARACTERS_MAX);
  }
}

/** The address of a statement on its host; its indexes and its attestation are below it. */
export function statementPath(epoch: bigint | string): string {
  return `/v1/statements/${String(epoch).padStart(10, "0")}`;
}
