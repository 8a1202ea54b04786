/**
 * A node of Flare by JSON-RPC: what the Relay has of a round and of a signing policy; logs, blocks and transactions.
 */
import { abiBytes, concat, hex0x, keccak256, utf8, word, WORD_BYTES, type Bytes } from "../bytes.ts";
import { FDC_PROTOCOL_ID } from "../policy.ts";
import { bytes, FormError, having, list, type Reader } from "../reading.ts";
import { RefusedError } from "./errors.ts";
import { parsed, type Requests } from "./http.ts";

const WHO = "the node of Flare";
const ANSWER_CHARACTERS_MAX = 16_000_000;
const LOGS_MAX = 1_000;
const BYTES_MAX = 1_000_000;
const MESSAGE_CHARACTERS_MAX = 200;

const hash = bytes(WORD_BYTES, WORD_BYTES);
const log = having({ topics: list(hash, 4), data: bytes(BYTES_MAX), transactionHash: hash });
const block = having({ number: quantity, timestamp: quantity });
const transaction = having({ input: bytes(BYTES_MAX) });

/** One event of a contract. */
export type Log = ReturnType<typeof log>;

/** Every method throws SourceError without a usable answer; RefusedError, one of them, for an error of JSON-RPC. */
export class FlareNode {
  readonly #requests: Requests;
  readonly #url: string;
  readonly #registry: string;

  /** `registry` is the address of FlareContractRegistry, which names the others. */
  constructor(requests: Requests, url: string, registry: string) {
    this.#requests = requests;
    this.#url = url;
    this.#registry = registry;
  }

  /** The Relay's root of a round of the Data Connector, and its hash of a reward epoch's signing policy, as 0x hex. */
  async relayed(votingRound: bigint, rewardEpoch: bigint): Promise<{ readonly root: string; readonly policy_hash: string }> {
    const relay = await this.contract("Relay");
    return {
      root: hex0x(await this.view(relay, "merkleRoots(uint256,uint256)", FDC_PROTOCOL_ID, votingRound)),
      policy_hash: hex0x(await this.view(relay, "toSigningPolicyHash(uint256)", rewardEpoch)),
    };
  }

  /** The address of one of Flare's contracts, of which the name has at most 32 characters. */
  async contract(name: string): Promise<string> {
    const named = concat(word(WORD_BYTES), abiBytes(utf8(name)));
    return hex0x((await this.#word(this.#registry, "getContractAddressByName(string)", named)).subarray(12));
  }

  /** The one word that a view of a contract returns. */
  view(contract: string, signature: string, ...given: readonly (bigint | number)[]): Promise<Bytes> {
    return this.#word(contract, signature, concat(...given.map(word)));
  }

  /** The logs of these events with this first indexed value, in these blocks. */
  logs(contracts: readonly string[], events: readonly Bytes[], first: bigint, blocks: readonly [bigint, bigint]): Promise<readonly Log[]> {
    const [fromBlock, toBlock] = blocks.map((number) => `0x${number.toString(16)}`);
    const wanted = { address: contracts, topics: [events.map(hex0x), hex0x(word(first))], fromBlock, toBlock };
    return this.#ask("eth_getLogs", [wanted], list(log, LOGS_MAX));
  }

  /** The number of a block and its time in Unix seconds; of the newest one by default. */
  block(number?: bigint): Promise<{ readonly number: bigint; readonly timestamp: bigint }> {
    return this.#ask("eth_getBlockByNumber", [number === undefined ? "latest" : `0x${number.toString(16)}`, false], block);
  }

  /** The input of a transaction. */
  async calldata(transactionHash: Bytes): Promise<Bytes> {
    return (await this.#ask("eth_getTransactionByHash", [hex0x(transactionHash)], transaction)).input;
  }

  #word(contract: string, signature: string, given: Bytes): Promise<Bytes> {
    const data = hex0x(concat(keccak256(utf8(signature)).subarray(0, 4), given));
    return this.#ask("eth_call", [{ to: contract, data }, "latest"], hash);
  }

  async #ask<T>(method: string, params: readonly unknown[], read: Reader<T>): Promise<T> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const request = { method: "POST", headers: { "content-type": "application/json" }, body } as const;
    const answer = await this.#requests.text(WHO, this.#url, request, ANSWER_CHARACTERS_MAX);
    return parsed(WHO, answer, (given, at) => {
      const { error, result } = given as { readonly error?: { readonly message?: unknown }; readonly result?: unknown };
      if (error != null) {
        throw new RefusedError(`${WHO} refused ${method}: ${String(error.message).slice(0, MESSAGE_CHARACTERS_MAX)}`);
      }
      return read(result, `${at}.result`);
    });
  }
}

/** A number as JSON-RPC writes it: `0x` and hex without leading zeros. */
function quantity(given: unknown, at: string): bigint {
  if (typeof given !== "string" || !/^0x[0-9a-f]{1,16}$/.test(given)) throw new FormError(`${at}: not a quantity`);
  return BigInt(given);
}
