/**
 * JSON-Cadence: values of scripts and events on Flow. Numbers stay decimal text; fixed-point numbers become that of
 * their units of 1e-8. Structs and events become objects.
 */
export type CadenceValue = null | boolean | string | readonly CadenceValue[] | CadenceFields;
export interface CadenceFields {
  readonly [name: string]: CadenceValue;
}

interface Encoded {
  readonly type?: unknown;
  readonly value?: unknown;
}

const NESTING_MAX = 32;
const FIXED_POINT = /^(-?)(\d{1,12})\.(\d{8})$/;
const WHOLE = /^-?\d{1,78}$/;

/** The value of a document. Throws for any other text and for unknown types. */
export function decode(text: string): CadenceValue {
  return valueOf(JSON.parse(text) as Encoded, NESTING_MAX);
}

/** A `UInt64` as an argument of a script. */
export function uint64(number: bigint): string {
  return JSON.stringify({ type: "UInt64", value: String(number) });
}

function valueOf({ type, value }: Encoded, depth: number): CadenceValue {
  if (depth === 0) throw new Error(`a Cadence value is nested deeper than ${NESTING_MAX}`);
  if (typeof type !== "string") throw new Error("not a Cadence value");
  if (type === "Void" || (type === "Optional" && value === null)) return null;
  if (typeof value === "boolean") return value;
  return typeof value === "string" ? scalar(type, value) : compound(type, value, depth - 1);
}

function scalar(type: string, text: string): string {
  if (["String", "Character", "Address"].includes(type)) return text;
  if (type === "UFix64" || type === "Fix64") return units(text);
  if (/^(?:U?Int|Word)\d*$/.test(type) && WHOLE.test(text)) return text;
  throw new Error(`not a known Cadence type: ${type.slice(0, 100)}`);
}

function units(text: string): string {
  const [, sign, whole, decimals] = FIXED_POINT.exec(text) ?? [];
  if (whole === undefined) throw new Error(`not a fixed-point number: ${text.slice(0, 100)}`);
  return String(BigInt(`${whole}${decimals}`) * (sign ? -1n : 1n));
}

function compound(type: string, value: unknown, depth: number): CadenceValue {
  if (type === "Optional") return valueOf(value as Encoded, depth);
  if (type === "Array") return (value as readonly Encoded[]).map((item) => valueOf(item, depth));
  if (["Struct", "Resource", "Event", "Enum"].includes(type)) {
    const { fields } = value as { readonly fields: readonly { readonly name: string; readonly value: Encoded }[] };
    return Object.fromEntries(fields.map((field) => [field.name, valueOf(field.value, depth)]));
  }
  throw new Error(`not a known Cadence type: ${type.slice(0, 100)}`);
}
