/** What live messages have told of one subscription. */
import type { LiveMessage } from "../../live/client.ts";
import type {
  BalanceChanged,
  Call,
  UsageAttested,
  UsageSealed,
  UsageSettled,
  Totals,
} from "../../live/messages.ts";

/** A call that was told of, and when. */
export interface SeenCall extends Call {
  readonly at: string;
}

export interface LiveUsage {
  readonly totals: Totals | null;
  readonly balance: BalanceChanged | null;
  readonly standing: string | null;
  /** Calls that began to be told of while somebody watched; the newest first. */
  readonly calls: readonly SeenCall[];
  readonly sealed: Reached<UsageSealed> | null;
  readonly attested: Reached<UsageAttested> | null;
  readonly settled: Reached<UsageSettled> | null;
}

/** How far usage has come, and since when; that is null where nobody watched when it happened. */
type Reached<Stage> = Stage & { readonly at: string | null };

export const NOTHING: LiveUsage = {
  totals: null,
  balance: null,
  standing: null,
  calls: [],
  sealed: null,
  attested: null,
  settled: null,
};

/** So many calls are kept; the API has all of them. */
export const CALLS_MAX = 200;

/** What is known after one message more. The client passes each message on once and in order. */
export function after(known: LiveUsage, message: LiveMessage): LiveUsage {
  const { at } = message;
  switch (message.type) {
    case "snapshot": {
      const { totals, balance, standing, sealed, attested, settled } = message.data;
      return {
        ...known,
        totals: newer(known.totals, totals),
        balance,
        standing: standing?.standing ?? null,
        sealed: further(known.sealed, sealed),
        attested: further(known.attested, attested),
        settled: further(known.settled, settled),
      };
    }
    case "usage.pending": {
      const { totals, calls } = message.data;
      return { ...known, totals: newer(known.totals, totals), calls: merged(known.calls, calls, at) };
    }
    case "usage.sealed":
      return { ...known, sealed: { ...message.data, at } };
    case "usage.attested":
      return { ...known, attested: { ...message.data, at } };
    case "usage.settled":
      return { ...known, settled: { ...message.data, at } };
    case "balance.changed":
      return { ...known, balance: message.data };
    case "standing.changed":
      return { ...known, standing: message.data.standing };
    default:
      return known;
  }
}

function newer(known: Totals | null, told: Totals | null): Totals | null {
  if (known === null || told === null) return told ?? known;
  return BigInt(told.version) > BigInt(known.version) ? told : known;
}

/** What a snapshot tells, unless it is known already, and since when. */
function further<Stage extends { readonly epoch: string }>(known: Reached<Stage> | null, told: Stage | null): Reached<Stage> | null {
  if (told === null || (known !== null && BigInt(known.epoch) >= BigInt(told.epoch))) return known;
  return { ...told, at: null };
}

/** A call that is told of again keeps its place and gets its new state. */
function merged(known: readonly SeenCall[], told: readonly Call[], at: string): readonly SeenCall[] {
  const calls = new Map(known.map((call) => [call.event_id, call]));
  const fresh: SeenCall[] = [];
  for (const call of told) {
    const before = calls.get(call.event_id);
    if (before === undefined) fresh.unshift({ ...call, at });
    else if (before.state === "unconfirmed") calls.set(call.event_id, { ...call, at: before.at });
  }
  return [...fresh, ...calls.values()].slice(0, CALLS_MAX);
}
