/**
 * Bytes, their hex, and Keccak-256, with which Ethereum, Flare and the statements hash.
 */
import { keccak_256 } from "@noble/hashes/sha3.js";

export type Bytes = Uint8Array;

export const WORD_BYTES = 32;

/** 32 zero bytes: the root over nothing, and the hash of what is not there. */
export const NO_HASH: Bytes = new Uint8Array(WORD_BYTES);

const HEX = /^(?:[0-9a-f]{2})*$/;
const encoder = new TextEncoder();

export function keccak256(...parts: readonly Bytes[]): Bytes {
  return keccak_256(concat(...parts));
}

export function concat(...parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A text in UTF-8. */
export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

/** The bytes of lower-case hex without a prefix. Throws for any other text. */
export function fromHex(text: string): Bytes {
  if (!HEX.test(text)) throw new Error(`${text.slice(0, 20)} is no lower-case hex`);
  return Uint8Array.from({ length: text.length / 2 }, (_, at) => parseInt(text.slice(2 * at, 2 * at + 2), 16));
}

/** Lower-case hex without a prefix. */
export function toHex(bytes: Bytes): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Lower-case hex after `0x`. */
export function hex0x(bytes: Bytes): string {
  return `0x${toHex(bytes)}`;
}

/** The bytes of base64, also without padding. Throws for any other text. */
export function fromBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0));
}

export function toBase64(bytes: Bytes): string {
  return btoa(String.fromCharCode(...bytes));
}

export function toBigInt(bytes: Bytes): bigint {
  return bytes.length ? BigInt(hex0x(bytes)) : 0n;
}

/** The number of at most six bytes, which a `number` holds exactly. */
export function toNumber(bytes: Bytes): number {
  return bytes.reduce((number, byte) => number * 256 + byte, 0);
}

/** A 32-byte word, as the Solidity ABI encodes numbers. Throws for a number that is negative or too large. */
export function word(number: bigint | number): Bytes {
  const digits = BigInt(number).toString(16);
  if (digits.startsWith("-") || digits.length > 2 * WORD_BYTES) throw new Error(`${digits} does not fit into a word`);
  return fromHex(digits.padStart(2 * WORD_BYTES, "0"));
}

/** Bytes of any number, as the Solidity ABI encodes them: the length, and the content padded with zeros to whole words. */
export function abiBytes(content: Bytes): Bytes {
  const padding = (WORD_BYTES - (content.length % WORD_BYTES)) % WORD_BYTES;
  return concat(word(content.length), content, new Uint8Array(padding));
}

export function isSame(left: Bytes, right: Bytes): boolean {
  return compare(left, right) === 0;
}

/** Below 0 where `left` comes first, as for sorting; a shorter text comes before a longer one that begins with it. */
export function compare(left: Bytes, right: Bytes): number {
  const shorter = Math.min(left.length, right.length);
  for (let at = 0; at < shorter; at++) {
    const difference = (left[at] as number) - (right[at] as number);
    if (difference) return difference;
  }
  return left.length - right.length;
}
