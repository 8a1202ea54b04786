import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";

import type { DeadLetters, QueueDepth } from "../../../api/operations.ts";
import { countText } from "../../../verify/amounts.ts";
import { Button } from "../../components/Button.tsx";
import { RequestDialog } from "../../components/RequestDialog.tsx";
import { Show } from "../../components/states.tsx";
import { Table, type Column } from "../../components/Table.tsx";
import { useFresh } from "../../stores/fresh.ts";
import { resource } from "../../stores/resource.ts";
import { call } from "../../stores/server.ts";
import { say } from "../../stores/toasts.ts";
import { isOfDeadLetters, redrivenText } from "./queues.ts";
import { QUEUE_WORDS } from "./words.ts";

const ASKED_EVERY_MS = 15_000;

/** How full the queues are; what was given up can be tried again. */
export function Queues() {
  const queues = useMemo(() => resource(() => call("GET /v1/console/queues", {}).then(({ queues: depths }) => depths)), []);
  useFresh(queues, ASKED_EVERY_MS);
  const redriven = useSignal<DeadLetters | null>(null);
  return (
    <Show of={queues} height={18}>
      {(depths) => (
        <>
          <Table label="Queues" columns={columnsOf((name) => (redriven.value = name))} rows={depths} keyOf={({ name }) => name} />
          {redriven.value !== null && <TryAgain queue={redriven.value} onDone={() => void queues.reload()} onClose={() => (redriven.value = null)} />}
        </>
      )}
    </Show>
  );
}

function columnsOf(redrive: (name: DeadLetters) => void): readonly Column<QueueDepth>[] {
  return [
    {
      head: "Queue",
      cell: ({ name }) => (
        <div class="two-lines">
          {QUEUE_WORDS[name].title}
          <p class="soft small">{QUEUE_WORDS[name].text}</p>
        </div>
      ),
    },
    { head: "Waiting", align: "end", cell: (one) => <Waiting one={one} /> },
    { head: "Being handled", align: "end", cell: ({ in_flight: count }) => countText(count) },
    {
      head: "What to do",
      cell: ({ name, waiting }) =>
        isOfDeadLetters(name) && waiting !== "0" ? (
          <Button size="small" label={`Try again: ${QUEUE_WORDS[name].title}`} onClick={() => redrive(name)}>
            Try again
          </Button>
        ) : (
          <span class="faint">Nothing</span>
        ),
    },
  ];
}

function Waiting({ one: { name, waiting } }: { readonly one: QueueDepth }) {
  return <span class={isOfDeadLetters(name) && waiting !== "0" ? "loss" : undefined}>{countText(waiting)}</span>;
}

interface TryAgainProps {
  readonly queue: DeadLetters;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function TryAgain({ queue, onDone, onClose }: TryAgainProps) {
  const redrive = async () => {
    say("good", redrivenText(await call("POST /v1/console/redrives", { body: { queue } })));
    onDone();
    onClose();
  };
  const title = `${QUEUE_WORDS[queue].title}: try them again?`;
  return (
    <RequestDialog title={title} yes="Try them again" no="Not now" act={redrive} onClose={onClose}>
      <p>
        Up to 200 of them go back to where they came from, and are handled once more. Mend first what made them fail:
        otherwise they come back here.
      </p>
    </RequestDialog>
  );
}
