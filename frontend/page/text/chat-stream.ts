/** A streamed answer of a chat completion: server-sent events, read as they come. */

export type Part =
  | { readonly name: "text"; readonly text: string }
  | { readonly name: "usage"; readonly promptTokens: number; readonly completionTokens: number }
  /** What the call cost in rated tokens, as the gate tells it in a comment. */
  | { readonly name: "cost"; readonly ratedTokens: string };

/** An error that came after the answer had begun. */
export class BrokenAnswerError extends Error {}

const EVENT_CHARACTERS_MAX = 1_000_000;

/** The parts of an answer, from its bytes. Throws BrokenAnswerError. */
export async function* partsOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Part> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of bytes) {
    rest += decoder.decode(chunk, { stream: true });
    const events = rest.split(/\r?\n\r?\n/);
    rest = events.pop() ?? "";
    if (rest.length > EVENT_CHARACTERS_MAX) throw new BrokenAnswerError("The answer is not a stream of events.");
    for (const event of events) yield* partsOfEvent(event);
  }
  yield* partsOfEvent(rest + decoder.decode());
}

function* partsOfEvent(event: string): Generator<Part> {
  for (const line of event.split(/\r?\n/)) {
    const cost = /^: x-flareflow-cost ([\d.]+)$/.exec(line);
    if (cost !== null) yield { name: "cost", ratedTokens: cost[1]! };
    if (line.startsWith("data:")) yield* partsOfData(line.slice("data:".length).trim());
  }
}

interface Chunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: string | null } }[];
  readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number } | null;
  readonly error?: { readonly message?: string };
}

function* partsOfData(data: string): Generator<Part> {
  if (!data.startsWith("{")) return;
  const chunk = JSON.parse(data) as Chunk;
  if (chunk.error !== undefined) throw new BrokenAnswerError(chunk.error.message ?? "The model broke off its answer.");
  for (const { delta } of chunk.choices ?? []) {
    if (delta?.content) yield { name: "text", text: delta.content };
  }
  if (chunk.usage != null) {
    const { prompt_tokens: promptTokens = 0, completion_tokens: completionTokens = 0 } = chunk.usage;
    yield { name: "usage", promptTokens, completionTokens };
  }
}

/** The bytes of a response. Leaving the loop early cancels it. */
export async function* bytesOf(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
