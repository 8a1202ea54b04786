/**
 * A bundle: everything that a check of one bill needs, as `flareflow bundle` writes it (docs/verify.md). It is believed
 * for nothing. The names are those of the document.
 */
import {
  asciiJson, bytes, count, exactly, flag, FormError, integer, list, orNull, text, type Read,
} from "./reading.ts";
import { NOTE_CHARACTERS_MAX } from "./log/notes.ts";
import { PROOF_HASHES_MAX } from "./log/proofs.ts";
import { HEAD_BYTES, SIGNATURE_BYTES, VOTER_BYTES, VOTERS_MAX } from "./policy.ts";

export const BUNDLE_VERSION = "flareflow-bundle/1";
const BUNDLE_CHARACTERS_MAX = 64 * 1024 * 1024;
export const TEXT_CHARACTERS_MAX = 16 * 1024 * 1024;
export const STATEMENTS_MAX = 300;
export const EVENTS_MAX = 20_000;
export const SIBLINGS_MAX = 32;
export const RESPONSE_BYTES_MAX = 64 * 1024;
export const POLICIES_MAX = 64;
const TIERS_MAX = 16;
const TRIGGERS_MAX = 100;
const NAME_CHARACTERS_MAX = 5_000;

const document = text(TEXT_CHARACTERS_MAX);
const name = text(NAME_CHARACTERS_MAX);
const hash = bytes(32, 32);
const signatures = bytes(VOTERS_MAX * SIGNATURE_BYTES);
const policy = bytes(HEAD_BYTES + VOTERS_MAX * VOTER_BYTES);

const sealed = exactly({
  statement: document,
  usage_index: orNull(document),
  usage_page: orNull(document),
  settlement_index: orNull(document),
  settlement_page: orNull(document),
});

const attested = exactly({
  response: bytes(RESPONSE_BYTES_MAX),
  siblings: list(hash, SIBLINGS_MAX),
  message: bytes(RESPONSE_BYTES_MAX),
  signatures,
});

const trigger = exactly({
  trigger_id: name,
  source: name,
  url_prefix: name,
  post_process_jq: name,
  abi_signature: name,
  is_pending: flag,
});

const bill = exactly({
  token_storage_path: name,
  owner: name,
  plan_id: count(),
  plan_version: count(),
  needs_rate: flag,
  tiers: list(exactly({ end_tokens: orNull(count()), price_ufix64: count() }), TIERS_MAX, 1),
  cost_offset: integer,
  plan_from: orNull(count()),
  paid_dollars_ufix64: count(),
  charged_ufix64: count(),
  owed_ufix64: count(),
  balance_ufix64: count(),
  settled_microtokens: count(),
  settled_epoch: count(),
});

const charge = exactly({
  transaction_id: name,
  height: count(),
  epoch: count(),
  rated_microtokens: count(),
  charged_ufix64: count(),
  owed_ufix64: count(),
  rate_ufix64: orNull(count(1n)),
  before: orNull(bill),
});

const onFlow = exactly({
  contract: name,
  height: count(),
  source_chain_id: count(),
  rounds_per_reward_epoch: count(1n),
  root: orNull(hash),
  settlement_root: orNull(hash),
  total_microtokens: orNull(count()),
  triggers: list(trigger, TRIGGERS_MAX),
  bill,
  charge: orNull(charge),
});

const inLog = exactly({
  checkpoint: text(NOTE_CHARACTERS_MAX),
  index: orNull(count()),
  inclusion: list(hash, PROOF_HASHES_MAX),
  older_size: orNull(count()),
  consistency: orNull(list(hash, PROOF_HASHES_MAX)),
});

const FIELDS = {
  version: text(BUNDLE_VERSION.length),
  subscription_id: count(),
  epoch: count(),
  sealed: list(sealed, STATEMENTS_MAX, 1),
  attested: orNull(attested),
  policies: list(exactly({ policy, signatures }), POLICIES_MAX),
  on_flare: orNull(exactly({ root: hash, policy_hash: orNull(hash) })),
  on_flow: orNull(onFlow),
  price_book: orNull(document),
  events: orNull(list(document, EVENTS_MAX)),
  event: orNull(exactly({ text: document, siblings: list(hash, SIBLINGS_MAX) })),
};
const bundle = exactly(FIELDS);
const bundleWithLog = exactly({ ...FIELDS, log: inLog });

/** A statement with the documents that are needed of it; null for those that are not. */
export type Sealed = Read<typeof sealed>;
/** The response of Flare's Data Connector, its path to the round's root, and what the voters signed. */
export type Attested = Read<typeof attested>;
/** A request that the contract on Flow lets Flare attest. */
export type Trigger = Read<typeof trigger>;
/** The contract's state of a subscription. Amounts are in 1e-8; `cost_offset` is in 1e-17 of the plan's currency. */
export type Bill = Read<typeof bill>;
/** The event of a settlement, and the bill in the block before it; null where the node no longer has that. */
export type Charge = Read<typeof charge>;
/**
 * The checkpoint of the log of statements, and that the statement of the bill's epoch is in it. `index` is where it is,
 * or would be; null while the log ends before it. `consistency` proves growth from the first `older_size` statements.
 */
export type InLog = Read<typeof inLog>;
/** What a node of Flow said. `bill` is after the block `height`: that of the charge, or else the newest. */
export type OnFlow = Read<typeof onFlow>;
/**
 * The evidence of one bill: of the usage of `subscription_id` up to the statement of `epoch`. `sealed` are consecutive
 * statements, oldest first, up to the one that Flare attested.
 */
export type Bundle = Read<typeof bundle> & { readonly log?: InLog };

/** The bundle of a file. Throws FormError, which says what is wrong, unless it is in its one form. */
export function parseBundle(content: string): Bundle {
  if (content.length > BUNDLE_CHARACTERS_MAX) throw new FormError("a bundle has at most 64 MB");
  const given = jsonOf(content);
  const hasLog = typeof given === "object" && given !== null && "log" in given;
  const read: Bundle = (hasLog ? bundleWithLog : bundle)(given, "bundle");
  if (read.version !== BUNDLE_VERSION) throw new FormError(`bundle.version: not ${BUNDLE_VERSION}`);
  if (`${asciiJson(given, 2)}\n` !== content) {
    throw new FormError("it has not the one form of a bundle: other spaces, another order, or a field twice");
  }
  return read;
}

function jsonOf(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    throw new FormError("it is not JSON");
  }
}
