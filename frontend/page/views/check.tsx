import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { Choices } from "../components/Choices.tsx";
import { Show } from "../components/states.tsx";
import { ViewHead } from "../components/ViewHead.tsx";
import type { ViewProps } from "../router/routes.ts";
import { deployment, session, subscriptions } from "../stores/server.ts";
import { Findings } from "./check/Findings.tsx";
import { BillForm, BundleForm, ReceiptForm } from "./check/forms.tsx";
import type { Run } from "./check/run.ts";
import "./check.css";

type What = "bill" | "bundle" | "receipt";

const WHAT: readonly { readonly value: What; readonly label: string }[] = [
  { value: "bill", label: "A bill" },
  { value: "bundle", label: "A bundle" },
  { value: "receipt", label: "A receipt" },
];

/** Check a bill, a bundle or a receipt, in this browser and from public sources. */
export default function Check(props: ViewProps) {
  // What was found for one account, with its single calls, is not shown to the next.
  return <ForAccount key={session.address.value} {...props} />;
}

function ForAccount({ query }: ViewProps) {
  const what = useSignal<What>("bill");
  const run = useSignal<{ readonly run: Run; readonly command: string | null } | null>(null);
  useEffect(() => () => run.peek()?.run.stop(), []);
  const start = (next: Run, command: string | null = null) => {
    run.peek()?.run.stop();
    run.value = { run: next, command };
  };
  if (session.address.value !== null) subscriptions.want();
  return (
    <>
      <ViewHead title="Check it yourself">
        Your browser reads public documents and asks Flow and Flare, then compares every link from the signatures of
        Flare's voters to the charge. No answer of FlareFlow counts unless a hash, a signature or a chain confirms it.
      </ViewHead>
      <div class="check">
        <Show of={deployment} height={24}>
          {(about) => (
            <div class="card stack check-form">
              <Choices
                label="What to check"
                value={what.value}
                options={WHAT}
                onChange={(value) => {
                  what.value = value;
                  run.peek()?.run.stop();
                  run.value = null;
                }}
              />
              {what.value === "bill" && <BillForm about={about} query={query} start={start} />}
              {what.value === "bundle" && <BundleForm start={start} />}
              {what.value === "receipt" && <ReceiptForm about={about} start={start} />}
            </div>
          )}
        </Show>
        <div class="check-result">
          {run.value === null ? (
            <Explained what={what.value} />
          ) : (
            <Findings progress={run.value.run.progress.value} command={run.value.command} />
          )}
        </div>
      </div>
    </>
  );
}

function Explained({ what }: { readonly what: What }) {
  const words = {
    bill: [
      "It takes some seconds and about twenty steps: Flare's signatures, the statement and its pages, the price book, and what the contract on Flow recorded and charged.",
      "Statements, pages and chains are public, so you can check anybody's bill. The single calls behind a bill are for its owner alone.",
    ],
    bundle: [
      "A bundle is one file with everything that a check of one bill needs. Whoever gets one from you sees what you saw, also without a network.",
      "Nothing in it is believed: a file in which anything was changed is found out by the step that compares it.",
    ],
    receipt: [
      "The answer of every call carries a receipt, signed before the answer ends: what will be billed, and by which epoch.",
      "If a call is missing from the statements or is billed for more, the receipt shows it to anybody.",
    ],
  }[what];
  return (
    <div class="check-explained prose">
      <h2>What happens</h2>
      {words.map((word) => (
        <p key={word} class="soft">
          {word}
        </p>
      ))}
    </div>
  );
}
