/**
 * A node of Flow over REST: the contract's state and the events of settlements.
 */
import { count, having, list, orEmpty, text } from "../reading.ts";
import { AccessNode, ANSWER_CHARACTERS_MAX, fieldsIn, fieldsOf } from "./access_node.ts";
import { NotThereError, RefusedError } from "./errors.ts";
import type { Requests } from "./http.ts";
import { uint64, type CadenceFields, type CadenceValue } from "./json_cdc.ts";

const EVENT_BLOCKS = 250n;
const EVENT_REQUESTS_MAX = 60n;
const BISECTIONS_MAX = 64;
const FIRST_STEP_BLOCKS = 1_000n;

const blocks = list(having({ header: having({ height: count(), timestamp: text(100) }) }), 10, 1);
const event = having({ transaction_id: text(64), payload: text(ANSWER_CHARACTERS_MAX) });
const blockEvents = list(having({ block_height: count(), events: orEmpty(list(event, 100_000)) }), 1_000);

/** The names in the contracts, and those in a bundle. */
const NAMES: Readonly<Record<string, string>> = {
  tokenStoragePath: "token_storage_path",
  owner: "owner",
  planId: "plan_id",
  planVersion: "plan_version",
  isInDollars: "needs_rate",
  tiers: "tiers",
  costOffset: "cost_offset",
  planFrom: "plan_from",
  paidDollars: "paid_dollars_ufix64",
  charged: "charged_ufix64",
  owed: "owed_ufix64",
  balance: "balance_ufix64",
  settledMicrotokens: "settled_microtokens",
  settledEpoch: "settled_epoch",
  endTokens: "end_tokens",
  price: "price_ufix64",
  triggerId: "trigger_id",
  source: "source",
  urlPrefix: "url_prefix",
  postProcessJq: "post_process_jq",
  abiSignature: "abi_signature",
  isPending: "is_pending",
};

/** The code of `infra/cadence/scripts`, as it is there. */
export interface Scripts {
  readonly getBill: string;
  readonly getConfirmed: string;
  readonly getTriggers: string;
}

/** The contracts of one account. Every method throws SourceError without a usable answer. */
export class FlowNode {
  readonly #node: AccessNode;
  readonly #address: string;
  readonly #scripts: Scripts;

  /** `address` is that of the contracts, 16 hex digits. */
  constructor(requests: Requests, url: string, address: string, scripts: Scripts) {
    this.#node = new AccessNode(requests, url);
    this.#address = address;
    this.#scripts = scripts;
  }

  async newestHeight(): Promise<bigint> {
    return (await this.#block("sealed")).height;
  }

  /** A subscription after a block; null when the node does not keep the state after that block, or has none. */
  async bill(subscriptionId: bigint, height: bigint): Promise<CadenceValue> {
    try {
      return renamed(await this.run(this.#scripts.getBill, [uint64(subscriptionId)], String(height)));
    } catch (error) {
      if (error instanceof RefusedError) return null;
      throw error;
    }
  }

  /** What is confirmed of a round and an epoch, in the names of the contracts. */
  async confirmed(votingRound: bigint, epoch: bigint): Promise<CadenceFields> {
    return fieldsOf(await this.run(this.#scripts.getConfirmed, [uint64(votingRound), uint64(epoch)]));
  }

  /** All requests that may be attested for the contracts. */
  async triggers(): Promise<CadenceValue> {
    return renamed(await this.run(this.#scripts.getTriggers));
  }

  /** The first settlement of a subscription by an epoch, searched from a time on (Unix seconds); null if there is none. */
  async charge(subscriptionId: bigint, epoch: bigint, after: bigint): Promise<CadenceFields | null> {
    const newest = await this.newestHeight();
    const first = await this.#blockBefore(Number(after) * 1000, newest);
    const last = first + EVENT_BLOCKS * EVENT_REQUESTS_MAX;
    for (let start = first; start <= newest && start < last; start += EVENT_BLOCKS) {
      for (const { block_height: height, events } of await this.#settlements(start, newest)) {
        for (const { transaction_id, payload } of events) {
          const told = fieldsIn(payload);
          if (told["subscriptionId"] === String(subscriptionId) && told["epoch"] === String(epoch)) {
            return this.#chargeOf(told, subscriptionId, height, transaction_id);
          }
        }
      }
    }
    return null;
  }

  async #chargeOf(told: CadenceFields, id: bigint, height: bigint, transaction: string): Promise<CadenceFields> {
    return {
      transaction_id: transaction,
      height: String(height),
      epoch: told["epoch"] ?? null,
      rated_microtokens: told["ratedMicrotokens"] ?? null,
      charged_ufix64: told["charged"] ?? null,
      owed_ufix64: told["owed"] ?? null,
      rate_ufix64: told["rate"] ?? null,
      before: await this.bill(id, height - 1n),
    };
  }

  async #settlements(start: bigint, newest: bigint): Promise<ReturnType<typeof blockEvents>> {
    const end = start + EVENT_BLOCKS - 1n < newest ? start + EVENT_BLOCKS - 1n : newest;
    const type = `A.${this.#address}.SubscriptionAccounts.Settled`;
    return this.#node.ask(`/events?type=${type}&start_height=${start}&end_height=${end}`, blockEvents);
  }

  /** A block that is at most EVENT_BLOCKS before the first one of a time (milliseconds) or later. */
  async #blockBefore(moment: number, newest: bigint): Promise<bigint> {
    let [low, high, step] = [0n, newest, FIRST_STEP_BLOCKS];
    for (let tries = 0; tries < BISECTIONS_MAX; tries++) {
      const tried = high > step ? high - step : 0n;
      if (tried === 0n || (await this.#isBefore(tried, moment))) {
        low = tried;
        break;
      }
      [high, step] = [tried, 2n * step];
    }
    for (let tries = 0; tries < BISECTIONS_MAX && high - low > EVENT_BLOCKS; tries++) {
      const middle = (low + high) / 2n;
      if (await this.#isBefore(middle, moment)) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Whether a block is of an earlier time; one that the node does not have is. */
  async #isBefore(height: bigint, moment: number): Promise<boolean> {
    try {
      return Date.parse((await this.#block(String(height))).timestamp) < moment;
    } catch (error) {
      if (error instanceof NotThereError) return true;
      throw error;
    }
  }

  async #block(height: string): Promise<{ readonly height: bigint; readonly timestamp: string }> {
    return (await this.#node.ask(`/blocks?height=${height}`, blocks))[0]!.header;
  }

  /** What a script returns after a block, by default the newest sealed one. `given` are arguments in JSON-Cadence. */
  run(code: string, given: readonly string[] = [], height = "sealed"): Promise<CadenceValue> {
    const script = code.replace(/^(\s*)import "(\w+)"/gm, `$1import $2 from 0x${this.#address}`);
    return this.#node.run(script, given, height);
  }
}

/** The value with the bundle's names of fields, in their order, without fields that a bundle does not have. */
function renamed(value: CadenceValue): CadenceValue {
  if (Array.isArray(value)) return value.map(renamed);
  if (typeof value !== "object" || value === null) return value;
  const fields = value as CadenceFields;
  const named = Object.entries(NAMES).filter(([name]) => fields[name] !== undefined);
  return Object.fromEntries(named.map(([name, wanted]) => [wanted, renamed(fields[name] as CadenceValue)]));
}
