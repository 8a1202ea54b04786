import { useSignal, useSignalEffect, type Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import type { Deployment } from "../../api/operations.ts";
import { Button } from "../components/Button.tsx";
import { Choices } from "../components/Choices.tsx";
import { Area, Field } from "../components/Field.tsx";
import { Form } from "../components/Form.tsx";
import { Show } from "../components/states.tsx";
import { ViewHead } from "../components/ViewHead.tsx";
import type { ViewProps } from "../router/routes.ts";
import { chosen } from "../stores/chosen.ts";
import { deployment, session, subscriptions } from "../stores/server.ts";
import { Findings } from "./check/Findings.tsx";
import { isPolicyHash, runBill, runBundle, runReceipt, type Run, type Trusted } from "./check/run.ts";
import "./check.css";

type What = "bill" | "bundle" | "receipt";

const WHAT: readonly { readonly value: What; readonly label: string }[] = [
  { value: "bill", label: "A bill" },
  { value: "bundle", label: "A bundle" },
  { value: "receipt", label: "A receipt" },
];

/** Check a bill, a bundle or a receipt, in this browser and from public sources. */
export default function Check({ query }: ViewProps) {
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

type Start = (run: Run, command?: string | null) => void;

interface BillFormProps {
  readonly about: Deployment;
  readonly query: URLSearchParams;
  readonly start: Start;
}

function BillForm({ about, query, start }: BillFormProps) {
  const subscription = useSignal(query.get("subscription") ?? chosen.value?.subscription.subscription_id ?? "");
  const epoch = useSignal(query.get("epoch") ?? "");
  const withCalls = useSignal(true);
  useSignalEffect(() => {
    const own = chosen.value?.subscription.subscription_id;
    if (subscription.peek() === "" && own !== undefined) subscription.value = own;
  });
  const trusted = useTrusted();
  const id = subscription.value.trim();
  const isOwner = ownIds().includes(id);
  const idError = id === "" || /^\d{1,19}$/.test(id) ? null : "A subscription has a number, such as 7.";
  const epochText = epoch.value.replace(/[\s,]/g, "");
  const epochError = /^\d{0,10}$/.test(epochText) ? null : "An epoch has a number of at most ten digits.";
  const isReady = id !== "" && idError === null && epochError === null && isPolicyOk(trusted.policyHash.value);
  const begin = () => {
    const bill = {
      subscriptionId: BigInt(id),
      epoch: epochText === "" ? null : BigInt(epochText),
      withCalls: isOwner && withCalls.value,
      trusted: valuesOf(trusted),
    };
    start(runBill(bill, about), commandOf(about, id, epochText, valuesOf(trusted)));
  };
  return (
    <Form onSubmit={begin}>
      <Field
        label="Subscription"
        inputMode="numeric"
        value={subscription.value}
        error={idError}
        hint={isOwner ? "One of yours." : "Any subscription: bills are public, single calls are not."}
        onInput={(text) => (subscription.value = text)}
      />
      <Field
        label="Epoch"
        inputMode="numeric"
        placeholder="The last one that was charged"
        value={epoch.value}
        error={epochError}
        hint={<a href="#/epochs">All epochs</a>}
        onInput={(text) => (epoch.value = text)}
      />
      {isOwner && (
        <label class="check-option">
          <input type="checkbox" checked={withCalls.value} onChange={(event) => (withCalls.value = event.currentTarget.checked)} />
          With my single calls, which only I can read
        </label>
      )}
      <TrustFields trusted={trusted} />
      <Button kind="primary" type="submit" disabled={!isReady}>
        Check this bill
      </Button>
    </Form>
  );
}

function BundleForm({ start }: { readonly start: Start }) {
  const text = useSignal("");
  const trusted = useTrusted();
  const command = "flareflow verify --offline bundle.json";
  const open = async (file: File | undefined) => {
    if (file) text.value = await file.text();
  };
  const isReady = text.value.trim() !== "" && isPolicyOk(trusted.policyHash.value);
  return (
    <Form onSubmit={() => start(runBundle(text.value, valuesOf(trusted)), command)}>
      <Area label="Bundle" text={text} rows={6} isCode hint="The text that flareflow bundle writes, or that this page lets you download." />
      <label class="check-file">
        <span class="field-label">Or open a file</span>
        <input type="file" accept="application/json,.json" onChange={(event) => void open(event.currentTarget.files?.[0])} />
      </label>
      <TrustFields trusted={trusted} />
      <Button kind="primary" type="submit" disabled={!isReady}>
        Check this bundle
      </Button>
    </Form>
  );
}

function ReceiptForm({ about, start }: { readonly about: Deployment; readonly start: Start }) {
  const text = useSignal("");
  const id = chosen.value?.subscription.subscription_id ?? null;
  const hint =
    id === null
      ? "Its signature is checked. Sign in to compare it with the call as it was billed."
      : `It is compared with the calls of your subscription ${id} too.`;
  const begin = () => start(runReceipt(text.value, id === null ? null : BigInt(id), about));
  return (
    <Form onSubmit={begin}>
      <Area label="Receipt" text={text} rows={6} isCode hint={`The header x-flareflow-receipt of an answer. ${hint}`} />
      <Button kind="primary" type="submit" disabled={text.value.trim() === ""}>
        Check this receipt
      </Button>
    </Form>
  );
}

type TrustedFields = { readonly [K in keyof Trusted]: Signal<string> };

function useTrusted(): TrustedFields {
  return { policyHash: useSignal(""), logPolicy: useSignal("") };
}

function valuesOf({ policyHash, logPolicy }: TrustedFields): Trusted {
  return { policyHash: policyHash.value.trim(), logPolicy: logPolicy.value };
}

/** What readers may bring of their own, folded away. */
function TrustFields({ trusted: { policyHash, logPolicy } }: { readonly trusted: TrustedFields }) {
  return (
    <details class="check-more">
      <summary>What you trust already</summary>
      <Field
        label="Hash of a signing policy"
        placeholder="0x…"
        value={policyHash.value}
        error={isPolicyOk(policyHash.value) ? null : "A hash is 0x and 64 hex digits."}
        hint="From toSigningPolicyHash of Flare's Relay in an explorer. Without it, the policy that signed is believed."
        onInput={(text) => (policyHash.value = text)}
      />
      <Area
        label="Witnesses of the log"
        text={logPolicy}
        rows={6}
        isCode
        hint="A policy in the form of c2sp.org/tlog-policy. With it, the log of statements must have its quorum."
      />
    </details>
  );
}

function Explained({ what }: { readonly what: What }) {
  const words = {
    bill: [
      "It takes some seconds and twenty steps: Flare's signatures, the statement and its pages, the price book, and what the contract on Flow recorded and charged.",
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

function ownIds(): readonly string[] {
  const state = subscriptions.state.value;
  if (session.address.value === null || state.name !== "ready") return [];
  return state.value.map(({ subscription }) => subscription.subscription_id);
}

function isPolicyOk(text: string): boolean {
  return text.trim() === "" || isPolicyHash(text.trim());
}

function commandOf({ flow, flare }: Deployment, id: string, epoch: string, trusted: Trusted): string {
  const options = [
    ...(epoch === "" ? [] : [`--epoch ${epoch}`]),
    `--host ${location.origin}`,
    `--flow ${flow.access_node}`,
    `--flare ${flare.rpc}`,
    ...(trusted.policyHash === "" ? [] : [`--trusted-policy ${trusted.policyHash}`]),
    ...(trusted.logPolicy.trim() === "" ? [] : ["--policy witnesses.txt"]),
  ];
  return [`flareflow verify ${id}`, ...options].join(" \\\n  ");
}
