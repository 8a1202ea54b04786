import type { ComponentChildren } from "preact";

import type { Deployment } from "../../api/operations.ts";
import { countText, moneyText } from "../../verify/amounts.ts";
import { ButtonLink } from "../components/Button.tsx";
import { Later } from "../components/Later.tsx";
import { Stat, Stats } from "../components/Stat.tsx";
import { Show } from "../components/states.tsx";
import { ViewHead } from "../components/ViewHead.tsx";
import { books, type Books } from "../stores/books.ts";
import { deployment, epochs, plans } from "../stores/server.ts";
import { NETWORKS } from "../text/networks.ts";
import { durationText } from "../text/time.ts";
import { Contracts } from "./how/Contracts.tsx";
import { Guides } from "./how/Guides.tsx";
import "./how.css";

/** What others have written, for whoever wants to know how Flare and Flow do their part. */
const DOCUMENTS = [
  { name: "Flare Data Connector", text: "How voters attest to data from outside", href: "https://dev.flare.network/fdc/overview" },
  { name: "Web2Json", text: "The kind of request that fetches a statement", href: "https://dev.flare.network/fdc/attestation-types/web2-json" },
  { name: "Weights and signing", text: "Who may sign, and with what weight", href: "https://dev.flare.network/network/fsp/weights-and-signing" },
  { name: "Flow", text: "The chain that holds the deposits", href: "https://developers.flow.com" },
  { name: "Cadence", text: "The language of the contracts", href: "https://cadence-lang.org/docs" },
] as const;

/** The whole story in this deployment's own terms. */
export default function How() {
  return (
    <>
      <ViewHead title="How it works" action={<ButtonLink href="#/check">Check a bill yourself</ButtonLink>}>
        You pay for models by the token, from a deposit that only you can take back. What is charged was attested by Flare
        and proven on Flow, so you do not have to trust the operator's own count.
      </ViewHead>
      <Show of={deployment} height={90}>
        {(about) => <Story about={about} />}
      </Show>
    </>
  );
}

function Story({ about }: { readonly about: Deployment }) {
  return (
    <div class="stack loose">
      <FiveSteps about={about} />
      <Later>
        <section class="stack" aria-labelledby="how-guides">
          <h2 id="how-guides">Guides</h2>
          <Guides about={about} />
        </section>
        <section class="stack" aria-labelledby="how-notices">
          <h2 id="how-notices">What cannot change overnight</h2>
          <p class="soft prose">The contracts fix each of these times. They are read from the chain while you look at them.</p>
          <Show of={books} height={8}>
            {(told) => <Notices {...told} />}
          </Show>
        </section>
        <section class="stack" aria-labelledby="how-contracts">
          <h2 id="how-contracts">The contracts</h2>
          <Contracts {...about} />
        </section>
        <section class="stack" aria-labelledby="how-documents">
          <h2 id="how-documents">Flare's and Flow's own documents</h2>
          <ul class="how-documents">
            {DOCUMENTS.map(({ name, text, href }) => (
              <li key={name}>
                <a href={href}>{name}</a>
                <p>{text}</p>
              </li>
            ))}
          </ul>
        </section>
      </Later>
    </div>
  );
}

function FiveSteps({ about }: { readonly about: Deployment }) {
  const { flow, flare, models_url: url, statements_url: statements, epoch_seconds: seconds } = about;
  const every = durationText(Number(seconds));
  return (
    <ol class="how-steps">
      <Step title="You lock a deposit">
        You open a subscription with a Flow wallet<MinimumDeposit symbol={flow.token.symbol} />. The deposit lies in a
        contract. The operator can take only what was charged, and you can take out the rest without asking anybody.
      </Step>
      <Step title="You call models">
        Your key works at <code>{url}</code> with any client of OpenAI's API and every model of the{" "}
        <a href="#/pricing">price book</a>. The gate in front of the models counts each call and signs a receipt for it.
      </Step>
      <Step title="Usage is sealed">
        Every {every} all usage is sealed into a public statement, each with the hash of the one before
        <NewestStatement />. It says what every subscription has used so far, and names nobody.
      </Step>
      <Step title="Flare attests it">
        Independent voters of {NETWORKS[flare.network]} fetch the statement at <code>{statements}…</code> by themselves, and
        sign what they saw<Voters />.
      </Step>
      <Step title="Flow charges what was attested">
        A contract on {NETWORKS[flow.network]} checks the signatures and charges the price of the attested total, less what
        you have paid. What Flare did not attest cannot be charged. <a href="#/check">Check it yourself.</a>
      </Step>
    </ol>
  );
}

function Step({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <li>
      <h2>{title}</h2>
      <p>{children}</p>
    </li>
  );
}

/** The room for a part of a sentence that is being loaded: about what it will say, and not to be seen. */
function Awaited({ by, children }: { readonly by: { readonly name: string }; readonly children: ComponentChildren }) {
  return by.name === "failed" ? null : (
    <span class="how-awaited" aria-hidden="true">
      {children}
    </span>
  );
}

function MinimumDeposit({ symbol }: { readonly symbol: string }) {
  plans.want();
  const state = plans.state.value;
  if (state.name !== "ready") return <Awaited by={state}> and at least 10.00 {symbol}</Awaited>;
  const least = state.value.plans.filter(({ is_retired: gone }) => !gone).map((plan) => BigInt(plan.minimum_deposit_ufix64));
  if (least.length === 0) return null;
  const lowest = least.reduce((one, other) => (other < one ? other : one));
  return (
    <>
      {" "}
      and at least {moneyText(lowest)} {symbol}
    </>
  );
}

function NewestStatement() {
  epochs.want();
  const state = epochs.state.value;
  if (state.name !== "ready") return <Awaited by={state}>; the newest is that of epoch 100000000</Awaited>;
  const [newest] = state.value;
  if (newest === undefined) return null;
  return (
    <>
      ; the newest is that of <a href={`#/epochs/${newest.epoch}`}>epoch {newest.epoch}</a>
    </>
  );
}

function Voters() {
  books.want();
  const state = books.state.value;
  if (state.name !== "ready") {
    return <Awaited by={state}>. There are 100 voters in the signing policy of reward epoch 1000000</Awaited>;
  }
  const { voters, latestRewardEpoch } = state.value.policy;
  return (
    <>
      . There are {countText(voters)} voters in the signing policy of reward epoch {latestRewardEpoch}
    </>
  );
}

function Notices({ exitNoticeSeconds, planNoticeSeconds, triggerNoticeSeconds, revenueDelaySeconds }: Books) {
  const after = (seconds: number) => (seconds === 0 ? "At once" : durationText(seconds));
  return (
    <Stats>
      <Stat label="Leaving takes" value={after(exitNoticeSeconds)} note="From your request to your money" />
      <Stat label="New prices take effect after" value={after(planNoticeSeconds)} note="For you, only if you accept them" />
      <Stat label="A new source takes effect after" value={after(triggerNoticeSeconds)} note="The address that Flare is asked to fetch" />
      <Stat label="A charge is held back for" value={after(revenueDelaySeconds)} note="So long it can be returned to you" />
    </Stats>
  );
}
