import { useMemo } from "preact/hooks";

import type { Deployment, Epoch, Progress } from "../../api/operations.ts";
import { ApiError } from "../../api/client.ts";
import { countText } from "../../verify/amounts.ts";
import { hex0x } from "../../verify/bytes.ts";
import type { Statement } from "../../verify/documents.ts";
import { statementPath } from "../../verify/sources/host.ts";
import { Tokens } from "../components/Amount.tsx";
import { ButtonLink } from "../components/Button.tsx";
import { Copyable } from "../components/Copyable.tsx";
import { Icon } from "../components/Icon.tsx";
import { Stat, Stats } from "../components/Stat.tsx";
import { Empty, Notice, Show } from "../components/states.tsx";
import { ViewHead } from "../components/ViewHead.tsx";
import type { ViewProps } from "../router/routes.ts";
import { statementWithPrevious } from "../stores/documents.ts";
import { useFresh } from "../stores/fresh.ts";
import { resource } from "../stores/resource.ts";
import { call, deploymentNow } from "../stores/server.ts";
import { durationText, momentText } from "../text/time.ts";
import { STATE_WORDS, wayOf, type Stage } from "./epochs/way.ts";
import { WayPicture } from "./epochs/WayPicture.tsx";
import "./epochs.css";

const ASKED_EVERY_MS = 10_000;
const NUMBER = /^\d{1,10}$/;
const SAID = { done: "done", current: "under way", waiting: "not yet", skipped: "left out" } as const;

interface Told {
  readonly epoch: Epoch;
  readonly progress: Progress | null;
  readonly deployment: Deployment;
}

/** One epoch: its way as a picture and as a list, its statement and what it says. */
export default function OneEpoch({ values }: ViewProps) {
  const number = values["epoch"] ?? "";
  const shown = useMemo(() => resource(() => told(number)), [number]);
  const state = shown.state.value;
  const isFinal = state.name === "ready" && state.value?.epoch.lag_seconds === null;
  useFresh(shown, isFinal ? Infinity : ASKED_EVERY_MS);
  return (
    <Show of={shown} height={60} level={1}>
      {(value) => (value === null ? <NoStatement number={number} /> : <Whole {...value} />)}
    </Show>
  );
}

/** Null where the epoch has no statement; `progress` is null before its attestation has begun. */
async function told(number: string): Promise<Told | null> {
  if (!NUMBER.test(number)) return null;
  const path = { epoch: number };
  const [epoch, progress] = await Promise.all([
    orNull(call("GET /v1/epochs/{epoch}", { path })),
    orNull(call("GET /v1/attestations/{epoch}", { path })),
  ]);
  return epoch === null ? null : { epoch, progress, deployment: await deploymentNow() };
}

/** Null for what the server does not have. */
async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

function NoStatement({ number }: { readonly number: string }) {
  return (
    <Empty
      level={1}
      title={`Epoch ${number} has no statement`}
      action={<ButtonLink href="#/epochs">All epochs</ButtonLink>}
    >
      An epoch in which nothing was used has none. That of an epoch that has just ended follows within minutes, and
      appears here by itself.
    </Empty>
  );
}

function Whole({ epoch, progress, deployment: about }: Told) {
  const stages = wayOf(epoch, progress, about);
  const { epoch: number, starts_at: start, ends_at: end, state, reasons } = epoch;
  return (
    <div class="stack loose">
      <div class="epoch-head">
        <p class="small">
          <a href="#/epochs">All epochs</a>
        </p>
        <ViewHead
          title={`Epoch ${number}`}
          action={
            <ButtonLink kind="primary" href={`#/check?epoch=${number}`}>
              Check it yourself
            </ButtonLink>
          }
        >
          {momentText(start)} to {momentText(end)}. {STATE_WORDS[state]}
          {epoch.lag_seconds === null ? "." : `, ${durationText(Number(epoch.lag_seconds))} after its end.`}
        </ViewHead>
        {state === "SKIPPED" && (
          <Notice tone="info">
            Flare did not attest this statement itself. A later one names its hash and carries its usage, so nothing is
            lost and nothing is charged twice.
          </Notice>
        )}
      </div>
      <section class="way" aria-labelledby="way-title">
        <h2 id="way-title">From use to charge</h2>
        <WayPicture stages={stages} />
        <ol class="way-list">
          {stages.map((stage, place) => (
            <StageRow key={stage.title} stage={stage} place={place} />
          ))}
        </ol>
        {reasons.length > 0 && <Reasons reasons={reasons} />}
      </section>
      <StatementFacts epoch={epoch} />
    </div>
  );
}

function StageRow({ stage, place }: { readonly stage: Stage; readonly place: number }) {
  const { title, keeper, state, text, vouchedBy, links } = stage;
  return (
    <li class={`way-stage ${state}`} aria-current={state === "current" ? "step" : undefined}>
      <span class="way-mark" aria-hidden="true">
        {state === "done" ? <Icon name="check" size={16} /> : place + 1}
      </span>
      <div>
        <h3>
          {title} <span class="unseen">on {keeper}: {SAID[state]}</span>
        </h3>
        <p>{text}</p>
      </div>
      <p class="way-vouch">
        <span class="faint">Who vouches</span>
        {vouchedBy}
      </p>
      <ul class="way-links">
        {links.map(({ label, href }) => (
          <li key={label}>
            <a href={href}>{label}</a>
          </li>
        ))}
      </ul>
    </li>
  );
}

function Reasons({ reasons }: { readonly reasons: readonly string[] }) {
  return (
    <div class="card">
      <h3>What took longer</h3>
      <ul class="way-reasons">
        {reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
    </div>
  );
}

function StatementFacts({ epoch: { epoch } }: { readonly epoch: Epoch }) {
  const pair = useMemo(() => resource(() => statementWithPrevious(BigInt(epoch))), [epoch]);
  return (
    <section class="stack" aria-labelledby="statement-title">
      <h2 id="statement-title">The statement</h2>
      <Show of={pair} height={22}>
        {([statement, before]) => <Facts statement={statement} before={before} />}
      </Show>
    </section>
  );
}

function Facts({ statement, before }: { readonly statement: Statement; readonly before: Statement | null }) {
  const total = statement.totalRatedMicrotokens;
  const book = hex0x(statement.priceBookHash);
  return (
    <>
      <Stats>
        <Stat
          label="Rated tokens in this statement"
          value={<Tokens micro={total - (before?.totalRatedMicrotokens ?? 0n)} unit={false} />}
          note="More than in the one before"
        />
        <Stat label="Rated tokens in all" value={<Tokens micro={total} unit={false} />} note="By everybody, since the beginning" />
        <Stat label="Subscriptions" value={countText(statement.subscriptionCount)} note="With any usage so far" />
        <Stat
          label="The statement before"
          value={before === null ? "None" : <a href={`#/epochs/${before.epoch}`}>{before.epoch.toString()}</a>}
          note={before === null ? "It is the first of all" : "Named by its hash"}
        />
      </Stats>
      <dl class="facts card">
        <Fact name="Statement" text={hex0x(statement.hash)} href={statementPath(statement.epoch)} />
        <Fact name="Usage root" text={hex0x(statement.usageRoot)} />
        <Fact name="Settlement root" text={hex0x(statement.settlementRoot)} />
        <Fact name="Price book" text={book} href={`/v1/price-books/${book.slice(2)}`} />
      </dl>
    </>
  );
}

function Fact({ name, text, href }: { readonly name: string; readonly text: string; readonly href?: string }) {
  return (
    <div>
      <dt>{href === undefined ? name : <a href={href}>{name}</a>}</dt>
      <dd>
        <Copyable text={text} label={name} />
      </dd>
    </div>
  );
}

