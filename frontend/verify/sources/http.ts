/**
 * Requests that end: each after some seconds and a size, all together after minutes and some thousand requests.
 */
import { concat, type Bytes } from "../bytes.ts";
import { NotThereError, RefusedError, SourceError } from "./errors.ts";

const REQUEST_MILLISECONDS_MAX = 30_000;
const ALL_MILLISECONDS_MAX = 600_000;
const REQUESTS_MAX = 5_000;

export interface Request {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends requests for one check. `stop` ends them all. */
export class Requests {
  readonly #fetch: typeof fetch;
  readonly #until: number;
  readonly #stop: AbortSignal | undefined;
  #sent = 0;

  constructor(send: typeof fetch, stop?: AbortSignal) {
    this.#fetch = send;
    this.#stop = stop;
    this.#until = Date.now() + ALL_MILLISECONDS_MAX;
  }

  /** The text of an answer. Throws NotThereError for 404, RefusedError for 400, SourceError for every other failure. */
  async text(who: string, url: string, request: Request, bytesMax: number): Promise<string> {
    return new TextDecoder().decode(await this.bytes(who, url, request, bytesMax));
  }

  /** The same, as bytes. */
  async bytes(who: string, url: string, request: Request, bytesMax: number): Promise<Bytes> {
    this.#sent += 1;
    if (this.#sent > REQUESTS_MAX || Date.now() > this.#until) {
      throw new SourceError(`${who} was asked ${this.#sent - 1} times, which is too much`);
    }
    try {
      const signals = [AbortSignal.timeout(REQUEST_MILLISECONDS_MAX), ...(this.#stop ? [this.#stop] : [])];
      const response = await this.#fetch(url, { ...request, signal: AbortSignal.any(signals), redirect: "error" });
      const content = await bounded(response, who, bytesMax);
      if (response.status === 404) throw new NotThereError(`${who} does not have ${url}`);
      if (response.status === 400) throw new RefusedError(`${who} refused: ${new TextDecoder().decode(content.subarray(0, 200))}`);
      if (!response.ok) throw new SourceError(`${who} answered ${url} with ${response.status}`);
      return content;
    } catch (error) {
      if (error instanceof SourceError) throw error;
      throw new SourceError(`${who} gave no answer to ${url}`);
    }
  }
}

async function bounded(response: Response, who: string, bytesMax: number): Promise<Bytes> {
  const reader = response.body?.getReader();
  const parts: Bytes[] = [];
  let length = 0;
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    parts.push(part.value);
    length += part.value.length;
    if (length > bytesMax) {
      await reader?.cancel();
      throw new SourceError(`${who} answered with more than ${bytesMax} bytes`);
    }
  }
  return concat(...parts);
}

/** JSON of an answer, read by `read`. Throws SourceError for anything else. */
export function parsed<T>(who: string, text: string, read: (given: unknown, at: string) => T): T {
  try {
    return read(JSON.parse(text), "answer");
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw new SourceError(`${who} answered in an unknown form`);
  }
}
