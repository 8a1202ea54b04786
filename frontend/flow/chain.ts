/**
 * What the page reads of Flow by itself: the outcome of a transaction, an account's tokens, and scripts.
 *
 * It asks an access node by its REST API, so that nothing of it needs a wallet or FCL.
 */
import type { FlowDeployment } from "./deployment.ts";
import { withAddresses } from "./deployment.ts";
import { ChainUnavailableError } from "./errors.ts";

/** How far a transaction is. `expired`: it can never be executed any more. `unknown`: the node does not know it. */
export type TransactionState = "unknown" | "pending" | "in_block" | "sealed" | "expired";

export interface TransactionResult {
  readonly state: TransactionState;
  /** Why it was undone; null where it was not. Only then nothing of it has happened, except for the network fee. */
  readonly error: string | null;
  readonly events: readonly ChainEvent[];
}

/** An event: the contract and the name, such as `SubscriptionCustody.SubscriptionOpened`, and its fields. */
export interface ChainEvent {
  readonly name: string;
  readonly fields: Readonly<Record<string, CadenceValue>>;
}

/** A Cadence value without its type: numbers and addresses are texts, structs are records. */
export type CadenceValue =
  | string
  | boolean
  | null
  | readonly CadenceValue[]
  | { readonly [name: string]: CadenceValue };

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

/** Asks the access node of the deployment. */
export function chainOf(flow: FlowDeployment, send: typeof fetch = fetch): Chain {
  async function ask(path: string, init: RequestInit = {}): Promise<{ status: number; body: unknown }> {
    try {
      const signal = AbortSignal.timeout(ANSWER_MS_MAX);
      const response = await send(`${flow.access_node}/v1${path}`, { ...init, signal });
      return { status: response.status, body: await response.json() };
    } catch (error) {
      throw new ChainUnavailableError(`Flow's access node gave no answer: ${String(error)}`);
    }
  }

  return {
    async transaction(id) {
      const { status, body } = await ask(`/transaction_results/${id}`);
      if (status === 404) return { state: "unknown", error: null, events: [] };
      if (status !== 200) throw new ChainUnavailableError(`Flow's access node answered ${status} for ${id}`);
      return resultOf(body as RestResult);
    },
    async balance(address) {
      const path = `/accounts/${address.replace(/^0x/, "")}`;
      const { status, body } = await ask(path);
      if (status === 404) return null;
      if (status !== 200) throw new ChainUnavailableError(`Flow's access node answered ${status} to ${path}`);
      return BigInt((body as { readonly balance: string }).balance);
    },
    async run(code, args) {
      const script = {
        script: base64(withAddresses(code, flow)),
        arguments: args.map((argument) => base64(JSON.stringify(jsonCdc(argument)))),
      };
      const headers = { "content-type": "application/json" };
      const path = "/scripts?block_height=sealed";
      const { status, body } = await ask(path, { method: "POST", headers, body: JSON.stringify(script) });
      if (status !== 200) throw new ChainUnavailableError(`Flow's access node answered ${status} to a script`);
      return decoded(body as string);
    },
  };
}

interface RestResult {
  readonly status: string;
  readonly error_message: string;
  readonly events?: readonly { readonly type: string; readonly payload: string }[];
}

const STATES: Readonly<Record<string, TransactionState>> = {
  Pending: "pending",
  Finalized: "in_block",
  Executed: "in_block",
  Sealed: "sealed",
  Expired: "expired",
};

function resultOf(result: RestResult): TransactionResult {
  return {
    state: STATES[result.status] ?? "unknown",
    error: result.error_message || null,
    events: (result.events ?? []).map((event) => ({
      name: event.type.split(".").slice(-2).join("."),
      fields: decoded(event.payload) as ChainEvent["fields"],
    })),
  };
}

/** JSON-CDC of an argument. */
function jsonCdc(argument: Argument): unknown {
  if (argument.type !== "UFix64?") return argument;
  return { type: "Optional", value: argument.value === null ? null : { type: "UFix64", value: argument.value } };
}

interface JsonCdc {
  readonly type: string;
  readonly value?: unknown;
}

function decoded(text: string): CadenceValue {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return valueOf(JSON.parse(new TextDecoder().decode(bytes)) as JsonCdc);
}

function valueOf({ type, value }: JsonCdc): CadenceValue {
  switch (type) {
    case "Optional":
      return value === null ? null : valueOf(value as JsonCdc);
    case "Array":
      return (value as readonly JsonCdc[]).map(valueOf);
    case "Dictionary": {
      const pairs = value as readonly { readonly key: JsonCdc; readonly value: JsonCdc }[];
      return Object.fromEntries(pairs.map((pair) => [String(valueOf(pair.key)), valueOf(pair.value)]));
    }
    case "Struct":
    case "Event": {
      const { fields } = value as { readonly fields: readonly { readonly name: string; readonly value: JsonCdc }[] };
      return Object.fromEntries(fields.map((field) => [field.name, valueOf(field.value)]));
    }
    case "String":
    case "Bool":
    case "Address":
      return value as string | boolean;
    default:
      return typeof value === "string" ? value : null;
  }
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
