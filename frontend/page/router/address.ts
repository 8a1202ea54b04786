/** Addresses within the page: `#/epochs/1234?subscription=7`. */

export interface Place {
  /** `/epochs/1234` */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** What `location.hash` says; an empty one is the home view. */
export function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?", 2);
  const trimmed = path.replace(/\/+$/, "");
  return { path: trimmed === "" ? "/" : trimmed, query: new URLSearchParams(query) };
}

/** The values of a pattern such as `/epochs/:epoch` in a path, or null where it does not match. */
export function match(pattern: string, path: string): Readonly<Record<string, string>> | null {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const values: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const here = given[index] ?? "";
    if (part.startsWith(":") && here !== "") values[part.slice(1)] = decoded(here);
    else if (part !== here) return null;
  }
  return values;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
