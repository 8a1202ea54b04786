import type { Key } from "../../../api/operations.ts";
import { countText, tokensText } from "../../../verify/amounts.ts";
import { Badge } from "../../components/Badge.tsx";
import { Button } from "../../components/Button.tsx";
import { Meter } from "../../components/Meter.tsx";
import type { Sum } from "../../stores/sums.ts";
import { dateText, shortMomentText } from "../../text/time.ts";
import { nameOf } from "./RotateKey.tsx";

const STATUSES = {
  active: { tone: "good", label: "Active", note: null },
  changing: { tone: "warn", label: "Changing", note: "A change of it is not finished yet. It is tried again within five minutes." },
  blocked: { tone: "warn", label: "Blocked", note: "The subscription cannot pay for calls now. Usage says why, and what to do." },
  held: { tone: "bad", label: "Held", note: "The operator has blocked it. Ask the operator why." },
  deleted: { tone: undefined, label: "Ended", note: null },
} as const;

export type KeyAction = "change" | "rotate" | "revoke";

interface KeyItemProps {
  readonly ofKey: Key;
  /** What it used in the last 30 days; undefined while that is not known. */
  readonly used: Sum | undefined;
  /** What all keys together used. */
  readonly usedByAll: bigint;
  readonly replacedBy: Key | undefined;
  readonly onAction: (action: KeyAction) => void;
}

export function KeyItem({ ofKey, used, usedByAll, replacedBy, onAction }: KeyItemProps) {
  const status = STATUSES[ofKey.status];
  const isLiving = ofKey.status !== "deleted";
  return (
    <li class={isLiving ? "key card" : "key card ended"}>
      <div class="key-name">
        <h2>{nameOf(ofKey)}</h2>
        <Badge tone={status.tone}>{status.label}</Badge>
        {replacedBy !== undefined && <Badge>Replaced by {nameOf(replacedBy)}</Badge>}
        <span class="faint small">
          <code>{ofKey.key_hash.slice(0, 12)}…</code> since {dateText(ofKey.created_at)}
        </span>
      </div>
      <div class="key-used">
        <span>
          <strong class="numbers">{tokensText(used?.total ?? 0n)}</strong>{" "}
          <span class="soft small">rated tokens in 30 days, {countText(used?.requests ?? 0n)} calls</span>
        </span>
        <Meter label={`Share of ${nameOf(ofKey)} in all usage`} part={used?.total ?? 0n} whole={usedByAll} />
      </div>
      <Limits ofKey={ofKey} />
      {status.note !== null && <p class="key-note soft small">{status.note}</p>}
      {isLiving && (
        <div class="key-actions">
          <Button size="small" onClick={() => onAction("change")} label={`Name and cap of ${nameOf(ofKey)}`}>
            Name and cap
          </Button>
          <Button size="small" onClick={() => onAction("rotate")} label={`Rotate ${nameOf(ofKey)}`}>
            Rotate
          </Button>
          <Button size="small" onClick={() => onAction("revoke")} label={`Revoke ${nameOf(ofKey)}`}>
            Revoke
          </Button>
        </div>
      )}
    </li>
  );
}

function Limits({ ofKey: { limits, cap_microtokens: cap } }: { readonly ofKey: Key }) {
  const { models, expires_at: expires, requests_per_minute: requests, tokens_per_minute: tokens } = limits;
  const told = [
    cap === null ? null : `At most ${tokensText(cap)} rated tokens in all`,
    models.length === 0 ? null : `Only ${models.join(", ")}`,
    expires === null ? null : `Ends ${shortMomentText(expires)}`,
    requests === null ? null : `${countText(requests)} calls a minute`,
    tokens === null ? null : `${countText(tokens)} tokens a minute`,
  ].filter((one) => one !== null);
  if (told.length === 0) return <p class="key-limits faint small">No limits of its own</p>;
  return (
    <p class="key-limits small">{told.join(" · ")}</p>
  );
}
