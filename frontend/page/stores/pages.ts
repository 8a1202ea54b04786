import { resource, type Resource } from "./resource.ts";

/** A part of a list, as the API answers it. */
export interface Part<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}

export interface Listed<T> {
  readonly items: readonly T[];
  readonly hasMore: boolean;
}

export interface Pages<T> extends Resource<Listed<T>> {
  /** Asks for one part more. */
  readonly more: () => Promise<void>;
}

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
    return { items: parts.flatMap(({ items }) => items), hasMore: parts.at(-1)?.next_cursor !== null };
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
