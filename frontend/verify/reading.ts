/**
 * Readers of JSON that somebody else wrote. Each takes a value and says where it stands; all of them are bounded.
 */
import { fromHex, type Bytes } from "./bytes.ts";

/** Reads a value, of which `at` says the place. Throws FormError for one of another form. */
export type Reader<T> = (given: unknown, at: string) => T;
export type Read<R> = R extends Reader<infer T> ? T : never;

/** A document has another form than the one that it must have. */
export class FormError extends Error {}

const NUMBER = /^(?:0|-?[1-9][0-9]*)$/;
const DIGITS_MAX = 78;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** A decimal number as text, without leading zeros. */
export const integer: Reader<bigint> = (given, at) => {
  if (typeof given !== "string" || given.length > DIGITS_MAX || !NUMBER.test(given)) {
    throw new FormError(`${at}: not a decimal number as text`);
  }
  return BigInt(given);
};

/** The same, from `least` to 2^256 - 1. */
export function count(least = 0n): Reader<bigint> {
  return (given, at) => {
    const number = integer(given, at);
    if (number < least || number >= 2n ** 256n) throw new FormError(`${at}: not from ${least} to 2^256 - 1`);
    return number;
  };
}

/** Whether a text has more characters; one of two units counts once. */
function isLonger(given: string, charactersMax: number): boolean {
  let units = 0;
  for (let count = 0; count < charactersMax && units < given.length; count++) {
    units += (given.codePointAt(units) as number) > 0xffff ? 2 : 1;
  }
  return units < given.length;
}

export function text(charactersMax: number): Reader<string> {
  return (given, at) => {
    if (typeof given !== "string") throw new FormError(`${at}: not a text`);
    if (LONE_SURROGATE.test(given)) throw new FormError(`${at}: half of a character`);
    if (given.length > charactersMax && isLonger(given, charactersMax)) throw new FormError(`${at}: more than ${charactersMax} characters`);
    return given;
  };
}

/** Lower-case hex after `0x`. */
export function bytes(most: number, least = 0): Reader<Bytes> {
  return (given, at) => {
    const whole = text(2 + 2 * most)(given, at);
    if (!whole.startsWith("0x") || whole.length < 2 + 2 * least) throw new FormError(`${at}: not bytes as 0x and hex`);
    try {
      return fromHex(whole.slice(2));
    } catch {
      throw new FormError(`${at}: not bytes as 0x and lower-case hex`);
    }
  };
}

export const flag: Reader<boolean> = (given, at) => {
  if (typeof given !== "boolean") throw new FormError(`${at}: neither true nor false`);
  return given;
};

/** The value, or null. */
export function orNull<T>(reader: Reader<T>): Reader<T | null> {
  return (given, at) => (given === null ? null : reader(given, at));
}

export function list<T>(reader: Reader<T>, most: number, least = 0): Reader<readonly T[]> {
  return (given, at) => {
    if (!Array.isArray(given)) throw new FormError(`${at}: not a list`);
    if (given.length < least || given.length > most) {
      throw new FormError(`${at}: ${given.length} items, not ${least} to ${most}`);
    }
    return given.map((item, place) => reader(item, `${at}.${place}`));
  };
}

/** The list, or an empty one where the field is left out. */
export function orEmpty<T>(reader: Reader<readonly T[]>): Reader<readonly T[]> {
  return (given, at) => (given === undefined || given === null ? [] : reader(given, at));
}

type Shape = Readonly<Record<string, Reader<unknown>>>;
type ReadShape<S extends Shape> = { readonly [K in keyof S]: Read<S[K]> };

/** An object that has these fields and may have others, which are left out. */
export function having<S extends Shape>(shape: S): Reader<ReadShape<S>> {
  return (given, at) => {
    const fields = objectAt(given, at);
    const read = Object.entries(shape).map(([name, reader]) => [name, reader(fields[name], `${at}.${name}`)]);
    return Object.fromEntries(read) as ReadShape<S>;
  };
}

/** An object that has exactly these fields, in this order. */
export function exactly<S extends Shape>(shape: S): Reader<ReadShape<S>> {
  const names = Object.keys(shape).join(", ");
  return (given, at) => {
    const found = Object.keys(objectAt(given, at)).join(", ");
    if (found !== names) throw new FormError(`${at}: the fields ${found.slice(0, 200)}, not ${names}`);
    return having(shape)(given, at);
  };
}

/** An object with any names, of which each value has the same form. */
export function byName<T>(reader: Reader<T>, most: number): Reader<ReadonlyMap<string, T>> {
  return (given, at) => {
    const entries = Object.entries(objectAt(given, at));
    if (entries.length > most) throw new FormError(`${at}: more than ${most} fields`);
    return new Map(entries.map(([name, value]) => [name, reader(value, `${at}.${name}`)]));
  };
}

/** An object as it is, with fields of any form. */
export function objectAt(given: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof given !== "object" || given === null || Array.isArray(given)) throw new FormError(`${at}: not an object`);
  return given as Readonly<Record<string, unknown>>;
}

/** JSON as Python writes it in ASCII: everything else is escaped. `indent` is the number of spaces of a level. */
export function asciiJson(value: unknown, indent = 0): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value, null, indent).replace(/[\u007f-\uffff]/g, escaped);
}
