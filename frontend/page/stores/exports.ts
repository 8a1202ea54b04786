/** Tables of usage that the API gives in parts, put together into one file. */
import type { Operations } from "../../api/operations.ts";

type Export = Extract<keyof Operations, `GET /v1/subscriptions/{subscription_id}/exports/${string}`>;
type Window = { readonly from: string; readonly to: string };

/** Carries out an export; `seen` is given the headers of the answer. */
export type CallExport = (
  operation: Export,
  taken: { path: { subscription_id: string }; query: Window & { cursor?: string } },
  seen: (headers: Headers) => void,
) => Promise<string>;

/** A part has thousands of calls. */
const PARTS_MAX = 200;

export interface Exported {
  readonly text: string;
  /** Whether there is more than was asked for. */
  readonly isCut: boolean;
}

/** The whole table of a window: the first line, which names the columns, and then the rows of all parts. */
export async function exported(call: CallExport, operation: Export, subscriptionId: string, window: Window): Promise<Exported> {
  let text = "";
  let cursor: string | null = null;
  for (let part = 0; part < PARTS_MAX; part += 1) {
    const query: Window & { cursor?: string } = cursor === null ? window : { ...window, cursor };
    let next: string | null = null;
    const answer = await call(operation, { path: { subscription_id: subscriptionId }, query }, (headers) => {
      next = cursorOf(headers.get("link"));
    });
    text += part === 0 ? answer : answer.slice(answer.indexOf("\n") + 1);
    cursor = next;
    if (cursor === null) break;
  }
  return { text, isCut: cursor !== null };
}

/** The cursor in `<…?cursor=…>; rel="next"`. */
function cursorOf(link: string | null): string | null {
  const address = /<([^>]+)>;\s*rel="next"/.exec(link ?? "")?.[1];
  return address === undefined ? null : new URL(address, "https://host").searchParams.get("cursor");
}

/** Lets the browser keep a text as a file. */
export function keepAsFile(name: string, text: string, type: "text/csv" | "application/json"): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
