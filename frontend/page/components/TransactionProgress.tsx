/** Where a signed transaction is, and how it ended. */
import type { Failure } from "../../flow/failures.ts";
import type { Progress } from "../../flow/sending.ts";
import type { OwnerTransaction } from "../../flow/transactions.ts";
import { decimalText } from "../../verify/amounts.ts";
import { deployment } from "../stores/server.ts";
import { explorerLink } from "../text/explorers.ts";
import { Button } from "./Button.tsx";
import { Copyable } from "./Copyable.tsx";
import { Icon } from "./Icon.tsx";
import { Notice } from "./states.tsx";
import { Steps, type Step } from "./Steps.tsx";

type RunningProgress = Exclude<Progress, { step: "failed" } | { step: "unknown" }>;

/** It is being signed, on its way, or sealed. */
export function Running(props: { readonly transaction: OwnerTransaction; readonly now: RunningProgress; readonly onClose: () => void }) {
  const { transaction, now, onClose } = props;
  const isDone = now.step === "sealed";
  return (
    <div class="transaction-running" aria-live="polite">
      <Steps steps={stepsOf(now)} />
      {"id" in now && <Id id={now.id} />}
      {now.step === "sealed" && (
        <Notice tone="good">
          {transaction.done}
          {now.fee !== null && ` The network fee was ${decimalText(now.fee, 8)} FLOW.`}
        </Notice>
      )}
      <div class="transaction-actions">
        <Button kind={isDone ? "primary" : "quiet"} onClick={onClose} disabled={now.step === "wallet"}>
          {isDone ? "Done" : "Continue in the background"}
        </Button>
      </div>
    </div>
  );
}

function stepsOf(now: RunningProgress): readonly Step[] {
  const reached = { wallet: 0, sent: 1, in_block: 2, sealed: 4 }[now.step];
  const titles = [
    ["Approve it in your wallet", "The wallet shows what you sign."],
    ["Sent to Flow", "Flow puts it into a block."],
    ["Executed in a block", "Flow's other nodes check the block."],
    ["Sealed", "It can no longer be undone."],
  ] as const;
  return titles.map(([title, content], index) => ({
    title,
    content: index === reached ? <p class="soft small">{content}</p> : undefined,
    state: index < reached ? "done" : index === reached ? "current" : "waiting",
  }));
}

interface NotSealedProps {
  readonly tone: "bad" | "warn";
  readonly failure: Failure;
  readonly id: string | null;
  /** What there is to do about it. */
  readonly again: string;
  readonly onAgain: () => void;
  readonly onClose: () => void;
}

/** It failed, or what became of it is not known. */
export function NotSealed({ tone, failure, id, again, onAgain, onClose }: NotSealedProps) {
  return (
    <>
      <Told tone={tone} failure={failure} />
      {id !== null && <Id id={id} />}
      <div class="transaction-actions">
        <Button kind="quiet" onClick={onClose}>
          Back
        </Button>
        <Button kind="primary" icon="refresh" onClick={onAgain}>
          {again}
        </Button>
      </div>
    </>
  );
}

function Told({ tone, failure }: { readonly tone: "bad" | "warn"; readonly failure: Failure }) {
  return (
    <Notice tone={tone}>
      <strong>{failure.title}.</strong> {failure.detail}
      <br />
      {failure.whatToDo}
      {failure.said !== null && (
        <details class="transaction-said">
          <summary>Technical details</summary>
          <code>{failure.said}</code>
        </details>
      )}
    </Notice>
  );
}

/** The id of a transaction, with a link to where an explorer shows it. */
function Id({ id }: { readonly id: string }) {
  const state = deployment.state.value;
  const template = state.name === "ready" ? state.value.flow.explorer?.transaction : undefined;
  const link = explorerLink(template, { transaction: id });
  return (
    <p class="transaction-id">
      <span class="soft small">Transaction</span>
      <Copyable text={id} label="Transaction" />
      {link !== null && (
        <a href={link} target="_blank" rel="noreferrer">
          Explorer <Icon name="external" size={16} />
        </a>
      )}
    </p>
  );
}
