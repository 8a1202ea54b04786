/** An owner's transaction: what it does and costs before it is signed, where it is, and how it ended. */
import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { TRANSACTIONS } from "../../flow/code.ts";
import { followTransaction, sendTransaction, type Progress, type Sender } from "../../flow/sending.ts";
import { FEE_MAX, FEE_USUAL, type OwnerTransaction } from "../../flow/transactions.ts";
import { decimalText, moneyText } from "../../verify/amounts.ts";
import { onFlow } from "../stores/flow.ts";
import { deployment, session } from "../stores/server.ts";
import { say } from "../stores/toasts.ts";
import { Button } from "./Button.tsx";
import { Notice, Show, Skeleton } from "./states.tsx";
import { NotSealed, Running } from "./TransactionProgress.tsx";
import "./transaction.css";

interface TransactionProps {
  readonly transaction: OwnerTransaction;
  /** It is sealed. */
  readonly onSealed?: () => void;
  /** The person is done with it, or does not want it. */
  readonly onClose: () => void;
  /** Whether its title is a heading here; not where one above it says the same. */
  readonly isTitled?: boolean;
}

/** It is part of a view and no modal dialog, because a modal dialog would cover the wallet. */
export function Transaction(props: TransactionProps) {
  const { transaction, isTitled = true } = props;
  const whole = useRef<HTMLDivElement>(null);
  useEffect(() => whole.current?.focus(), []);
  return (
    <div ref={whole} class="transaction" tabIndex={-1} role={isTitled ? "region" : "group"} aria-label={transaction.title}>
      {isTitled && <h3>{transaction.title}</h3>}
      <Show of={deployment} height={12}>
        {({ flow }) => <OnFlow {...props} flow={flow} />}
      </Show>
    </div>
  );
}

type Flow = Sender["flow"];

function OnFlow({ transaction, flow, onSealed, onClose }: TransactionProps & { readonly flow: Flow }) {
  const progress = useSignal<Progress | null>(null);
  const { wallet, chain } = onFlow(flow);
  const signer = session.address.value ?? "";
  const sender: Sender = { flow, wallet, chain, signer, pause: (ms) => new Promise((done) => setTimeout(done, ms)) };
  const isShown = useRef(true);
  const isRead = useRef(false);
  useEffect(
    () => () => {
      isShown.current = false;
      // What it did may take away the view that tells of it.
      if (progress.peek()?.step === "sealed" && !isRead.current) say("good", transaction.done);
    },
    [],
  );
  const close = () => {
    isRead.current = true;
    onClose();
  };
  const ended = (last: Progress) => {
    if (last.step === "sealed") onSealed?.();
    if (isShown.current) return;
    if (last.step === "sealed") say("good", transaction.done);
    else if (last.step === "failed" || last.step === "unknown") say("bad", `${transaction.title}: ${last.failure.title}.`);
  };
  const keep = (next: Progress) => void (progress.value = next);
  const sign = async () => ended(await sendTransaction(sender, transaction, TRANSACTIONS[transaction.name], keep));
  const follow = async (id: string) => ended(await followTransaction(sender, id, keep));
  const { value: now } = progress;
  if (now === null) {
    return <Before transaction={transaction} flow={flow} signer={signer} onSign={() => void sign()} onClose={onClose} />;
  }
  if (now.step === "failed") return <NotSealed {...now} tone="bad" again="Try again" onAgain={() => void sign()} onClose={onClose} />;
  if (now.step === "unknown") return <NotSealed {...now} tone="warn" again="Look again" onAgain={() => void follow(now.id)} onClose={onClose} />;
  return <Running transaction={transaction} now={now} onClose={close} />;
}

interface BeforeProps {
  readonly transaction: OwnerTransaction;
  readonly flow: Flow;
  readonly signer: string;
  readonly onSign: () => void;
  readonly onClose: () => void;
}

function Before({ transaction, flow, signer, onSign, onClose }: BeforeProps) {
  const owned = useSignal<bigint | null | "unknown">(null);
  useEffect(() => {
    onFlow(flow).chain.balance(signer).then(
      (balance) => (owned.value = balance ?? "unknown"),
      () => (owned.value = "unknown"),
    );
  }, [signer]);
  const isFlow = flow.token.contract === "FlowToken";
  const needed = FEE_MAX + (isFlow ? transaction.takes : 0n);
  const isShort = typeof owned.value === "bigint" && owned.value < needed;
  return (
    <>
      <p>{transaction.does}</p>
      <dl class="transaction-costs">
        <dt>What it costs</dt>
        <dd>{transaction.costs}</dd>
        <dt>Network fee</dt>
        <dd>At most about {decimalText(FEE_USUAL, 8)} FLOW, taken by Flow. Some wallets pay it for you.</dd>
        <dt>In your wallet</dt>
        <dd>
          <Owned owned={owned} />
        </dd>
      </dl>
      {isShort && (
        <Notice tone="warn">
          Your wallet holds less than the {decimalText(needed, 8)} FLOW that an account must own to send this and to pay the
          largest fee that it may have. Put more FLOW into it first.
        </Notice>
      )}
      <div class="transaction-actions">
        <Button kind="quiet" onClick={onClose}>
          Back
        </Button>
        <Button kind="primary" icon="wallet" disabled={isShort && transaction.takes > 0n} onClick={onSign}>
          Sign in your wallet
        </Button>
      </div>
    </>
  );
}

function Owned({ owned }: { readonly owned: Signal<bigint | null | "unknown"> }) {
  if (owned.value === null) return <Skeleton height={1.4} />;
  if (owned.value === "unknown") return <>Flow did not tell. Your wallet shows it.</>;
  return <span class="numbers">{moneyText(owned.value)} FLOW</span>;
}
