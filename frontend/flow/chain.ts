/**
 * What the page reads of Flow by itself: the outcome of a transaction, an account's tokens, and scripts.
 *
 * It asks an access node by its REST API, so that nothing of it needs a wallet or FCL. Fixed-point numbers come as text
 * of their units of 1e-8.
 */
import { count, having, list, orEmpty, text } from "../verify/reading.ts";
import { AccessNode, ANSWER_CHARACTERS_MAX, fieldsIn } from "../verify/sources/access_node.ts";
import { NotThereError, SourceError } from "../verify/sources/errors.ts";
import { Requests } from "../verify/sources/http.ts";
import type { CadenceValue } from "../verify/sources/json_cdc.ts";
import type { FlowDeployment } from "./deployment.ts";
import { withAddresses } from "./deployment.ts";
import { ChainUnavailableError } from "./errors.ts";

/** How far a transaction is. `expired`: it can never be executed any more. `unknown`: the node does not know it. */
export type TransactionState = "unknown" | "pending" | "in_block" | "sealed" | "expired";

export interface TransactionResult {
  readonly state: TransactionState;
  /** Why it was undone; null where it was not. Only then nothing of it has happened, except for the network fee. */
  readonly error: string | null;
  /** The network fee that was paid, in 1e-8 FLOW; null before it was executed. */
  readonly fee: bigint | null;
}

/** An argument of a script or a transaction, in Cadence's types. */
export type Argument =
  | { readonly type: "UInt64" | "UFix64" | "Address"; readonly value: string }
  | { readonly type: "UFix64?"; readonly value: string | null };

export interface Chain {
  /** Throws ChainUnavailableError when the node does not answer. */
  transaction(id: string): Promise<TransactionResult>;
  /** The FLOW of an account, in 1e-8; null where the network has no such account. Throws ChainUnavailableError. */
  balance(address: string): Promise<bigint | null>;
  /** Runs a script at the latest sealed block. Throws ChainUnavailableError. */
  run(code: string, args: readonly Argument[]): Promise<CadenceValue>;
}

const ANSWER_MS_MAX = 10_000;
const EVENTS_MAX = 10_000;
const ERROR_CHARACTERS_MAX = 1_000_000;

const account = having({ balance: count() });
const event = having({ type: text(500), payload: text(ANSWER_CHARACTERS_MAX) });
const result = having({
  status: text(50),
  error_message: text(ERROR_CHARACTERS_MAX),
  events: orEmpty(list(event, EVENTS_MAX)),
});

/** Asks the access node of the deployment. */
export function chainOf(flow: FlowDeployment, send: typeof fetch = fetch): Chain {
  /** What `ask` gets of the node, or `absent` where the node does not have it. */
  async function asked<T, A>(ask: (node: AccessNode) => Promise<T>, absent?: A): Promise<T | A> {
    const requests = new Requests((...request) => send(...request), AbortSignal.timeout(ANSWER_MS_MAX));
    try {
      return await ask(new AccessNode(requests, flow.access_node));
    } catch (error) {
      if (error instanceof NotThereError && absent !== undefined) return absent;
      if (error instanceof SourceError) throw new ChainUnavailableError(error.message);
      throw error;
    }
  }

  return {
    transaction: (id) =>
      asked(async (node) => resultOf(await node.ask(`/transaction_results/${id}`, result)), UNKNOWN),
    balance: (address) =>
      asked(async (node) => (await node.ask(`/accounts/${address.replace(/^0x/, "")}`, account)).balance, null),
    run: (code, args) =>
      asked((node) => node.run(withAddresses(code, flow), args.map((one) => JSON.stringify(jsonCdc(one))))),
  };
}

const UNKNOWN: TransactionResult = { state: "unknown", error: null, fee: null };

const STATES: Readonly<Record<string, TransactionState>> = {
  Pending: "pending",
  Finalized: "in_block",
  Executed: "in_block",
  Sealed: "sealed",
  Expired: "expired",
};

function resultOf({ status, error_message: error, events }: ReturnType<typeof result>): TransactionResult {
  const paid = events.find(({ type }) => type.endsWith(".FlowFees.FeesDeducted"));
  const fee = paid === undefined ? null : BigInt(String(fieldsIn(paid.payload)["amount"]));
  return { state: STATES[status] ?? "unknown", error: error || null, fee };
}

/** JSON-CDC of an argument. */
function jsonCdc(argument: Argument): unknown {
  if (argument.type !== "UFix64?") return argument;
  return { type: "Optional", value: argument.value === null ? null : { type: "UFix64", value: argument.value } };
}
