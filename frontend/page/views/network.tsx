import type { Status, System } from "../../api/operations.ts";
import { countText } from "../../verify/amounts.ts";
import { Money } from "../components/Amount.tsx";
import { Badge } from "../components/Badge.tsx";
import { Stat, Stats } from "../components/Stat.tsx";
import { Show, ShowAny } from "../components/states.tsx";
import { ViewHead } from "../components/ViewHead.tsx";
import { books, type Books } from "../stores/books.ts";
import { now } from "../stores/clock.ts";
import { useFresh } from "../stores/fresh.ts";
import { resource } from "../stores/resource.ts";
import { call, priceBook, status, tokenSymbol } from "../stores/server.ts";
import { agoText, durationText } from "../text/time.ts";
import { daysOf, lagsOf } from "./network/days.ts";
import { DayStrip } from "./network/DayStrip.tsx";
import { Lags } from "./network/Lags.tsx";
import { AttestedTotals, LedgerSums, PriceBooks } from "./network/Sums.tsx";
import { SYSTEM_WORDS } from "./network/words.ts";
import "./network.css";

const ASKED_EVERY_MS = 30_000;
const HEALTH = { ok: { tone: "good", word: "Works" }, late: { tone: "warn", word: "Late" }, unknown: { tone: undefined, word: "Not known yet" } } as const;

const log = resource(async () => (await import("../stores/documents.ts")).statementsInLog());
const statistics = resource(() => call("GET /v1/statistics", {}));
const statusDays = resource(() => call("GET /v1/status/days", {}));
const ALL = [status, statusDays, statistics, books, priceBook] as const;

/** Public statistics: what works, what is published, attested and charged, what the contracts hold. */
export default function Network() {
  useFresh(status, ASKED_EVERY_MS);
  useFresh(statistics, ASKED_EVERY_MS);
  useFresh(books, ASKED_EVERY_MS);
  useFresh(log, ASKED_EVERY_MS);
  return (
    <>
      <ViewHead title="Network">
        How FlareFlow is doing, for everybody to see. Totals are read from public statements, and the contracts' books
        from Flow itself.
      </ViewHead>
      <ShowAny of={ALL}>
        <div class="stack loose">
          <section class="stack" aria-labelledby="network-now">
            <h2 id="network-now">Right now</h2>
            <Show of={status} height={22} narrow={68}>
              {(told) => <Systems {...told} />}
            </Show>
          </section>
          <section class="stack" aria-labelledby="network-lag">
            <h2 id="network-lag">How long usage waits for its charge</h2>
            <Show of={statusDays} height={12}>
              {(told) => (
                <div class="card">
                  <Lags days={lagsOf(told, Date.now())} />
                </div>
              )}
            </Show>
          </section>
          <section class="stack" aria-labelledby="network-attested">
            <h2 id="network-attested">Attested by Flare, proven on Flow</h2>
            <Show of={statistics} height={8}>
              {({ attested }) => <AttestedTotals attested={attested} />}
            </Show>
          </section>
          <section class="stack" aria-labelledby="network-books">
            <h2 id="network-books">What the contracts hold</h2>
            <Show of={books} height={8}>
              {(told) => <BooksOf {...told} />}
            </Show>
            <Show of={statistics} height={10}>
              {({ books: sums, books_as_of: asOf }) => sums !== null && <LedgerSums books={sums} asOf={asOf} symbol={tokenSymbol()} />}
            </Show>
          </section>
          <Prices />
        </div>
      </ShowAny>
    </>
  );
}

function Systems({ systems, pipeline }: Status) {
  const lag = Number(pipeline.lag_seconds);
  return (
    <>
      <ul class="systems">
        {systems.map(({ system, health, as_of: at }) => (
          <li key={system} class="card">
            <div class="row apart">
              <h3>{SYSTEM_WORDS[system].title}</h3>
              <Badge tone={HEALTH[health].tone}>{HEALTH[health].word}</Badge>
            </div>
            <p class="soft small">{SYSTEM_WORDS[system].text}</p>
            <Days system={system} />
            <p class="faint small">{at === null ? "It has not answered yet" : `Known up to ${agoText(at, now.value)}`}</p>
          </li>
        ))}
      </ul>
      <Stats>
        <Stat
          label="Published up to"
          value={pipeline.sealed_to === null ? "–" : agoText(pipeline.sealed_to, now.value)}
          note={pipeline.newest_statement === null ? undefined : <a href={`#/epochs/${pipeline.newest_statement}`}>Epoch {pipeline.newest_statement}</a>}
        />
        <Stat label="On the way to a charge" value={countText(pipeline.unsettled)} note={Number(pipeline.unsettled) === 1 ? "Statement" : "Statements"} />
        <Stat label="The oldest waits for" value={lag === 0 ? "–" : durationText(lag)} note={pipeline.oldest_unsettled === null ? "None waits" : `Epoch ${pipeline.oldest_unsettled}`} />
        <InLog />
      </Stats>
    </>
  );
}

function Days({ system }: { readonly system: System }) {
  statusDays.want();
  const state = statusDays.state.value;
  return <DayStrip days={state.name === "ready" ? daysOf(state.value, system, Date.now()) : []} />;
}

function InLog() {
  log.want();
  const state = log.state.value;
  const size = state.name === "ready" ? state.value : null;
  return (
    <Stat
      label="Statements in the log"
      value={size === null ? "–" : countText(size)}
      note={<a href="/v1/log/checkpoint">Its signed checkpoint</a>}
    />
  );
}

function BooksOf({ held, balances, unclaimedRevenue, subscriptionsOpened, policy }: Books) {
  const unit = tokenSymbol();
  return (
    <>
      <Stats>
        <Stat label="In custody" value={<Money ufix64={held} unit={unit} />} note="In one vault on Flow" />
        <Stat label="Deposits of customers" value={<Money ufix64={balances} unit={unit} />} note="They can take it out" />
        <Stat label="Charged, not paid out" value={<Money ufix64={unclaimedRevenue} unit={unit} />} note="The operator's, after a delay" />
        <Stat label="Subscriptions ever opened" value={countText(subscriptionsOpened)} />
      </Stats>
      <p class="soft small">
        Flare's voters, as the light client on Flow knows them: {countText(policy.voters)} in reward epoch{" "}
        {policy.latestRewardEpoch}. A root counts when they sign it with more weight than {countText(policy.threshold)}.
      </p>
    </>
  );
}

function Prices() {
  return (
    <section class="stack" aria-labelledby="network-prices">
      <h2 id="network-prices">Prices</h2>
      <Show of={priceBook} height={8}>
        {({ version, title, models }) => (
          <div class="card stack tight">
            <div class="row apart">
              <h3>Price book, version {version}</h3>
              <a href="#/pricing">See every price</a>
            </div>
            <p class="soft small">{title}</p>
            <p class="small">
              {countText(Object.keys(models).length)} models have a price of their own.
            </p>
            <BooksInForce />
          </div>
        )}
      </Show>
    </section>
  );
}

function BooksInForce() {
  const state = statistics.state.value;
  return state.name === "ready" ? <PriceBooks books={state.value.price_books} /> : null;
}
