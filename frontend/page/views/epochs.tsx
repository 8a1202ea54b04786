import { useSignal } from "@preact/signals";

import type { Epoch } from "../../api/operations.ts";
import { Button, ButtonLink } from "../components/Button.tsx";
import { useDoing } from "../components/doing.ts";
import { Empty, Notice, Show } from "../components/states.tsx";
import { Table, type Column } from "../components/Table.tsx";
import { ViewHead } from "../components/ViewHead.tsx";
import { now } from "../stores/clock.ts";
import { useFresh } from "../stores/fresh.ts";
import { call, epochs } from "../stores/server.ts";
import { agoText, durationText, momentText } from "../text/time.ts";
import { Track } from "./epochs/Track.tsx";
import "./epochs.css";

const ASKED_EVERY_MS = 15_000;
const EPOCHS_MAX = 2_000;

const COLUMNS: readonly Column<Epoch>[] = [
  { head: "Epoch", cell: ({ epoch }) => <a href={`#/epochs/${epoch}`}>{epoch}</a> },
  { head: "State", cell: ({ state }) => <Track state={state} /> },
  { head: "Ended", cell: ({ ends_at: at }) => <time dateTime={at} title={momentText(at)}>{agoText(at, now.value)}</time> },
  { head: "On its way for", cell: ({ lag_seconds: lag }) => (lag === null ? "–" : durationText(Number(lag))) },
  { head: "Statement", cell: ({ statement_hash: hash }) => <code>{hash.slice(0, 10)}…{hash.slice(-6)}</code> },
];

/** All epochs, newest first, and how far each is. */
export default function Epochs() {
  useFresh(epochs, ASKED_EVERY_MS);
  return (
    <>
      <ViewHead
        title="Every epoch, from use to charge"
        action={<ButtonLink href="#/check">Check a bill yourself</ButtonLink>}
      >
        What was used in an epoch is sealed into one public statement, attested by Flare, proven on Flow and charged.
        Choose one to see who vouches for each step. An epoch in which nothing was used has no statement.
      </ViewHead>
      <Show of={epochs} height={42}>
        {(newest) => <EpochTable newest={newest} />}
      </Show>
    </>
  );
}

/** The newest epochs, and as many older ones as were asked for. */
function EpochTable({ newest }: { readonly newest: readonly Epoch[] }) {
  const older = useSignal<readonly Epoch[]>([]);
  const doing = useDoing();
  const isAtEnd = useSignal(newest.length < 20);
  const known = new Set(newest.map(({ epoch }) => epoch));
  const rows = [...newest, ...older.value.filter(({ epoch }) => !known.has(epoch))];
  const more = () =>
    doing.run(async () => {
      const page = await call("GET /v1/epochs", { query: { cursor: rows.at(-1)?.epoch ?? "" } });
      older.value = [...older.value, ...page.items];
      isAtEnd.value = page.next_cursor === null || rows.length + page.items.length >= EPOCHS_MAX;
    });
  const empty = (
    <Empty title="No epoch has a statement yet">The first one appears here some minutes after the first call.</Empty>
  );
  return (
    <div class="stack">
      <Table label="Epochs" columns={COLUMNS} rows={rows} keyOf={({ epoch }) => epoch} empty={empty} />
      {doing.failure !== null && <Notice tone="bad">{doing.failure.title}. Try again.</Notice>}
      {!isAtEnd.value && (
        <div class="row">
          <Button isBusy={doing.isBusy} onClick={() => void more()}>
            Show older epochs
          </Button>
        </div>
      )}
    </div>
  );
}
