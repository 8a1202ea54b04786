/**
 * An access node of Flow over REST: how it is asked, and what scripts return.
 */
import { fromBase64, toBase64, utf8 } from "../bytes.ts";
import { text, type Reader } from "../reading.ts";
import { SourceError } from "./errors.ts";
import { parsed, type Request, type Requests } from "./http.ts";
import { decode, type CadenceFields, type CadenceValue } from "./json_cdc.ts";

const WHO = "the node of Flow";
export const ANSWER_CHARACTERS_MAX = 32 * 1024 * 1024;

/** Every method throws SourceError without a usable answer; NotThereError and RefusedError among them. */
export class AccessNode {
  readonly #requests: Requests;
  readonly #url: string;

  constructor(requests: Requests, url: string) {
    this.#requests = requests;
    this.#url = url;
  }

  /** An answer of the REST API, as `read` takes it. `path` begins after `/v1`. */
  async ask<T>(path: string, read: Reader<T>, request: Request = {}): Promise<T> {
    return parsed(WHO, await this.#requests.text(WHO, `${this.#url}/v1${path}`, request, ANSWER_CHARACTERS_MAX), read);
  }

  /** What a script returns after a block. Its imports have addresses, and `given` are arguments in JSON-Cadence. */
  async run(script: string, given: readonly string[], height = "sealed"): Promise<CadenceValue> {
    const body = JSON.stringify({ script: toBase64(utf8(script)), arguments: given.map((one) => toBase64(utf8(one))) });
    const headers = { "content-type": "application/json" };
    const answer = text(ANSWER_CHARACTERS_MAX);
    return valueOf(await this.ask(`/scripts?block_height=${height}`, answer, { method: "POST", headers, body }));
  }
}

/** The fields of a struct or an event in an answer, which is JSON-Cadence in base64. Throws SourceError. */
export function fieldsIn(encoded: string): CadenceFields {
  return fieldsOf(valueOf(encoded));
}

export function fieldsOf(value: CadenceValue): CadenceFields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unknownForm();
  return value as CadenceFields;
}

function valueOf(encoded: string): CadenceValue {
  try {
    return decode(new TextDecoder().decode(fromBase64(encoded)));
  } catch {
    throw unknownForm();
  }
}

function unknownForm(): SourceError {
  return new SourceError(`${WHO} answered in an unknown form`);
}
