import { useMemo } from "preact/hooks";

import type { Entry, Subscription } from "../../../api/operations.ts";
import { ColumnMoney } from "../../components/Amount.tsx";
import { Select } from "../../components/Field.tsx";
import { Icon } from "../../components/Icon.tsx";
import { OfSubscription } from "../../components/OfSubscription.tsx";
import { ShowMore } from "../../components/ShowMore.tsx";
import { Empty, Show } from "../../components/states.tsx";
import { Table, type Column } from "../../components/Table.tsx";
import { ViewHead } from "../../components/ViewHead.tsx";
import { open } from "../../router/router.ts";
import type { ViewProps } from "../../router/routes.ts";
import { pages, type Listed } from "../../stores/pages.ts";
import { deployment } from "../../stores/server.ts";
import { explorerLink } from "../../text/explorers.ts";
import { shortMomentText } from "../../text/time.ts";
import { journalFrom } from "./bill.ts";
import { addedBy, kindText } from "./journal.ts";
import { monthFrom, monthText, monthsUntil } from "./months.ts";
import { Receipt } from "./Receipt.tsx";
import "./bills.css";

const MONTHS = 24;

export default function Bills({ query }: ViewProps) {
  const month = monthFrom(query.get("month"), new Date());
  const options = monthsUntil(new Date(), MONTHS).map((value) => ({ value, label: monthText(value) }));
  const choice = (
    <Select label="Month" hideLabel value={month} options={options} onChange={(value) => open(`/bills?month=${value}`)} />
  );
  return (
    <OfSubscription title="Bills" height={50}>
      {(subscription) => {
        const { subscription_id: id } = subscription.subscription;
        return (
          <>
            <ViewHead title="Bills" action={choice}>
              What each month came to, and every movement of the deposit with its transaction on Flow.
            </ViewHead>
            <div class="stack loose">
              <Receipt key={`${id} ${month}`} subscription={subscription} month={month} />
              <Journal key={id} subscription={subscription} />
            </div>
          </>
        );
      }}
    </OfSubscription>
  );
}

/** Everything that ever happened to the deposit. */
function Journal({ subscription }: { readonly subscription: Subscription }) {
  const { subscription_id: id } = subscription.subscription;
  const entries = useMemo(() => pages((cursor) => journalFrom(id, cursor)), [id]);
  deployment.want();
  const state = deployment.state.value;
  const flow = state.name === "ready" ? state.value.flow : null;
  const columns = columnsOf(flow?.token.symbol ?? "FLOW", flow?.explorer?.transaction);
  return (
    <section class="stack tight journal" aria-labelledby="journal">
      <h2 id="journal">Journal</h2>
      <Show of={entries} height={24}>
        {(listed: Listed<Entry>) => (
          <>
            <Table
              label="Journal of the deposit"
              columns={columns}
              rows={listed.items}
              keyOf={(entry) => entry.position.join(".")}
              empty={<Empty title="Nothing yet">The first entry is the deposit with which the subscription opens.</Empty>}
            />
            <ShowMore of={entries} label="Show earlier entries" />
          </>
        )}
      </Show>
    </section>
  );
}

function columnsOf(symbol: string, explorer: string | undefined): readonly Column<Entry>[] {
  return [
    { head: "When", width: "11rem", cell: (entry) => shortMomentText(entry.occurred_at) },
    { head: symbol, align: "end", width: "9rem", cell: (entry) => <Amount amount={addedBy(entry)} /> },
    { head: "What", cell: (entry) => <What entry={entry} /> },
    {
      head: "Transaction",
      width: "11rem",
      cell: ({ transaction_id: id }) => <TransactionOf id={id} link={explorerLink(explorer, { transaction: id })} />,
    },
  ];
}

function What({ entry }: { readonly entry: Entry }) {
  if (entry.epoch === null) return <>{kindText(entry.kind)}</>;
  return (
    <>
      {kindText(entry.kind)} <a href={`#/epochs/${entry.epoch}`}>epoch {entry.epoch}</a>
    </>
  );
}

function Amount({ amount }: { readonly amount: bigint }) {
  if (amount === 0n) return <span class="faint">–</span>;
  return (
    <span class={amount > 0n ? "added" : undefined}>
      {amount > 0n && "+"}
      <ColumnMoney ufix64={amount} />
    </span>
  );
}

function TransactionOf({ id, link }: { readonly id: string; readonly link: string | null }) {
  const short = `${id.slice(0, 8)}…${id.slice(-4)}`;
  if (link === null) return <code title={id}>{short}</code>;
  return (
    <a class="journal-link" href={link} target="_blank" rel="noreferrer" title={id}>
      <code>{short}</code> <Icon name="external" size={16} />
      <span class="unseen">in the explorer</span>
    </a>
  );
}
