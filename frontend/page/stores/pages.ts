import { resource, type Resource } from "./resource.ts";

/** A part of a list, as the API answers it. */
export interface Part<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}

/** A cursor as the API takes it; the first part has none. */
export function after(cursor: string | null): { readonly cursor?: string } {
  return cursor === null ? {} : { cursor };
}

export interface Collected<T> {
  readonly items: readonly T[];
  /** Whether there is more than was asked for. */
  readonly isCut: boolean;
}

/** The items of at most `most` parts of a list, one after the other; of fewer once `isEnough` says so. */
export async function collected<T>(
  load: (cursor: string | null) => Promise<Part<T>>,
  most: number,
  isEnough: (items: readonly T[]) => boolean = () => false,
): Promise<Collected<T>> {
  const items: T[] = [];
  let cursor: string | null = null;
  for (let part = 0; part < most; part += 1) {
    const answer: Part<T> = await load(cursor);
    items.push(...answer.items);
    cursor = answer.next_cursor;
    if (cursor === null || isEnough(items)) return { items, isCut: false };
  }
  return { items, isCut: true };
}

export interface Listed<T> {
  readonly items: readonly T[];
  readonly hasMore: boolean;
}

export interface Pages<T> extends Resource<Listed<T>> {
  /** Asks for one part more. */
  readonly more: () => Promise<void>;
}

/** So many parts are shown of one list. */
const SHOWN_PARTS_MAX = 100;

/** A list that comes in parts. `reload` asks again for all parts that are shown. */
export function pages<T>(load: (cursor: string | null) => Promise<Part<T>>): Pages<T> {
  let wanted = 1;
  let known: readonly Part<T>[] = [];

  async function upTo(count: number, before: readonly Part<T>[]): Promise<Listed<T>> {
    const parts = [...before];
    while (parts.length < count) {
      const last = parts.at(-1);
      if (last?.next_cursor === null) break;
      parts.push(await load(last?.next_cursor ?? null));
    }
    known = parts;
    return { items: parts.flatMap(({ items }) => items), hasMore: parts.at(-1)?.next_cursor !== null && parts.length < SHOWN_PARTS_MAX };
  }

  let isMore = false;
  const list = resource(() => upTo(wanted, isMore ? known : []));
  return {
    ...list,
    reload: async () => {
      isMore = false;
      await list.reload();
    },
    more: async () => {
      wanted = known.length + 1;
      isMore = true;
      await list.reload();
    },
  };
}
