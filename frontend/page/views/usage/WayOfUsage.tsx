import { useMemo } from "preact/hooks";
import type { ComponentChildren } from "preact";

import type { Subscription } from "../../../api/operations.ts";
import { Tokens } from "../../components/Amount.tsx";
import { now } from "../../stores/clock.ts";
import { useAfter } from "../../stores/fresh.ts";
import { live } from "../../stores/live.ts";
import { resource } from "../../stores/resource.ts";
import { lastDays, sumsOf } from "../../stores/sums.ts";
import { partsOf, type Parts, type Stage } from "../../text/stages.ts";
import { agoText } from "../../text/time.ts";
import { reachedNow } from "./reached.ts";

const SEALED_DAYS = 30;

interface WayOfUsageProps {
  readonly shown: Subscription;
  readonly changes: number;
}

/** All usage, by how far it has come; the live messages move it on. */
export function WayOfUsage({ shown, changes }: WayOfUsageProps) {
  const { subscription_id: id, settled_epoch: settledEpoch } = shown.subscription;
  const sealed = useMemo(() => resource(() => sealedOf(id)), [id]);
  useAfter(sealed, changes);
  const sealedNow = sealed.state.value.name === "ready" ? sealed.state.value.value : 0n;
  const parts = partsNow(shown, sealedNow);
  return (
    <section class="card" aria-labelledby="way">
      <h2 id="way">Where your usage is</h2>
      <Bar parts={parts} />
      <dl class="way-stages">
        <StagePart stage="pending" title="Pending" micro={parts.pending}>
          Metered, in no statement yet
        </StagePart>
        <StagePart stage="sealed" title="Sealed" micro={parts.sealed}>
          In a public statement that never changes <Newest stage="sealed" settledEpoch={settledEpoch} />
        </StagePart>
        <StagePart stage="attested" title="Attested" micro={parts.attested}>
          Flare has signed the statement <Newest stage="attested" settledEpoch={settledEpoch} />
        </StagePart>
        <StagePart stage="settled" title="Settled" micro={parts.settled}>
          Charged on Flow <Newest stage="settled" settledEpoch={settledEpoch} />
        </StagePart>
      </dl>
    </section>
  );
}

/** What is sealed and not settled, in rated micro-tokens. */
async function sealedOf(id: string): Promise<bigint> {
  const { items } = await sumsOf(id, { by: [], ...lastDays(SEALED_DAYS) });
  return items.reduce((sum, one) => sum + one.sealed, 0n);
}

/** Cumulative totals are the larger of what the API said and what live messages have told since. */
function partsNow({ subscription, usage }: Subscription, sealedUnsettled: bigint): Parts {
  const { totals, sealed, attested, settled } = live.value;
  const largest = (...totals: (string | bigint | undefined)[]) =>
    totals.reduce<bigint>((most, total) => (total !== undefined && BigInt(total) > most ? BigInt(total) : most), 0n);
  const settledTo = largest(subscription.settled_microtokens, settled?.settled_microtokens);
  const asked = BigInt(usage.counted.rated_microtokens) + BigInt(usage.unconfirmed.rated_microtokens);
  const told = totals === null ? 0n : BigInt(totals.counted_microtokens) + BigInt(totals.unconfirmed_microtokens);
  return partsOf({
    metered: told > 0n ? told : asked,
    sealed: largest(BigInt(subscription.settled_microtokens) + sealedUnsettled, sealed?.sealed_microtokens),
    attested: largest(settledTo, attested?.attested_microtokens),
    settled: settledTo,
  });
}

/** What is not settled yet fills at least a part of the bar that can be seen. */
const SEEN_SHARE = 0.06;
const STAGES: readonly Stage[] = ["settled", "attested", "sealed", "pending"];

function Bar({ parts }: { readonly parts: Parts }) {
  const all = parts.pending + parts.sealed + parts.attested + parts.settled;
  const share = (part: bigint) => {
    if (all === 0n || part === 0n) return 0;
    return Math.max(Number((part * 10_000n) / all) / 10_000, SEEN_SHARE);
  };
  return (
    <div class="way-bar" aria-hidden="true">
      {STAGES.filter((stage) => parts[stage] > 0n).map((stage) => (
        <div key={stage} class={`stage-${stage}`} style={{ flex: `${share(parts[stage])} 1 0` }} />
      ))}
    </div>
  );
}

interface StagePartProps {
  readonly stage: Stage;
  readonly title: string;
  readonly micro: bigint;
  readonly children: ComponentChildren;
}

function StagePart({ stage, title, micro, children }: StagePartProps) {
  return (
    <div>
      <dt>
        <i class={`stage-mark stage-${stage}`} />
        {title}
      </dt>
      <dd class="way-value">
        <Tokens micro={micro} unit={false} />
      </dd>
      <dd class="way-note">{children}</dd>
    </div>
  );
}

/** The newest epoch that has come so far, with the way to all about it. */
function Newest({ stage, settledEpoch }: { readonly stage: Exclude<Stage, "pending">; readonly settledEpoch: string | null }) {
  const at = live.value[stage]?.at ?? null;
  const number = reachedNow(settledEpoch)[stage];
  if (number === null) return null;
  return (
    <>
      {" · "}
      <a href={`#/epochs/${number}`}>epoch {number.toString()}</a>
      {at !== null && <> {agoText(at, now.value)}</>}
    </>
  );
}
