import { countText, moneyText } from "../../verify/amounts.ts";
import { ButtonLink } from "../components/Button.tsx";
import { CodeBlock } from "../components/CodeBlock.tsx";
import { Stat, Stats } from "../components/Stat.tsx";
import { Show } from "../components/states.tsx";
import { now } from "../stores/clock.ts";
import { useFresh } from "../stores/fresh.ts";
import { deployment, epochs, plans, priceBook, status } from "../stores/server.ts";
import { firstCall } from "../text/examples.ts";
import { agoText } from "../text/time.ts";
import "./home.css";

const FRESH_MS = 20_000;

export default function Home() {
  return (
    <div class="stack loose">
      <Hero />
      <Now />
      <Way />
    </div>
  );
}

function Hero() {
  return (
    <section class="hero">
      <div class="hero-text">
        <h1>Language models, paid by the token, proven to the last one</h1>
        <p>
          Lock a deposit on Flow, get a key for an OpenAI-compatible endpoint, and pay only for what you use. Every five
          minutes your usage is published, attested by Flare and charged by a contract. Anyone can check the bill, and
          what you do not use stays yours.
        </p>
        <div class="row">
          <ButtonLink kind="primary" size="large" href="#/start">
            Get a key
          </ButtonLink>
          <ButtonLink size="large" href="#/pricing">
            See prices
          </ButtonLink>
        </div>
      </div>
      <Show of={deployment} height={15}>
        {({ models_url: url }) => <CodeBlock label="A first call" examples={firstCall(url, "gpt-4o", "sk-…")} />}
      </Show>
    </section>
  );
}

/** What this deployment does at this moment. */
function Now() {
  useFresh(status, FRESH_MS);
  useFresh(epochs, FRESH_MS);
  return (
    <section class="stack" aria-labelledby="home-now">
      <h2 id="home-now">Right now</h2>
      <Stats>
        <NewestStatement />
        <Settled />
        <Models />
        <Rate />
      </Stats>
    </section>
  );
}

function NewestStatement() {
  status.want();
  const state = status.state.value;
  const sealed = state.name === "ready" ? state.value.pipeline.sealed_to : null;
  return (
    <Stat
      label="Usage published up to"
      value={sealed === null ? "–" : agoText(sealed, now.value)}
      note={state.name === "ready" && state.value.health === "ok" ? "All systems work" : undefined}
    />
  );
}

function Settled() {
  epochs.want();
  const state = epochs.state.value;
  const settled = state.name === "ready" ? state.value.find((epoch) => epoch.state === "SETTLED") : undefined;
  return (
    <Stat
      label="Newest settled statement"
      value={settled === undefined ? "–" : settled.epoch}
      note={settled === undefined ? undefined : `Ended ${agoText(settled.ends_at, now.value)}`}
    />
  );
}

function Models() {
  priceBook.want();
  const state = priceBook.state.value;
  const count = state.name === "ready" ? Object.keys(state.value.models).length : null;
  return (
    <Stat
      label="Models with a price"
      value={count === null ? "–" : countText(count)}
      note={<a href="#/pricing">Compare them</a>}
    />
  );
}

function Rate() {
  plans.want();
  const state = plans.state.value;
  const rate = state.name === "ready" ? state.value.rate : null;
  const symbol = state.name === "ready" ? state.value.token_symbol : "FLOW";
  return (
    <Stat
      label={`1 ${symbol} in dollars`}
      value={rate === null ? "–" : `$${moneyText(rate.rate_ufix64)}`}
      note={rate === null ? state.name === "ready" && "No rate is known now" : `Read ${agoText(rate.read_at, now.value)}`}
    />
  );
}

const WAY = [
  ["Metered", "The gate in front of the models counts each call and signs a receipt, which comes with the answer."],
  ["Sealed", "Every five minutes all usage is sealed into a public statement that never changes."],
  ["Attested", "Flare’s voters each fetch the statement themselves, and sign what they saw."],
  ["Proven", "A contract on Flow checks those signatures, without trusting whoever brings them."],
  ["Charged", "Only attested usage is charged to your deposit. You can take out the rest at any time."],
] as const;

function Way() {
  return (
    <section class="stack" aria-labelledby="home-way">
      <h2 id="home-way">How a call becomes a charge</h2>
      <ol class="home-way">
        {WAY.map(([title, text]) => (
          <li key={title}>
            <h3>{title}</h3>
            <p>{text}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}
