/**
 * Spellings of one model (docs/price-book.md): with the provider before its name, and with a version or a date after it.
 */
const NAME_CHARACTERS_MAX = 1024;
const SPACE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
/** Spaces before and after a name, as Python's `strip` takes them away, which are not quite those of `trim`. */
const AROUND = new RegExp(`^${SPACE}+|${SPACE}+$`, "g");
const QUALIFIER = /^(?:\d+-?x-?\d+|max-x-max|\d+-steps|\d+-month-commitment|hd|standard|low|medium|high|\*)$/;
const VENDOR = /^[a-z]+(?:-[a-z]+)*\./;
const BEDROCK_VERSION = /-v\d+:\d+$/;
const MONTH = "(?:0[1-9]|1[0-2])";
const DAY = "(?:0[1-9]|[12]\\d|3[01])";
const DATE = new RegExp(
  `[-@](?:20\\d\\d-${MONTH}-${DAY}|20\\d\\d${MONTH}${DAY}|${MONTH}-20\\d\\d|${MONTH}${DAY}|2\\d${MONTH}|latest|default)$`,
);

/** `name` in lower case, and all plainer names of the same model, those with a date before those without. */
export function spellings(name: string): readonly string[] {
  const whole = Array.from(name.replace(AROUND, "").toLowerCase()).slice(0, NAME_CHARACTERS_MAX).join("");
  const unversioned = withoutEnd(BEDROCK_VERSION, whole);
  const undated = withoutEnd(DATE, unversioned);
  return [...new Set([whole, unversioned, undated].flatMap(withoutBeginnings))];
}

function withoutBeginnings(name: string): readonly string[] {
  const found = [name];
  for (let left = plainer(name); left !== null; left = plainer(left)) found.push(left);
  return found;
}

/** The name without its first part; null where it has none that can be taken away. */
function plainer(name: string): string | null {
  const slash = name.indexOf("/");
  if (slash >= 0) {
    const after = name.slice(slash + 1);
    return !after || QUALIFIER.test(name.slice(0, slash)) ? null : after;
  }
  const vendor = VENDOR.exec(name)?.[0];
  return vendor === undefined || vendor.length === name.length ? null : name.slice(vendor.length);
}

function withoutEnd(end: RegExp, name: string): string {
  const found = end.exec(name);
  return found && found.index ? name.slice(0, found.index) : name;
}

/**
 * Whether a name matches a pattern: `*` is any text, `?` any character, `[…]` one of some. It takes at most the product
 * of both lengths, whatever the pattern is.
 */
export function matches(name: string, pattern: string): boolean {
  const parts = partsOf(pattern);
  let [at, part, star, retry] = [0, 0, -1, 0];
  while (at < name.length) {
    const next = parts[part];
    if (next === "*") {
      [star, retry, part] = [part, at, part + 1];
    } else if (next?.(name[at] as string)) {
      at++;
      part++;
    } else if (star >= 0) {
      [at, part, retry] = [retry + 1, star + 1, retry + 1];
    } else return false;
  }
  return parts.slice(part).every((left) => left === "*");
}

type Part = "*" | ((character: string) => boolean);

function partsOf(pattern: string): readonly Part[] {
  const parts: Part[] = [];
  for (const [part] of pattern.matchAll(/\[!?\]?[^\]]*\]|[^]/g)) {
    parts.push(part === "*" ? "*" : part === "?" ? () => true : part.length > 1 ? oneOf(part) : (one) => one === part);
  }
  return parts;
}

/** `[abc]`, `[a-z]`, or `[!abc]` for all others. */
function oneOf(part: string): (character: string) => boolean {
  const isOther = part.startsWith("[!");
  const inner = part.slice(isOther ? 2 : 1, -1);
  const ranges = [...inner.matchAll(/([^])-([^])|[^]/g)].map(([one, from = one, to = one]) => [from, to] as const);
  return (character) => ranges.some(([from, to]) => from <= character && character <= to) !== isOther;
}
