import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";

import type { Deployment, Plan, Plans, Subscription } from "../../../api/operations.ts";
import { openSubscription, type OwnerTransaction } from "../../../flow/transactions.ts";
import { Button, ButtonLink } from "../../components/Button.tsx";
import { Copyable } from "../../components/Copyable.tsx";
import { Notice, Show } from "../../components/states.tsx";
import { Steps, type Step } from "../../components/Steps.tsx";
import { Transaction } from "../../components/Transaction.tsx";
import { ViewHead } from "../../components/ViewHead.tsx";
import { readAgainSoon, unlistedOf, type Unlisted } from "../../stores/flow.ts";
import { choose as chooseSubscription } from "../../stores/chosen.ts";
import { useFresh } from "../../stores/fresh.ts";
import { freshKeys } from "../../stores/fresh-keys.ts";
import { resource, type Loaded } from "../../stores/resource.ts";
import { deployment, plans, session, subscriptions } from "../../stores/server.ts";
import { plansOnOffer } from "../../text/tariff.ts";
import { ChoosePlan } from "./ChoosePlan.tsx";
import { Connect } from "./Connect.tsx";
import { FirstKey } from "./FirstKey.tsx";
import { UseIt } from "./UseIt.tsx";
import { Waiting } from "./Waiting.tsx";
import "./start.css";

export default function Start() {
  return (
    <>
      <ViewHead title="Get a key">
        Connect a wallet, put down a deposit, and call a model. Your Flow account is your account here: there is no
        password and no e-mail address.
      </ViewHead>
      <Show of={deployment} height={40}>
        {(described) => <Show of={plans} height={40}>{(offer) => <Way deployment={described} offer={offer} />}</Show>}
      </Show>
    </>
  );
}

interface WayProps {
  readonly deployment: Deployment;
  readonly offer: Plans;
}

function Way(props: WayProps) {
  if (session.address.value === null) return <Steps level={2} steps={[connectStep(props, null), ...WAITING]} />;
  return (
    <Show of={subscriptions} height={40}>
      {(owned) => <SignedIn {...props} address={session.address.value ?? ""} owned={owned} />}
    </Show>
  );
}

const WAITING: readonly Step[] = [
  { title: "Choose a plan and a deposit", state: "waiting" },
  { title: "Open the subscription", state: "waiting" },
  { title: "Get your key", state: "waiting" },
  { title: "Call a model", state: "waiting" },
];

function connectStep({ deployment: { flow } }: WayProps, address: string | null): Step {
  if (address === null) return { title: "Connect your wallet", state: "current", content: <Connect flow={flow} /> };
  const content = <Copyable text={address} label="Your address" />;
  return { title: "Connect your wallet", state: "done", content };
}

/** How often a new subscription or a first plan is asked for, and all of them otherwise. */
const ASK_MS = 5_000;
const SELDOM_MS = 60_000;

interface SignedInProps extends WayProps {
  readonly address: string;
  readonly owned: readonly Subscription[];
}

function SignedIn(props: SignedInProps) {
  const { offer, owned, address, deployment: { flow } } = props;
  const chosen = useSignal<OwnerTransaction | null>(null);
  /** The subscriptions that there were before this one was opened. */
  const before = useSignal<ReadonlySet<string> | null>(null);
  const wantsAnother = useSignal(false);
  const hasKeysOf = useSignal<string | null>(null);
  const usable = owned.find(({ subscription }) => isOpen(subscription) && !before.value?.has(subscription.subscription_id));
  const unlisted = useMemo(() => resource(() => unlistedOf(flow, address)), [flow, address]);
  useEffect(unlisted.want, [unlisted]);
  const isBeingRead = usable === undefined && !wantsAnother.value && (before.value !== null || isNewOf(unlisted.state.value, owned));
  const isChoosing = !isBeingRead && before.value === null && (usable === undefined || wantsAnother.value);
  const newId = before.value === null ? undefined : usable?.subscription.subscription_id;
  useEffect(() => {
    if (newId !== undefined) chooseSubscription(newId);
  }, [newId]);
  useFresh(subscriptions, isBeingRead ? ASK_MS : SELDOM_MS);
  const offered = plansOnOffer(offer.plans, Date.now());
  useFresh(plans, offered.length === 0 ? ASK_MS : SELDOM_MS);

  const opened = () => {
    before.value = new Set(owned.map(({ subscription }) => subscription.subscription_id));
    wantsAnother.value = false;
    readAgainSoon();
  };
  const openAnother = () => {
    before.value = chosen.value = null;
    wantsAnother.value = true;
  };
  const choose = (plan: Plan, deposit: bigint) => {
    const version = { planId: plan.plan_id, planVersion: plan.plan_version };
    chosen.value = openSubscription(version, deposit, offer.token_symbol);
  };
  const steps = isChoosing
    ? choosing(props, offered, chosen.value, choose, () => (chosen.value = null), opened)
    : [
        { title: "Choose a plan and a deposit", state: "done" as const },
        openedStep(usable, openAnother),
      ];
  const all = [connectStep(props, address), ...steps, ...keySteps(props, isChoosing, usable, hasKeysOf)];
  return (
    <div class="stack">
      {isChoosing && <ToClaim unlisted={unlisted.state.value} />}
      <Steps level={2} steps={all} />
    </div>
  );
}

/** Whether the account owns a subscription on Flow that the server has not read yet. */
function isNewOf(unlisted: Loaded<Unlisted>, owned: readonly Subscription[]): boolean {
  const known = new Set(owned.map(({ subscription }) => subscription.subscription_id));
  return unlisted.name === "ready" && unlisted.value.coming.some((id) => !known.has(id));
}

/** What somebody is told to whose account subscriptions were moved. */
function ToClaim({ unlisted }: { readonly unlisted: Loaded<Unlisted> }) {
  if (unlisted.name !== "ready" || unlisted.value.unclaimed.length === 0) return null;
  const { length: count } = unlisted.value.unclaimed;
  const action = (
    <ButtonLink size="small" href="#/account">
      Claim {count === 1 ? "it" : "them"}
    </ButtonLink>
  );
  return (
    <Notice tone="info" action={action}>
      {count === 1 ? "A subscription was" : `${count} subscriptions were`} moved into your account, and another owner is still
      recorded. Claim {count === 1 ? "it" : "them"} in your account, or open a new one here.
    </Notice>
  );
}

function isOpen({ status, has_ended }: Subscription["subscription"]): boolean {
  return status !== "closed" && !has_ended;
}

function choosing(
  { offer, address, deployment: { flow } }: SignedInProps,
  offered: readonly Plan[],
  transaction: OwnerTransaction | null,
  choose: (plan: Plan, deposit: bigint) => void,
  onBack: () => void,
  onOpened: () => void,
): readonly Step[] {
  if (transaction === null) {
    const content = <ChoosePlan flow={flow} address={address} offer={offer} plans={offered} onChosen={choose} />;
    return [{ title: "Choose a plan and a deposit", state: "current", content }, WAITING[1]!];
  }
  const content = (
    <div class="start-transaction">
      <Transaction transaction={transaction} onSealed={onOpened} onClose={onBack} />
    </div>
  );
  return [
    { title: "Choose a plan and a deposit", state: "done" },
    { title: "Open the subscription", state: "current", content },
  ];
}

function openedStep(usable: Subscription | undefined, onAnother: () => void): Step {
  const title = "Open the subscription";
  if (usable === undefined) {
    const content = (
      <>
        <Waiting>
          Your subscription is open on Flow. FlareFlow reads it from there, and then the next step follows by itself.
        </Waiting>
        <div class="row">
          <Button size="small" onClick={onAnother}>
            Open another
          </Button>
        </div>
      </>
    );
    return { title, state: "current", content };
  }
  const content = (
    <p class="row soft">
      Subscription {usable.subscription.subscription_id} is open.
      <Button kind="quiet" size="small" onClick={onAnother}>
        Open another
      </Button>
    </p>
  );
  return { title, state: "done", content };
}

function keySteps(
  { deployment: described }: WayProps,
  isChoosing: boolean,
  usable: Subscription | undefined,
  hasKeysOf: Signal<string | null>,
): readonly Step[] {
  if (isChoosing || usable === undefined) return WAITING.slice(2);
  const { subscription_id: id } = usable.subscription;
  const hasKey = hasKeysOf.value === id || freshKeys.value.some((key) => key.subscription_id === id);
  const content = <FirstKey key={id} subscriptionId={id} onHasKeys={() => (hasKeysOf.value = id)} />;
  return [
    { title: "Get your key", state: hasKey ? "done" : "current", content },
    hasKey
      ? { title: "Call a model", state: "current", content: <UseIt subscriptionId={id} modelsUrl={described.models_url} /> }
      : WAITING[3]!,
  ];
}
