import type { StatedEvent, Subscription } from "../../../api/operations.ts";
import { countedText, countText } from "../../../verify/amounts.ts";
import { Tokens } from "../../components/Amount.tsx";
import { Empty, Failed, Notice, Skeleton } from "../../components/states.tsx";
import { Table, type Column } from "../../components/Table.tsx";
import { EVENTS_MAX, type Events } from "../../stores/events.ts";
import { keyNames } from "../../stores/key-names.ts";
import { live } from "../../stores/live.ts";
import type { SeenCall } from "../../stores/live-usage.ts";
import { stageOf, type Reached, type Stage } from "../../text/stages.ts";
import { shortMomentText } from "../../text/time.ts";
import { reachedNow } from "./reached.ts";

interface CallsProps {
  readonly shown: Subscription;
  readonly events: Events;
}

/** Every call, the newest first: those that live messages have told of, and those that the API lists. */
export function Calls({ shown, events }: CallsProps) {
  const { subscription_id: id, settled_epoch: settledEpoch } = shown.subscription;
  const names = keyNames(id);
  const reached = reachedNow(settledEpoch);
  const rows = rowsOf(events.items.value, live.value.calls, names, reached);
  const failure = events.failure.value;
  return (
    <section class="card" aria-labelledby="calls">
      <div class="card-head">
        <h2 id="calls">Calls</h2>
        <span class="faint small">
          {countedText(rows.length, "call")}
          {events.hasMore.value && " shown, older ones follow as you scroll"}
          {rows.length >= EVENTS_MAX && `; older ones are in the exports under Bills`}
        </span>
      </div>
      {events.state.value === "failed" && failure !== null && rows.length === 0 ? (
        <Failed failure={failure} onRetry={() => void events.refresh()} />
      ) : events.state.value === "loading" && rows.length === 0 ? (
        <Skeleton height={20} />
      ) : (
        <>
          {failure !== null && <Notice tone="warn">This may be out of date. {failure.title}.</Notice>}
          <Table
            label="All calls, the newest first"
            columns={COLUMNS}
            rows={rows}
            keyOf={(row) => row.id}
            onEnd={events.hasMore.value ? () => void events.more() : undefined}
            empty={<Empty title="No calls yet">Each call appears here within a second.</Empty>}
          />
        </>
      )}
    </section>
  );
}

interface Row {
  readonly id: string;
  readonly at: string;
  readonly model: string;
  readonly key: string;
  /** Null while it is known from a live message only. */
  readonly tokens: StatedEvent["event"]["tokens"] | null;
  readonly micro: string;
  readonly stage: Stage;
  readonly epoch: string | null;
}

function rowsOf(
  events: readonly StatedEvent[],
  calls: readonly SeenCall[],
  names: (keyHash: string) => string,
  reached: Reached,
): readonly Row[] {
  const listed = new Set(events.map(({ event }) => event.event_id));
  const fresh = calls.filter((call) => !listed.has(call.event_id)).map(rowOfCall);
  const stated = events.map(({ event, epoch, state }) => ({
    id: event.event_id,
    at: event.started_at,
    model: event.model,
    key: names(event.key_hash),
    tokens: event.tokens,
    micro: event.rated_microtokens,
    stage: stageOf(epoch, state, reached),
    epoch,
  }));
  return [...fresh, ...stated];
}

function rowOfCall(call: SeenCall): Row {
  return {
    id: call.event_id,
    at: call.at,
    model: call.model,
    key: "",
    tokens: null,
    micro: call.rated_microtokens,
    stage: "pending",
    epoch: null,
  };
}

const WORDS: Readonly<Record<Stage, string>> = {
  pending: "Pending",
  sealed: "Sealed",
  attested: "Attested",
  settled: "Settled",
};

const COLUMNS: readonly Column<Row>[] = [
  { head: "Time", width: "min(11rem, 47vw)", cell: (row) => <time dateTime={row.at}>{shortMomentText(row.at)}</time> },
  { head: "Model", width: "13rem", cell: (row) => <span title={row.model}>{row.model}</span> },
  { head: "Key", width: "10rem", cell: (row) => (row.key === "" ? <span class="faint">–</span> : row.key) },
  { head: "In", width: "6rem", align: "end", cell: ({ tokens }) => count(tokens && [tokens.prompt, tokens.cache_read, tokens.cache_write, tokens.audio_input]) },
  { head: "Out", width: "6rem", align: "end", cell: ({ tokens }) => count(tokens && [tokens.completion, tokens.reasoning, tokens.audio_output]) },
  { head: "Rated tokens", width: "9rem", align: "end", cell: (row) => <Tokens micro={row.micro} unit={false} /> },
  {
    head: "State",
    width: "8rem",
    cell: (row) => (
      <span class="stage">
        <i class={`stage-mark stage-${row.stage}`} />
        {WORDS[row.stage]}
      </span>
    ),
  },
  {
    head: "Statement",
    width: "9rem",
    align: "end",
    cell: (row) => (row.epoch === null || row.stage === "pending" ? "" : <a href={`#/epochs/${row.epoch}`}>{row.epoch}</a>),
  },
];

function count(parts: readonly string[] | null) {
  if (parts === null) return <span class="faint">–</span>;
  return countText(parts.reduce((total, part) => total + BigInt(part), 0n));
}
