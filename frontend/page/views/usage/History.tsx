import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";

import type { Dimension } from "../../../api/operations.ts";
import { countText } from "../../../verify/amounts.ts";
import { Tokens } from "../../components/Amount.tsx";
import { Chart } from "../../components/Chart.tsx";
import { Choices } from "../../components/Choices.tsx";
import { Empty, Show } from "../../components/states.tsx";
import { Table, type Column } from "../../components/Table.tsx";
import { useAfter } from "../../stores/fresh.ts";
import { keyNames } from "../../stores/key-names.ts";
import { resource } from "../../stores/resource.ts";
import { lastDays, sumsOf, type Sum, type Sums } from "../../stores/sums.ts";
import { shortText } from "../../text/amounts.ts";
import { seriesOf, spansOf, type Span } from "../../text/series.ts";
import { dayText, hourText } from "../../text/time.ts";

type Window = "day" | "week" | "month";
type By = "model" | "key" | "time";

const WINDOWS: Readonly<Record<Window, { readonly label: string; readonly days: number; readonly span: Span }>> = {
  day: { label: "24 hours", days: 1, span: "hour" },
  week: { label: "7 days", days: 7, span: "day" },
  month: { label: "30 days", days: 30, span: "day" },
};

interface HistoryProps {
  readonly subscriptionId: string;
  readonly changes: number;
}

/** Usage over time, by model, by key or in all: as bars, and as a table. */
export function History({ subscriptionId, changes }: HistoryProps) {
  const window = useSignal<Window>("day");
  const by = useSignal<By>("model");
  const { days, span } = WINDOWS[window.value];
  const sums = useMemo(
    () => resource(() => load(subscriptionId, days, span, by.peek())),
    [subscriptionId, window.value, by.value],
  );
  useAfter(sums, changes);
  return (
    <section class="card" aria-labelledby="history">
      <div class="card-head">
        <h2 id="history">Over time</h2>
        <div class="usage-controls">
          <Choices
            label="Sum by"
            value={by.value}
            options={[
              { value: "model", label: "By model" },
              { value: "key", label: "By key" },
              { value: "time", label: span === "day" ? "By day" : "By hour" },
            ]}
            onChange={(chosen) => (by.value = chosen)}
          />
          <Choices
            label="Time"
            value={window.value}
            options={(["day", "week", "month"] as const).map((value) => ({ value, label: WINDOWS[value].label }))}
            onChange={(chosen) => (window.value = chosen)}
          />
        </div>
      </div>
      <Show of={sums} height={26}>
        {(found) => <Sums sums={found} by={by.value} span={span} days={days} subscriptionId={subscriptionId} />}
      </Show>
    </section>
  );
}

function load(subscriptionId: string, days: number, span: Span, by: By): Promise<Sums> {
  const dimensions: Dimension[] = by === "time" ? [span] : [span, by];
  return sumsOf(subscriptionId, { by: dimensions, ...lastDays(days) });
}

interface SumsProps {
  readonly sums: Sums;
  readonly by: By;
  readonly span: Span;
  readonly days: number;
  readonly subscriptionId: string;
}

function Sums({ sums, by, span, days, subscriptionId }: SumsProps) {
  const names = keyNames(subscriptionId);
  const timeText = span === "hour" ? hourText : dayText;
  const nameOf = ({ group }: Sum) => (by === "key" ? names(group.key_hash) : by === "model" ? (group.model ?? "") : "All calls");
  const { times, series } = useMemo(() => {
    const spans = spansOf(span, days, Date.now());
    const points = sums.items.map((sum) => ({ start: sum.group.start, name: nameOf(sum), micro: sum.total }));
    return { times: spans, series: seriesOf(spans, points) };
  }, [sums, by, span, days, names]);
  if (sums.items.length === 0) {
    return (
      <Empty title="No calls in this time">
        Calls appear here within a second. <a href="#/start">Get a key</a> has a first call to copy.
      </Empty>
    );
  }
  const total = sums.items.reduce((sum, one) => sum + one.total, 0n);
  return (
    <div class="stack">
      <Chart
        label={`Rated tokens by ${span}; ${shortText(total / 1_000_000n)} in all. The table below has the numbers.`}
        times={times}
        series={series}
        timeText={(seconds) => timeText(new Date(seconds * 1000).toISOString())}
        valueText={(value) => shortText(BigInt(Math.round(value)))}
      />
      <Table
        label={`Usage by ${by === "time" ? span : by}`}
        columns={columns(by, span)}
        rows={by === "time" ? byTime(sums.items) : byName(sums.items, nameOf)}
        keyOf={(row) => row.name}
      />
      {sums.isCut && <p class="faint small">This time has more usage than is added up here. The exports under <a href="#/bills">Bills</a> have all of it.</p>}
    </div>
  );
}

interface Row {
  readonly name: string;
  readonly requests: bigint;
  readonly promptTokens: bigint;
  readonly completionTokens: bigint;
  readonly total: bigint;
  readonly settled: bigint;
}

function byName(items: readonly Sum[], nameOf: (sum: Sum) => string): readonly Row[] {
  const rows = new Map<string, Row>();
  for (const sum of items) {
    const name = nameOf(sum);
    rows.set(name, added(name, rows.get(name), sum));
  }
  return [...rows.values()].sort((one, other) => (one.total < other.total ? 1 : -1));
}

function byTime(items: readonly Sum[]): readonly Row[] {
  const newestFirst = [...items].sort((one, other) => ((one.group.start ?? "") < (other.group.start ?? "") ? 1 : -1));
  return newestFirst.map((sum) => added(sum.group.start ?? "", undefined, sum));
}

function added(name: string, before: Row | undefined, sum: Sum): Row {
  return {
    name,
    requests: (before?.requests ?? 0n) + sum.requests,
    promptTokens: (before?.promptTokens ?? 0n) + sum.promptTokens,
    completionTokens: (before?.completionTokens ?? 0n) + sum.completionTokens,
    total: (before?.total ?? 0n) + sum.total,
    settled: (before?.settled ?? 0n) + sum.settled,
  };
}

function columns(by: By, span: Span): readonly Column<Row>[] {
  const head = { model: "Model", key: "Key", time: span === "day" ? "Day (UTC)" : "Hour" }[by];
  const name = (row: Row) => (by === "time" ? (span === "day" ? dayText(row.name) : hourText(row.name)) : row.name);
  return [
    { head, cell: name },
    { head: "Calls", align: "end", cell: (row) => countText(row.requests) },
    { head: "Tokens in", align: "end", cell: (row) => countText(row.promptTokens) },
    { head: "Tokens out", align: "end", cell: (row) => countText(row.completionTokens) },
    { head: "Rated tokens", align: "end", cell: (row) => <Tokens micro={row.total} unit={false} /> },
    { head: "Of these settled", align: "end", cell: (row) => <Tokens micro={row.settled} unit={false} /> },
  ];
}
