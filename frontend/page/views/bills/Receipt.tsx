import { useMemo } from "preact/hooks";

import type { Entry, Subscription } from "../../../api/operations.ts";
import { countText, tokensText } from "../../../verify/amounts.ts";
import { ColumnMoney, Money } from "../../components/Amount.tsx";
import { Button } from "../../components/Button.tsx";
import { useDoing } from "../../components/doing.ts";
import { Refused } from "../../components/Refused.tsx";
import { Stat, Stats } from "../../components/Stat.tsx";
import { Notice, Show } from "../../components/states.tsx";
import { exported, keepAsFile } from "../../stores/exports.ts";
import { keyNames } from "../../stores/key-names.ts";
import { after, collected, type Collected, type Part } from "../../stores/pages.ts";
import { resource } from "../../stores/resource.ts";
import { call, tokenSymbol } from "../../stores/server.ts";
import { sumsOf, type Sum } from "../../stores/sums.ts";
import { monthOfMoney, type MonthOfMoney } from "./journal.ts";
import { monthText, windowOf } from "./months.ts";

interface ReceiptProps {
  readonly subscription: Subscription;
  readonly month: string;
}

interface Bill {
  readonly money: MonthOfMoney;
  readonly byModel: readonly Sum[];
  readonly byKey: readonly Sum[];
  readonly isCut: boolean;
}

/** What one month came to: money, usage by model and key, and charges by day. It prints as a page of its own. */
export function Receipt({ subscription, month }: ReceiptProps) {
  const { subscription_id: id, owner, plan_id: planId, plan_version: version } = subscription.subscription;
  const bill = useMemo(() => resource(() => billOf(subscription, month)), [id, month]);
  const symbol = tokenSymbol();
  return (
    <section class="receipt stack" aria-labelledby="receipt">
      <div class="receipt-head">
        <div>
          <p class="receipt-brand">FlareFlow</p>
          <h2 id="receipt">{monthText(month)}</h2>
          <p class="soft small">
            Subscription {id} of <code>{owner}</code>, plan {planId}, version {version}
          </p>
        </div>
        <Exports id={id} month={month} />
      </div>
      <Show of={bill} height={34}>
        {(known) => <Parts bill={known} symbol={symbol} nameOfKey={keyNames(id)} />}
      </Show>
      <p class="receipt-proof soft small">
        Every charge is the price of usage that Flare attested, rounded down once. The command{" "}
        <code>flareflow verify {id}</code> computes it again from public documents alone.
      </p>
    </section>
  );
}

function Exports({ id, month }: { readonly id: string; readonly month: string }) {
  const doing = useDoing();
  const keep = (operation: Parameters<typeof exported>[1], name: string) =>
    doing.run(async () => {
      const { text, isCut } = await exported(call, operation, id, windowOf(month));
      keepAsFile(`flareflow-${id}-${month}-${name}.csv`, text, "text/csv");
      if (isCut) throw new Error("The month has more calls than one file holds here. Use the API for the whole of it.");
    });
  return (
    <div class="receipt-exports stack tight">
      <div class="row">
        <Button size="small" onClick={() => print()}>
          Print
        </Button>
        <Button
          size="small"
          isBusy={doing.isBusy}
          onClick={() => void keep("GET /v1/subscriptions/{subscription_id}/exports/usage", "calls")}
        >
          Calls as CSV
        </Button>
        <Button
          size="small"
          isBusy={doing.isBusy}
          onClick={() => void keep("GET /v1/subscriptions/{subscription_id}/exports/focus", "focus")}
        >
          Costs as FOCUS
        </Button>
      </div>
      <Refused failure={doing.failure} />
    </div>
  );
}

interface PartsProps {
  readonly bill: Bill;
  readonly symbol: string;
  readonly nameOfKey: (keyHash: string | null) => string;
}

function Parts({ bill, symbol, nameOfKey }: PartsProps) {
  const { money, byModel, byKey } = bill;
  return (
    <div class="stack">
      {bill.isCut && <Notice tone="warn">The month has more entries or calls than are added up here: these sums are too low.</Notice>}
      <Stats>
        <Stat label="At the beginning" value={<Money ufix64={money.opening} unit={symbol} />} />
        <Stat label="Paid in" value={<Money ufix64={money.paidIn} unit={symbol} />} />
        <Stat label="Charged" value={<Money ufix64={money.charged} unit={symbol} />} />
        <Stat label="Taken out" value={<Money ufix64={money.returned} unit={symbol} />} />
        <Stat label="At the end" value={<Money ufix64={money.closing} unit={symbol} />} />
      </Stats>
      <div class="receipt-tables">
        <UsageTable title="By model" head="Model" sums={byModel} nameOf={({ group }) => group.model ?? "–"} />
        <UsageTable title="By key" head="Key" sums={byKey} nameOf={({ group }) => nameOfKey(group.key_hash)} />
      </div>
      <Charges money={money} symbol={symbol} />
    </div>
  );
}

interface UsageTableProps {
  readonly title: string;
  readonly head: string;
  readonly sums: readonly Sum[];
  readonly nameOf: (sum: Sum) => string;
}

function UsageTable({ title, head, sums, nameOf }: UsageTableProps) {
  const total = sums.reduce((sum, one) => sum + one.total, 0n);
  const calls = sums.reduce((sum, one) => sum + one.requests, 0n);
  return (
    <section class="card">
      <h3>{title}</h3>
      {sums.length === 0 ? (
        <p class="soft small">No calls in this month.</p>
      ) : (
        <div class="table-frame" tabIndex={0} role="region" aria-label={`Usage: ${title}`}>
          <table>
            <thead>
              <tr>
                <th scope="col">{head}</th>
                <th scope="col" class="end">
                  Calls
                </th>
                <th scope="col" class="end">
                  Rated tokens
                </th>
              </tr>
            </thead>
            <tbody>
              {sums.map((sum) => (
                <tr key={JSON.stringify(sum.group)}>
                  <td>{nameOf(sum)}</td>
                  <td class="end">{countText(sum.requests)}</td>
                  <td class="end">{tokensText(sum.total)}</td>
                </tr>
              ))}
            </tbody>
            <tfoot>
              <tr>
                <th scope="row">In all</th>
                <td class="end">{countText(calls)}</td>
                <td class="end">{tokensText(total)}</td>
              </tr>
            </tfoot>
          </table>
        </div>
      )}
    </section>
  );
}

function Charges({ money, symbol }: { readonly money: MonthOfMoney; readonly symbol: string }) {
  return (
    <section class="card">
      <h3>Charges by day</h3>
      {money.days.length === 0 ? (
        <p class="soft small">Nothing was charged in this month.</p>
      ) : (
        <div class="table-frame" tabIndex={0} role="region" aria-label="Charges by day">
          <table>
            <thead>
              <tr>
                <th scope="col">Day (UTC)</th>
                <th scope="col" class="end">
                  Settlements
                </th>
                <th scope="col" class="end">
                  Rated tokens
                </th>
                <th scope="col" class="end">
                  Charged, {symbol}
                </th>
              </tr>
            </thead>
            <tbody>
              {money.days.map((day) => (
                <tr key={day.day}>
                  <td>{day.day}</td>
                  <td class="end">{day.settlements}</td>
                  <td class="end">{tokensText(day.microtokens)}</td>
                  <td class="end">
                    <ColumnMoney ufix64={day.charged} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** Parts of the journal that are read for one month. */
const PARTS_MAX = 100;

async function billOf({ subscription }: Subscription, month: string): Promise<Bill> {
  const { subscription_id: id } = subscription;
  const window = windowOf(month);
  const now = new Date().toISOString();
  const used = { from: window.from, to: window.to < now ? window.to : now };
  const [journal, models, keys] = await Promise.all([
    journalBackTo(id, window.from),
    sumsOf(id, { by: ["model"], ...used }),
    sumsOf(id, { by: ["key"], ...used }),
  ]);
  return {
    money: monthOfMoney(journal.items, BigInt(subscription.balance_ufix64), window),
    byModel: models.items,
    byKey: keys.items,
    isCut: journal.isCut || models.isCut || keys.isCut,
  };
}

/** The entries since a time, the newest first, and perhaps some before. */
function journalBackTo(id: string, from: string): Promise<Collected<Entry>> {
  const isBefore = (entry: Entry | undefined) => entry !== undefined && Date.parse(entry.occurred_at) < Date.parse(from);
  return collected((cursor) => journalFrom(id, cursor), PARTS_MAX, (entries) => isBefore(entries.at(-1)));
}

/** A part of a subscription's journal, the newest entries first. */
export function journalFrom(id: string, cursor: string | null): Promise<Part<Entry>> {
  const path = { subscription_id: id };
  return call("GET /v1/subscriptions/{subscription_id}/journal", { path, query: after(cursor) });
}
