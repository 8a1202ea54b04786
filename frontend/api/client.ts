/**
 * A client of the HTTP API. What it sends and gets is typed by docs/openapi.json.
 */
import type { Operations, Problem } from "./operations.ts";

type Taken<O> = O extends { path: infer P; query: infer Q; header: infer H; body: infer B }
  ? { readonly path?: P; readonly query?: Q; readonly header?: H; readonly body?: B }
  : never;

/** A failure of the API: `problem` says what to do. It is null where API Gateway itself has answered. */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: Problem | null;

  constructor(status: number, problem: Problem | null) {
    super(problem?.detail ?? `the API answered ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

export interface ApiOptions {
  /** The public host, without a slash at its end. */
  readonly url: string;
  /** The access token, or null while nobody is signed in. It is asked for at each request. */
  readonly token: () => string | null;
  readonly fetch?: typeof fetch;
}

/**
 * Returns a function that carries out an operation: `call("GET /v1/plans", {})`. It throws ApiError.
 *
 * `seen` is given the headers of the answer: `Link` leads to the next part of a table.
 */
export function apiClient(options: ApiOptions) {
  const send = options.fetch ?? fetch;
  return async function call<K extends keyof Operations>(
    operation: K,
    taken: Taken<Operations[K]>,
    seen?: (headers: Headers) => void,
  ): Promise<Operations[K]["answer"]> {
    const { path = {}, query = {}, header = {}, body } = taken as Given;
    const [method = "", template = ""] = operation.split(" ");
    const token = options.token();
    const response = await send(options.url + addressOf(template, path, query), {
      method,
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
      headers: {
        ...header,
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    seen?.(response.headers);
    return answerOf(response) as Promise<Operations[K]["answer"]>;
  };
}

/** API Gateway ends a request after 30 seconds; a long answer on a slow line takes longer. */
const ANSWER_MS_MAX = 60_000;

interface Given {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly header?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

function addressOf(template: string, path: NonNullable<Given["path"]>, query: NonNullable<Given["query"]>): string {
  const filled = template.replace(/{(\w+)}/g, (_, name: string) => encodeURIComponent(path[name] ?? ""));
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of value === undefined ? [] : [value].flat()) asked.append(name, one as string);
  }
  return asked.size ? `${filled}?${asked}` : filled;
}

async function answerOf(response: Response): Promise<unknown> {
  const type = response.headers.get("content-type") ?? "";
  if (!response.ok) {
    const isProblem = type.startsWith("application/problem+json");
    throw new ApiError(response.status, isProblem ? ((await response.json()) as Problem) : null);
  }
  if (response.status === 204) return undefined;
  return type.startsWith("application/json") ? response.json() : response.text();
}
