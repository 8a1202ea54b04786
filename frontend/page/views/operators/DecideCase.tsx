import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";

import type { Case } from "../../../api/operations.ts";
import { Button } from "../../components/Button.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { useDoing } from "../../components/doing.ts";
import { Area, Field, Select } from "../../components/Field.tsx";
import { Refused } from "../../components/Refused.tsx";
import { Notice, Show } from "../../components/states.tsx";
import { resource } from "../../stores/resource.ts";
import { call } from "../../stores/server.ts";
import { say } from "../../stores/toasts.ts";
import { momentText } from "../../text/time.ts";
import { faultsOf, optionsOf, requestOf, type Choice, type Filled } from "./decisions.ts";
import { KIND_WORDS, reasonText } from "./words.ts";

interface DecideCaseProps {
  /** The case as the list has it, with the beginning of its row only. */
  readonly listed: Case;
  readonly onDecided: () => void;
  readonly onClose: () => void;
}

/** A case as a whole, what can be decided of it, and what that would do before it is done. */
export function DecideCase({ listed, onDecided, onClose }: DecideCaseProps) {
  const options = optionsOf(listed);
  const choice = useSignal<Choice>(options[0]?.choice ?? "written_off");
  const why = useSignal("");
  const fields = useSignal("{}");
  const transaction = useSignal("");
  const step = useSignal<"fill" | "confirm">("fill");
  const wasTried = useSignal(false);
  const doing = useDoing();

  const filled: Filled = { choice: choice.value, why: why.value, fields: fields.value, transaction: transaction.value };
  const found = faultsOf(filled);
  const faults = wasTried.value ? found : { why: null, fields: null, transaction: null };
  const option = options.find((one) => one.choice === choice.value);
  if (option === undefined) return null;

  const review = () => {
    wasTried.value = true;
    if (Object.values(found).every((fault) => fault === null)) step.value = "confirm";
  };
  const decide = () =>
    doing.run(async () => {
      await call("POST /v1/console/case-decisions", { body: requestOf(listed, filled) });
      say("good", option.done);
      onDecided();
      onClose();
    });

  if (step.value === "confirm") {
    const actions = (
      <>
        <Button kind="quiet" onClick={() => (step.value = "fill")}>
          Back
        </Button>
        <Button kind={choice.value === "billed" ? "danger" : "primary"} isBusy={doing.isBusy} onClick={() => void decide()}>
          Yes, {option.label.toLowerCase()}
        </Button>
      </>
    );
    return (
      <Dialog title={`${option.label}?`} onClose={onClose} actions={actions}>
        <Refused failure={doing.failure} />
        <p>{option.effect}</p>
        <p class="soft">
          It is noted with your address and your reason: “{why.value.trim()}”
        </p>
      </Dialog>
    );
  }
  const actions = (
    <>
      <Button kind="quiet" onClick={onClose}>
        Not now
      </Button>
      <Button kind="primary" onClick={review}>
        Go on
      </Button>
    </>
  );
  return (
    <Dialog title={reasonText(listed)} onClose={onClose} actions={actions}>
      <p>{KIND_WORDS[listed.kind].question}</p>
      <Whole listed={listed} />
      <Select
        label="Decision"
        hint={option.effect}
        value={choice.value}
        options={options.map((one) => ({ value: one.choice, label: one.label }))}
        onChange={(value) => (choice.value = value)}
      />
      {choice.value === "billed" && (
        <Area label="Fields of the row to replace" hint="They take the place of those in the row." error={faults.fields} text={fields} rows={4} isCode />
      )}
      {choice.value === "credited" && (
        <Field
          label="Transaction on Flow"
          hint="By which the customer got it back."
          error={faults.transaction}
          value={transaction.value}
          onInput={(text) => (transaction.value = text)}
        />
      )}
      <Field label="Why" error={faults.why} value={why.value} onInput={(text) => (why.value = text)} />
    </Dialog>
  );
}

/** What is known of the case: the row, or samples of the rows that were counted. */
function Whole({ listed }: { readonly listed: Case }) {
  const whole = useMemo(
    () => resource(() => call("GET /v1/console/cases", { query: { case: listed.id } }).then(({ items }) => items[0] ?? listed)),
    [listed.id],
  );
  return (
    <Show of={whole} height={8}>
      {({ id, what, body, at, decision }) => (
        <>
          {decision !== null && (
            <Notice tone="warn">
              {decision.who} has decided it already: “{decision.why}”
            </Notice>
          )}
          {what !== "" && <p class="case-what">{what}</p>}
          {at !== null && <p class="soft small">Of {momentText(at)}</p>}
          {body !== "" && (
            <pre class="case-body" role="region" tabIndex={0} aria-label={listed.kind === "tally" ? "Samples of the rows" : "The row"}>
              {indented(body)}
            </pre>
          )}
          <p class="case-what faint small">{id}</p>
        </>
      )}
    </Show>
  );
}

function indented(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
