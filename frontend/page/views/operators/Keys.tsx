import { useSignal } from "@preact/signals";

import type { KeyDifference } from "../../../api/operations.ts";
import { Badge } from "../../components/Badge.tsx";
import { Button } from "../../components/Button.tsx";
import { useDoing } from "../../components/doing.ts";
import { Refused } from "../../components/Refused.tsx";
import { Empty } from "../../components/states.tsx";
import { Table, type Column } from "../../components/Table.tsx";
import { after, type Part } from "../../stores/pages.ts";
import { call } from "../../stores/server.ts";

const COLUMNS: readonly Column<KeyDifference>[] = [
  { head: "Key", cell: ({ key_hash: hash }) => <code title={hash}>{hash.slice(0, 12)}…</code> },
  { head: "Subscription", align: "end", cell: ({ subscription_id: id }) => id },
  { head: "Owner", cell: ({ owner }) => <code>{owner}</code> },
  { head: "Should be", cell: ({ status }) => <Badge>{status}</Badge> },
  { head: "LiteLLM says", cell: ({ differences }) => <div class="two-lines">{differences.map((one) => <p key={one}>{one}</p>)}</div> },
];

/** Keys of which LiteLLM says something else. Each comparison asks LiteLLM for every key, so nothing is asked unasked. */
export function Keys() {
  /** What was found so far; null before anything was asked. */
  const found = useSignal<Part<KeyDifference> | null>(null);
  const doing = useDoing();
  const compare = (from: string | null) =>
    doing.run(async () => {
      const part = await call("GET /v1/console/key-differences", { query: after(from) });
      const before = from === null ? [] : (found.peek()?.items ?? []);
      found.value = { items: [...before, ...part.items], next_cursor: part.next_cursor };
    });
  const next = found.value?.next_cursor ?? null;
  return (
    <div class="stack tight">
      <p class="soft">
        The sweep compares every key with LiteLLM each five minutes and mends what differs. Here you see what differs
        now, ten subscriptions at a time; nothing is changed.
      </p>
      <Refused failure={doing.failure} />
      {found.value !== null && (
        <Table label="Keys that differ" columns={COLUMNS} rows={found.value.items} keyOf={({ key_hash: hash }) => hash} empty={NONE} />
      )}
      <div class="row">
        <Button isBusy={doing.isBusy} onClick={() => void compare(next)}>
          {buttonText(found.value)}
        </Button>
      </div>
    </div>
  );
}

function buttonText(found: Part<unknown> | null): string {
  if (found === null) return "Compare with LiteLLM";
  return found.next_cursor === null ? "Compare again from the beginning" : "Compare the next ten subscriptions";
}

const NONE = (
  <Empty icon="check" title="No key differs">
    LiteLLM says of every key that was compared what is stored here.
  </Empty>
);
