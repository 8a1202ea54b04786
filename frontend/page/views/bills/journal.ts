/** Entries of the journal in people's words, and what a month of them comes to. */
import type { Entry } from "../../../api/operations.ts";

/** What each kind of entry is called. */
const KINDS: Readonly<Record<string, string>> = {
  SubscriptionOpened: "Opened with a deposit",
  ToppedUp: "Topped up",
  Settled: "Charged for usage",
  Withdrawn: "Taken out",
  Closed: "Closed, the rest paid back",
  Credited: "Given back by the operator",
  Forgiven: "Debt given up by the operator",
  LowBalance: "The balance became low",
  Suspended: "Suspended: something is owed",
  Resumed: "Resumed: nothing is owed",
  SpendCapSet: "Spend cap changed",
  EpochLimitSet: "Limit of one settlement changed",
  ExitRequested: "Leaving was announced",
  ExitCancelled: "Stayed after all",
  PlanChangeAccepted: "Another plan was accepted",
  PlanChanged: "Another plan is in force",
  OwnerChanged: "Given to another account",
  SettlementSkipped: "A settlement came after the end",
};

/** What an entry is called; a kind that is not known yet by its own words. */
export function kindText(kind: string): string {
  const words = kind.replace(/([a-z])([A-Z])/g, (_, end: string, begin: string) => `${end} ${begin.toLowerCase()}`);
  return KINDS[kind] ?? words;
}

/** What an entry adds to the deposit, in 1e-8; negative where it takes from it. */
export function addedBy(entry: Entry): bigint {
  const account = `subscriber:${entry.subscription_id}`;
  return entry.lines.reduce((sum, line) => (line.account === account ? sum + BigInt(line.amount_ufix64) : sum), 0n);
}

export interface MonthOfMoney {
  readonly opening: bigint;
  readonly paidIn: bigint;
  readonly charged: bigint;
  readonly returned: bigint;
  readonly closing: bigint;
  readonly days: readonly DayOfCharges[];
  /** The entries of the month, the newest first. */
  readonly entries: readonly Entry[];
}

export interface DayOfCharges {
  /** `2026-11-24`, in UTC. */
  readonly day: string;
  readonly settlements: number;
  readonly microtokens: bigint;
  readonly charged: bigint;
}

/**
 * What a month comes to. `newest` are the journal's entries back to the beginning of the month at least, the newest first;
 * `balance` is what they have led to, so that the balances before are found by taking them back.
 */
export function monthOfMoney(newest: readonly Entry[], balance: bigint, window: { from: string; to: string }): MonthOfMoney {
  const [from, to] = [Date.parse(window.from), Date.parse(window.to)];
  let closing = balance;
  const entries: Entry[] = [];
  for (const entry of newest) {
    const at = Date.parse(entry.occurred_at);
    if (at >= to) closing -= addedBy(entry);
    else if (at >= from) entries.push(entry);
  }
  const total = (kinds: readonly string[]) =>
    entries.reduce((sum, entry) => (kinds.includes(entry.kind) ? sum + addedBy(entry) : sum), 0n);
  const added = entries.reduce((sum, entry) => sum + addedBy(entry), 0n);
  return {
    opening: closing - added,
    paidIn: total(["SubscriptionOpened", "ToppedUp", "Credited"]),
    charged: -total(["Settled"]),
    returned: -total(["Withdrawn", "Closed"]),
    closing,
    days: daysOf(entries),
    entries,
  };
}

function daysOf(entries: readonly Entry[]): readonly DayOfCharges[] {
  const days = new Map<string, DayOfCharges>();
  for (const entry of entries) {
    if (entry.kind !== "Settled") continue;
    const day = new Date(entry.occurred_at).toISOString().slice(0, 10);
    const before = days.get(day) ?? { settlements: 0, microtokens: 0n, charged: 0n };
    days.set(day, {
      day,
      settlements: before.settlements + 1,
      microtokens: before.microtokens + BigInt(entry.settled_microtokens ?? 0),
      charged: before.charged - addedBy(entry),
    });
  }
  return [...days.values()];
}
