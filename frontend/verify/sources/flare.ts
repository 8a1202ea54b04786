/**
 * A node of Flare by JSON-RPC: what the Relay has of a round and of a signing policy.
 */
import { abiBytes, concat, hex0x, keccak256, utf8, word, WORD_BYTES, type Bytes } from "../bytes.ts";
import { FDC_PROTOCOL_ID } from "../policy.ts";
import { having, text } from "../reading.ts";
import { parsed, SourceError, type Requests } from "./http.ts";

const WHO = "the node of Flare";
const ANSWER_CHARACTERS_MAX = 100_000;
const WORD = /^0x[0-9a-f]{64}$/;

/** Every method throws SourceError without a usable answer. */
export class FlareNode {
  readonly #requests: Requests;
  readonly #url: string;
  readonly #registry: string;

  /** `registry` is the address of FlareContractRegistry, which names the Relay. */
  constructor(requests: Requests, url: string, registry: string) {
    this.#requests = requests;
    this.#url = url;
    this.#registry = registry;
  }

  /** The Relay's root of a round of the Data Connector, and its hash of a reward epoch's signing policy, as 0x hex. */
  async relayed(votingRound: bigint, rewardEpoch: bigint): Promise<{ readonly root: string; readonly policy_hash: string }> {
    const named = concat(word(WORD_BYTES), abiBytes(utf8("Relay")));
    const relay = `0x${(await this.#view(this.#registry, "getContractAddressByName(string)", named)).slice(-40)}`;
    const rounds = concat(word(FDC_PROTOCOL_ID), word(votingRound));
    return {
      root: await this.#view(relay, "merkleRoots(uint256,uint256)", rounds),
      policy_hash: await this.#view(relay, "toSigningPolicyHash(uint256)", word(rewardEpoch)),
    };
  }

  /** The one word that a view of a contract returns. */
  async #view(contract: string, signature: string, given: Bytes): Promise<string> {
    const data = hex0x(concat(keccak256(utf8(signature)).subarray(0, 4), given));
    const call = { jsonrpc: "2.0", id: 1, method: "eth_call", params: [{ to: contract, data }, "latest"] };
    const request = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(call) } as const;
    const answer = await this.#requests.text(WHO, this.#url, request, ANSWER_CHARACTERS_MAX);
    const { result } = parsed(WHO, answer, having({ result: text(66) }));
    if (!WORD.test(result)) throw new SourceError(`${WHO} answered ${signature} in an unknown form`);
    return result;
  }
}
