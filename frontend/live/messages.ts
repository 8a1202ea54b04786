// Made from docs/live.schema.json by `python -m infra.live_types`.

/**
 * The balance or the status of a subscription changed. `currency` is that of what is owed.
 */
export interface BalanceChanged {
  readonly status: SubscriptionStatus;
  readonly balance_ufix64: string;
  readonly charged_ufix64: string;
  readonly owed_ufix64: string;
  readonly currency: Currency;
}

/**
 * The balance or the status of a subscription changed. `currency` is that of what is owed.
 */
export interface BalanceChangedMessage {
  readonly type: "balance.changed";
  readonly subscription_id: string;
  readonly sequence: string;
  readonly at: string;
  readonly data: BalanceChanged;
}

/**
 * A call in `usage.pending`. `event_id` is the gate's; a row without a record is named by the row's identity.
 */
export interface Call {
  readonly event_id: string;
  readonly model: string;
  readonly tokens: string;
  readonly rated_microtokens: string;
  readonly state: CallState;
}

/**
 * How far a pending call has come.
 */
export type CallState = "unconfirmed" | "counted";

/**
 * What a plan is priced in: the token in which deposits are held (FLOW by default), or US dollars.
 */
export type Currency = "token" | "USD";

/**
 * What a client of the WebSocket receives: an object of at most 32000 bytes.
 */
export interface Frame {
  readonly messages: readonly Message[];
}

/**
 * A virtual key works again.
 */
export interface KeyResumed {
  readonly key_hash: string;
  readonly alias: string;
}

/**
 * A virtual key works again.
 */
export interface KeyResumedMessage {
  readonly type: "key.resumed";
  readonly subscription_id: string;
  readonly sequence: string;
  readonly at: string;
  readonly data: KeyResumed;
}

/**
 * A virtual key does not work for now. `key_hash` is the SHA-256 of the key.
 *
 * `reason` is "standing" where the standing of the subscription allows no calls, and "administrator" where an
 * administrator of LiteLLM has blocked the key.
 */
export interface KeySuspended {
  readonly key_hash: string;
  readonly alias: string;
  readonly reason: SuspendedBy;
}

/**
 * A virtual key does not work for now. `key_hash` is the SHA-256 of the key.
 *
 * `reason` is "standing" where the standing of the subscription allows no calls, and "administrator" where an
 * administrator of LiteLLM has blocked the key.
 */
export interface KeySuspendedMessage {
  readonly type: "key.suspended";
  readonly subscription_id: string;
  readonly sequence: string;
  readonly at: string;
  readonly data: KeySuspended;
}

export type Message = UsagePendingMessage | UsageSealedMessage | UsageAttestedMessage | UsageSettledMessage | BalanceChangedMessage | StandingChangedMessage | KeySuspendedMessage | KeyResumedMessage | SnapshotMessage | Watching | WatchEnded | Pong | Refused;

/**
 * The answer to a `ping`.
 */
export interface Pong {
  readonly type: "pong";
  readonly watched: readonly Reached[];
}

/**
 * The number of the last message of a subscription that the connection watches.
 */
export interface Reached {
  readonly subscription_id: string;
  readonly sequence: string;
}

/**
 * The client asked for something that it does not get. `code` never changes, `detail` is for people.
 */
export interface Refused {
  readonly type: "error";
  readonly code: string;
  readonly detail: string;
}

/**
 * A subscription as it is now: what a client knows that has got every message.
 *
 * What has not happened yet is null. `suspended` are the keys that do not work for now.
 */
export interface Snapshot {
  readonly totals: Totals;
  readonly balance: BalanceChanged;
  readonly standing: StandingChanged | null;
  readonly sealed: UsageSealed | null;
  readonly attested: UsageAttested | null;
  readonly settled: UsageSettled | null;
  readonly suspended: readonly KeySuspended[];
}

/**
 * A subscription as it is now: what a client knows that has got every message.
 *
 * What has not happened yet is null. `suspended` are the keys that do not work for now.
 */
export interface SnapshotMessage {
  readonly type: "snapshot";
  readonly subscription_id: string;
  readonly sequence: string;
  readonly at: string;
  readonly data: Snapshot;
}

/**
 * What the subscription may do changed. `version` grows with every change.
 */
export interface StandingChanged {
  readonly standing: string;
  readonly version: string;
}

/**
 * What the subscription may do changed. `version` grows with every change.
 */
export interface StandingChangedMessage {
  readonly type: "standing.changed";
  readonly subscription_id: string;
  readonly sequence: string;
  readonly at: string;
  readonly data: StandingChanged;
}

/**
 * `suspended`: something is owed. `exiting`: the owner announced the end of the subscription.
 */
export type SubscriptionStatus = "active" | "suspended" | "exiting" | "closed";

/**
 * Why a virtual key is blocked.
 */
export type SuspendedBy = "standing" | "administrator";

/**
 * All usage of a subscription. `version` grows with every change: only a higher one replaces what is known.
 */
export interface Totals {
  readonly version: string;
  readonly counted_microtokens: string;
  readonly unconfirmed_microtokens: string;
}

/**
 * Flare has attested the statement of `epoch` in a voting round: all usage up to `attested_microtokens`.
 */
export interface UsageAttested {
  readonly epoch: string;
  readonly attested_microtokens: string;
  readonly voting_round: string;
}

/**
 * Flare has attested the statement of `epoch` in a voting round: all usage up to `attested_microtokens`.
 */
export interface UsageAttestedMessage {
  readonly type: "usage.attested";
  readonly subscription_id: string;
  readonly sequence: string;
  readonly at: string;
  readonly data: UsageAttested;
}

/**
 * Calls were recorded or counted. `totals` is null where only states of calls changed.
 *
 * `calls_left_out`: how many calls more there were than fit into the message.
 */
export interface UsagePending {
  readonly totals: Totals | null;
  readonly calls: readonly Call[];
  readonly calls_left_out: string;
}

/**
 * Calls were recorded or counted. `totals` is null where only states of calls changed.
 *
 * `calls_left_out`: how many calls more there were than fit into the message.
 */
export interface UsagePendingMessage {
  readonly type: "usage.pending";
  readonly subscription_id: string;
  readonly sequence: string;
  readonly at: string;
  readonly data: UsagePending;
}

/**
 * All usage up to `sealed_microtokens` is in the public statement of `epoch`, which never changes.
 */
export interface UsageSealed {
  readonly epoch: string;
  readonly sealed_microtokens: string;
  readonly statement_hash: string;
}

/**
 * All usage up to `sealed_microtokens` is in the public statement of `epoch`, which never changes.
 */
export interface UsageSealedMessage {
  readonly type: "usage.sealed";
  readonly subscription_id: string;
  readonly sequence: string;
  readonly at: string;
  readonly data: UsageSealed;
}

/**
 * A settlement has charged all usage up to `settled_microtokens`, as attested for `epoch`.
 */
export interface UsageSettled {
  readonly epoch: string;
  readonly settled_microtokens: string;
  readonly charged_ufix64: string;
  readonly owed_ufix64: string;
  readonly currency: Currency;
}

/**
 * A settlement has charged all usage up to `settled_microtokens`, as attested for `epoch`.
 */
export interface UsageSettledMessage {
  readonly type: "usage.settled";
  readonly subscription_id: string;
  readonly sequence: string;
  readonly at: string;
  readonly data: UsageSettled;
}

/**
 * The connection no longer watches the subscription, because it belongs to another account now.
 */
export interface WatchEnded {
  readonly type: "watch.ended";
  readonly subscription_id: string;
  readonly reason: "owner_changed";
}

/**
 * The answer to a `watch` that resumes: what was missed follows, up to number `sequence`.
 */
export interface Watching {
  readonly type: "watching";
  readonly subscription_id: string;
  readonly sequence: string;
}
