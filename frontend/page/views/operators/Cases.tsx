import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";

import type { Case } from "../../../api/operations.ts";
import { countText } from "../../../verify/amounts.ts";
import { Badge } from "../../components/Badge.tsx";
import { Button } from "../../components/Button.tsx";
import { ShowMore } from "../../components/ShowMore.tsx";
import { Empty, Show } from "../../components/states.tsx";
import { Table, type Column } from "../../components/Table.tsx";
import { now } from "../../stores/clock.ts";
import { after, pages } from "../../stores/pages.ts";
import { call } from "../../stores/server.ts";
import { agoText, momentText } from "../../text/time.ts";
import { DecideCase } from "./DecideCase.tsx";
import { KIND_WORDS, reasonText } from "./words.ts";

/** Rows that nobody was billed for, and differences: each waits for a person. */
export function Cases() {
  const cases = useMemo(() => pages((cursor) => call("GET /v1/console/cases", { query: after(cursor) })), []);
  const decided = useSignal<Case | null>(null);
  return (
    <Show of={cases} height={24}>
      {({ items }) => (
        <div class="stack tight">
          <Table label="Open cases" columns={columnsOf((one) => (decided.value = one))} rows={items} keyOf={({ id }) => id} empty={NONE} />
          <ShowMore of={cases} label="Show more cases" />
          {decided.value !== null && (
            <DecideCase
              key={decided.value.id}
              listed={decided.value}
              onDecided={() => void cases.reload()}
              onClose={() => (decided.value = null)}
            />
          )}
        </div>
      )}
    </Show>
  );
}

const NONE = (
  <Empty icon="check" title="Nothing to decide">
    Every row is billed or known not to be, and all sources agree.
  </Empty>
);

function columnsOf(decide: (one: Case) => void): readonly Column<Case>[] {
  return [
    { head: "What", cell: ({ kind }) => <Badge tone={kind === "difference" ? "warn" : undefined}>{KIND_WORDS[kind].title}</Badge> },
    { head: "Why", cell: (one) => <Why one={one} /> },
    { head: "Rows", align: "end", cell: ({ kind, count }) => (kind === "tally" ? countText(count) : "–") },
    { head: "Subscription", align: "end", cell: ({ subscription_id: id }) => id ?? "–" },
    {
      head: "Open since",
      cell: ({ opened_at: at }) => (
        <time dateTime={at} title={momentText(at)}>
          {agoText(at, now.value)}
        </time>
      ),
    },
    {
      head: "Decision",
      cell: (one) => (
        <Button size="small" label={`Decide: ${reasonText(one)}`} onClick={() => decide(one)}>
          Decide
        </Button>
      ),
    },
  ];
}

function Why({ one }: { readonly one: Case }) {
  return (
    <div class="two-lines">
      {reasonText(one)}
      {one.what !== "" && <p class="case-what soft small">{one.what}</p>}
    </div>
  );
}
