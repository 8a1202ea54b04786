/** Asks a model through the gate, and reads its answer while it comes. */
import { bytesOf, partsOf, type Part } from "../../text/chat-stream.ts";

export interface Answering {
  readonly state: "not_asked" | "running" | "ended";
  readonly text: string;
  readonly usage: { readonly promptTokens: number; readonly completionTokens: number } | null;
  readonly ratedTokens: string | null;
  /** The gate's name of the call, by which its usage is found. */
  readonly eventId: string | null;
  readonly failure: string | null;
}

export const NOT_ASKED: Answering = {
  state: "not_asked",
  text: "",
  usage: null,
  ratedTokens: null,
  eventId: null,
  failure: null,
};

interface Asked {
  readonly modelsUrl: string;
  readonly key: string;
  readonly model: string;
  readonly prompt: string;
  readonly signal: AbortSignal;
}

/** Tells `onChange` of the answer so far, each time that more of it is there. Never throws. */
export async function ask(asked: Asked, onChange: (answer: Answering) => void): Promise<void> {
  let answer: Answering = { ...NOT_ASKED, state: "running" };
  const change = (next: Partial<Answering>) => onChange((answer = { ...answer, ...next }));
  change({});
  try {
    const response = await send(asked);
    change({ eventId: response.headers.get("x-flareflow-event-id") });
    if (!response.ok) return change({ state: "ended", failure: await refusal(response) });
    for await (const part of partsOf(bytesOf(response))) change(changeBy(answer, part));
    change({ state: "ended" });
  } catch (error) {
    change({ state: "ended", failure: failureText(error, asked.signal) });
  }
}

function send({ modelsUrl, key, model, prompt, signal }: Asked): Promise<Response> {
  return fetch(`${modelsUrl}/chat/completions`, {
    method: "POST",
    signal,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({
      model,
      messages: [{ role: "user", content: prompt }],
      stream: true,
      stream_options: { include_usage: true },
    }),
  });
}

function changeBy(answer: Answering, part: Part): Partial<Answering> {
  switch (part.name) {
    case "text":
      return { text: answer.text + part.text };
    case "usage":
      return { usage: part };
    case "cost":
      return { ratedTokens: part.ratedTokens };
  }
}

async function refusal(response: Response): Promise<string> {
  const body = (await response.json().catch(() => null)) as { readonly error?: { readonly message?: string } } | null;
  return body?.error?.message ?? `The endpoint answered ${response.status}.`;
}

function failureText(error: unknown, signal: AbortSignal): string | null {
  if (signal.aborted) return "You stopped the answer. What had come by then is billed.";
  if (error instanceof TypeError) return "The endpoint cannot be reached. Check your connection.";
  return error instanceof Error ? error.message : String(error);
}

/** The models that a key may call; none where they cannot be asked for. */
export async function modelsOf(modelsUrl: string, key: string): Promise<readonly string[]> {
  try {
    const response = await fetch(`${modelsUrl}/models`, { headers: { authorization: `Bearer ${key}` } });
    const { data } = (await response.json()) as { readonly data?: readonly { readonly id: string }[] };
    return (data ?? []).map(({ id }) => id);
  } catch {
    return [];
  }
}
