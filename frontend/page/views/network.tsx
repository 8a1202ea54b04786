import { useEffect, useMemo } from "preact/hooks";

import type { Epoch, Status } from "../../api/operations.ts";
import { hex0x } from "../../verify/bytes.ts";
import type { Statement } from "../../verify/documents.ts";
import { Money, Tokens } from "../components/Amount.tsx";
import { Badge } from "../components/Badge.tsx";
import { Copyable } from "../components/Copyable.tsx";
import { Stat, Stats } from "../components/Stat.tsx";
import { Empty, Show } from "../components/states.tsx";
import { ViewHead } from "../components/ViewHead.tsx";
import { books, type Books } from "../stores/books.ts";
import { now } from "../stores/clock.ts";
import { statementsInLog, statementWithPrevious } from "../stores/documents.ts";
import { resource } from "../stores/resource.ts";
import { deployment, epochs, priceBook, status } from "../stores/server.ts";
import { countText } from "../text/amounts.ts";
import { agoText, durationText } from "../text/time.ts";
import { stagesDone } from "./epochs/way.ts";
import { SYSTEM_WORDS } from "./network/words.ts";
import "./network.css";

const ASKED_EVERY_MS = 30_000;
const PROVEN_STAGES = 6;
const HEALTH = { ok: { tone: "good", word: "Works" }, late: { tone: "warn", word: "Late" }, unknown: { tone: undefined, word: "Not known yet" } } as const;

const log = resource(statementsInLog);

/** Public statistics: what works, what is published, attested and charged, what the contracts hold. */
export default function Network() {
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.hidden) return;
      for (const one of [status, epochs, books, log]) void one.reload();
    }, ASKED_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <>
      <ViewHead title="Network">
        How FlareFlow is doing, for everybody to see. Totals are read from public statements, and the contracts' books
        from Flow itself.
      </ViewHead>
      <div class="stack loose">
        <section class="stack" aria-labelledby="network-now">
          <h2 id="network-now">Right now</h2>
          <Show of={status} height={22}>
            {(told) => <Systems {...told} />}
          </Show>
        </section>
        <Attested />
        <section class="stack" aria-labelledby="network-books">
          <h2 id="network-books">What the contracts hold</h2>
          <Show of={books} height={8}>
            {(told) => <BooksOf {...told} />}
          </Show>
        </section>
        <Prices />
      </div>
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
            <p class="faint small">{at === null ? "It has not answered yet" : `Known up to ${agoText(at, now.value)}`}</p>
          </li>
        ))}
      </ul>
      <Stats>
        <Stat
          label="Published up to"
          value={pipeline.sealed_to === null ? "–" : agoText(pipeline.sealed_to, now.value)}
          note={pipeline.newest_statement === null ? undefined : <a href={`#/epochs/${pipeline.newest_statement}`}>Epoch {countText(pipeline.newest_statement)}</a>}
        />
        <Stat label="On the way to a charge" value={countText(pipeline.unsettled)} note={Number(pipeline.unsettled) === 1 ? "Statement" : "Statements"} />
        <Stat label="The oldest waits for" value={lag === 0 ? "–" : durationText(lag)} note={pipeline.oldest_unsettled === null ? "None waits" : `Epoch ${countText(pipeline.oldest_unsettled)}`} />
        <InLog />
      </Stats>
    </>
  );
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

/** What the newest proven statement says. */
function Attested() {
  epochs.want();
  const state = epochs.state.value;
  const proven = state.name === "ready" ? state.value.find((one) => stagesDone(one.state) >= PROVEN_STAGES) : undefined;
  return (
    <section class="stack" aria-labelledby="network-attested">
      <h2 id="network-attested">Attested by Flare, proven on Flow</h2>
      {state.name === "ready" && proven === undefined ? (
        <Empty title="No statement is proven yet">The first one is, some minutes after the first call.</Empty>
      ) : (
        proven !== undefined && <AttestedTotals key={proven.epoch} epoch={proven} />
      )}
    </section>
  );
}

function AttestedTotals({ epoch }: { readonly epoch: Epoch }) {
  const pair = useMemo(() => resource(() => statementWithPrevious(BigInt(epoch.epoch))), [epoch.epoch]);
  return (
    <Show of={pair} height={8}>
      {([statement]) => <Totals statement={statement} epoch={epoch} />}
    </Show>
  );
}

function Totals({ statement, epoch }: { readonly statement: Statement; readonly epoch: Epoch }) {
  return (
    <Stats>
      <Stat label="Used in all" value={<Tokens micro={statement.totalRatedMicrotokens} />} note="By everybody, since the beginning" />
      <Stat label="Subscriptions that used it" value={countText(statement.subscriptionCount)} note="Counted in the statement" />
      <Stat
        label="The newest proven epoch"
        value={<a href={`#/epochs/${epoch.epoch}`}>{countText(epoch.epoch)}</a>}
        note={`Ended ${agoText(epoch.ends_at, now.value)}`}
      />
    </Stats>
  );
}

function BooksOf({ held, balances, unclaimedRevenue, subscriptionsOpened, policy }: Books) {
  deployment.want();
  const state = deployment.state.value;
  const symbol = state.name === "ready" ? state.value.flow.token.symbol : "FLOW";
  return (
    <>
      <Stats>
        <Stat label="In custody" value={<Money ufix64={held} unit={symbol} />} note="In one vault on Flow" />
        <Stat label="Deposits of customers" value={<Money ufix64={balances} unit={symbol} />} note="They can take it out" />
        <Stat label="Charged, not paid out" value={<Money ufix64={unclaimedRevenue} unit={symbol} />} note="The provider's, after a delay" />
        <Stat label="Subscriptions ever opened" value={countText(subscriptionsOpened)} />
      </Stats>
      <p class="soft small">
        Flare's voters, as the light client on Flow knows them: {countText(policy.voters)} in reward epoch{" "}
        {countText(policy.latestRewardEpoch)}. A root counts when they sign it with more weight than {countText(policy.threshold)}.
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
              {countText(Object.keys(models).length)} models have a price of their own. <NamedBook />
            </p>
          </div>
        )}
      </Show>
    </section>
  );
}

/** The book that the newest statement names. */
function NamedBook() {
  const newest = useMemo(() => resource(newestBook), []);
  newest.want();
  const state = newest.state.value;
  if (state.name !== "ready" || state.value === null) return null;
  return (
    <>
      The newest statement names the book <Copyable text={state.value} label="Hash of the price book" />{" "}
      <a href={`/v1/price-books/${state.value.slice(2)}`}>as published</a>.
    </>
  );
}

async function newestBook(): Promise<string | null> {
  const state = epochs.state.peek();
  const newest = state.name === "ready" ? state.value[0] : undefined;
  if (newest === undefined) return null;
  const [statement] = await statementWithPrevious(BigInt(newest.epoch));
  return hex0x(statement.priceBookHash);
}
