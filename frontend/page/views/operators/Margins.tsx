import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";

import type { Margin } from "../../../api/operations.ts";
import { countText } from "../../../verify/amounts.ts";
import { Tokens } from "../../components/Amount.tsx";
import { Select } from "../../components/Field.tsx";
import { Stat, Stats } from "../../components/Stat.tsx";
import { Empty, Show } from "../../components/states.tsx";
import { Table, type Column } from "../../components/Table.tsx";
import { resource } from "../../stores/resource.ts";
import { call } from "../../stores/server.ts";
import { daysUntil, nanoText, shareText, sumsOf } from "./margins.ts";

/** What each model brought and cost on a day. */
export function Margins() {
  const days = useMemo(() => daysUntil(Date.now()), []);
  const day = useSignal(days[0] ?? "");
  const options = days.map((value, back) => ({ value, label: back === 0 ? `${value}, today` : value }));
  return (
    <div class="stack tight">
      <div class="margins-day">
        <Select label="Day, in UTC" value={day.value} options={options} onChange={(value) => (day.value = value)} />
      </div>
      <OfDay key={day.value} day={day.value} />
      <p class="soft small">
        Of calls whose epochs were reconciled. The revenue is what rated tokens are worth by the setting, not what a plan
        charges; the cost is LiteLLM's own.
      </p>
    </div>
  );
}

function OfDay({ day }: { readonly day: string }) {
  const margins = useMemo(() => resource(() => call("GET /v1/console/margins/{day}", { path: { day } })), [day]);
  return (
    <Show of={margins} height={20}>
      {({ models }) => (
        <div class="stack tight">
          <SumsOf models={models} />
          <Table label="Margins by model" columns={COLUMNS} rows={models} keyOf={({ model }) => model} empty={NONE} />
        </div>
      )}
    </Show>
  );
}

const NONE = <Empty title="Nothing was billed">Calls of this day appear here once their epoch was reconciled.</Empty>;

function SumsOf({ models }: { readonly models: readonly Margin[] }) {
  const { calls, revenue, cost, margin } = sumsOf(models);
  return (
    <Stats>
      <Stat label="Calls" value={countText(calls)} />
      <Stat label="Revenue" value={nanoText(revenue)} />
      <Stat label="Cost" value={nanoText(cost)} />
      <Stat label="Margin" value={nanoText(margin)} note={shareText(margin, revenue) ?? undefined} tone={margin < 0n ? "bad" : undefined} />
    </Stats>
  );
}

const COLUMNS: readonly Column<Margin>[] = [
  { head: "Model", cell: ({ model }) => <code>{model}</code> },
  { head: "Calls", align: "end", cell: ({ calls }) => countText(calls) },
  { head: "Rated tokens", align: "end", cell: ({ rated_microtokens: micro }) => <Tokens micro={micro} unit={false} /> },
  { head: "Revenue", align: "end", cell: ({ revenue_nanousd: value }) => nanoText(value) },
  { head: "Cost", align: "end", cell: ({ cost_nanousd: value }) => nanoText(value) },
  {
    head: "Margin",
    align: "end",
    cell: ({ margin_nanousd: value, revenue_nanousd: revenue }) => (
      <span class={value.startsWith("-") ? "loss" : undefined}>
        {nanoText(value)} <span class="faint small">{shareText(value, revenue)}</span>
      </span>
    ),
  },
];
