/** What is filled in for a check: a bill, a bundle or a receipt, and what the reader trusts. */
import { useSignal, useSignalEffect, type Signal } from "@preact/signals";

import type { Deployment } from "../../../api/operations.ts";
import { Button } from "../../components/Button.tsx";
import { Area, Field } from "../../components/Field.tsx";
import { Form } from "../../components/Form.tsx";
import { chosen } from "../../stores/chosen.ts";
import { session, subscriptions } from "../../stores/server.ts";
import { isPolicyHash, runBill, runBundle, runReceipt, type Run, type Trusted } from "./run.ts";

type Start = (run: Run, command?: string | null) => void;

interface BillFormProps {
  readonly about: Deployment;
  readonly query: URLSearchParams;
  readonly start: Start;
}

export function BillForm({ about, query, start }: BillFormProps) {
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

export function BundleForm({ start }: { readonly start: Start }) {
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

export function ReceiptForm({ about, start }: { readonly about: Deployment; readonly start: Start }) {
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
        hint="Of any reward epoch: from toSigningPolicyHash of Flare's Relay in an explorer. Every policy since then must be signed by the one before. Without a hash, the policy that signed is believed."
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
