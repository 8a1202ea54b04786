import { useMemo } from "preact/hooks";

import type { Subscription } from "../../../api/operations.ts";
import { Money } from "../../components/Amount.tsx";
import { Button } from "../../components/Button.tsx";
import { useDoing } from "../../components/doing.ts";
import { Refused } from "../../components/Refused.tsx";
import { Stat, Stats } from "../../components/Stat.tsx";
import { Notice, Show } from "../../components/states.tsx";
import { exported, keepAsFile } from "../../stores/exports.ts";
import { keyNames } from "../../stores/key-names.ts";
import { resource } from "../../stores/resource.ts";
import { call, tokenSymbol } from "../../stores/server.ts";
import { billOf, type Bill } from "./bill.ts";
import { monthText, windowOf } from "./months.ts";
import { Charges, UsageTable } from "./ReceiptTables.tsx";

interface ReceiptProps {
  readonly subscription: Subscription;
  readonly month: string;
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
