/**
 * The signing policies of Flare from a trusted one to that of a round, with the signatures that lead along.
 *
 * A policy is in an event of the Relay, its signatures are in calls of FlareSystemsManager, both some hours before the
 * policy starts. Public nodes search only few blocks at once, so these blocks are found by their time.
 */
import { POLICIES_MAX } from "../bundle.ts";
import { concat, isSame, keccak256, toBigInt, toHex, toNumber, utf8, word, WORD_BYTES, type Bytes } from "../bytes.ts";
import { decodePolicy, type SigningPolicy } from "../policy.ts";
import { RefusedError, SourceError } from "./errors.ts";
import type { FlareNode, Log } from "./flare.ts";

const POLICY_TOPIC = keccak256(
  utf8("SigningPolicyInitialized(uint24,uint32,uint16,uint256,address[],uint16[],bytes,uint64)"),
);
const SIGNED_TOPIC = keccak256(utf8("SigningPolicySigned(uint24,address,address,uint64,bool)"));
const SIGN_SELECTOR = keccak256(utf8("signNewSigningPolicy(uint24,bytes32,(uint8,bytes32,bytes32))")).subarray(0, 4);
const SIGN_CALL_BYTES = 4 + 5 * WORD_BYTES;
/** Where v, r and s begin in that call. */
const SIGNATURE_AT = 4 + 3 * WORD_BYTES - 1;
const BYTES_OFFSET_WORD = 5;
/** What public nodes search at once. */
const STRETCH_BLOCKS = 30n;
const STRETCHES_MAX = 800;
const BISECTIONS_MAX = 64;

/** A policy, and the voters' signatures of the policy before for it, as a bundle has them. */
export interface SignedPolicy {
  readonly policy: Bytes;
  readonly signatures: Bytes;
}

/** A signing policy on Flare, and the signature (v r s) of each address that signed for it, by its hex. */
interface Sighting {
  readonly policy: Bytes;
  readonly signatures: ReadonlyMap<string, Bytes>;
}

/**
 * The policies from the trusted one to `newest`, oldest first; what was found when none is trusted. Throws SourceError
 * when the node gives no usable answer.
 */
export async function policiesBackTo(
  node: FlareNode,
  newest: Bytes,
  isTrusted: (policy: Bytes) => boolean,
): Promise<readonly SignedPolicy[]> {
  const none = new Uint8Array();
  if (isTrusted(newest)) return [{ policy: newest, signatures: none }];
  const found: SignedPolicy[] = [];
  let seen = await sighting(node, decoded(newest).rewardEpoch);
  while (!isTrusted(seen.policy) && found.length < POLICIES_MAX - 1) {
    const before = await sighting(node, decoded(seen.policy).rewardEpoch - 1);
    found.unshift({ policy: seen.policy, signatures: inOrder(seen.signatures, decoded(before.policy)) });
    seen = before;
  }
  return [{ policy: seen.policy, signatures: none }, ...found];
}

async function sighting(node: FlareNode, rewardEpoch: number): Promise<Sighting> {
  let policy: Bytes | null = null;
  const signatures = new Map<string, Bytes>();
  for await (const log of logsAbout(node, BigInt(rewardEpoch))) {
    if (isPolicy(log)) policy = bytesAt(log.data, BYTES_OFFSET_WORD);
    else if (log.topics[2] !== undefined) {
      const call = await node.calldata(log.transactionHash);
      const isSigning = isSame(call.subarray(0, 4), SIGN_SELECTOR) && call.length === SIGN_CALL_BYTES;
      if (isSigning) signatures.set(toHex(log.topics[2].subarray(12)), call.slice(SIGNATURE_AT));
    }
  }
  if (policy === null) throw new SourceError(`the node of Flare has no signing policy of reward epoch ${rewardEpoch}`);
  return { policy, signatures };
}

/** The logs about a reward epoch's policy: of all blocks at once, or else back from the policy's start. */
async function* logsAbout(node: FlareNode, rewardEpoch: bigint): AsyncGenerator<Log> {
  const contracts = [await node.contract("Relay"), await node.contract("FlareSystemsManager")] as const;
  const events = [POLICY_TOPIC, SIGNED_TOPIC];
  try {
    const { number } = await node.block();
    yield* await node.logs(contracts, events, rewardEpoch, [0n, number]);
    return;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
  }
  let end = await startBlock(node, contracts, rewardEpoch);
  for (let stretch = 0; stretch < STRETCHES_MAX && end > 0n; stretch += 1) {
    const first = end >= STRETCH_BLOCKS ? end - STRETCH_BLOCKS + 1n : 0n;
    const logs = await node.logs(contracts, events, rewardEpoch, [first, end]);
    yield* logs;
    if (logs.some(isPolicy)) return;
    end -= STRETCH_BLOCKS;
  }
}

/** The first block at or after the start of a reward epoch's policy; the newest if it has not started. */
async function startBlock(node: FlareNode, [relay, manager]: readonly [string, string], rewardEpoch: bigint): Promise<bigint> {
  const startRound = toBigInt(await node.view(relay, "startingVotingRoundIds(uint256)", rewardEpoch));
  const firstStart = toBigInt(await node.view(manager, "firstVotingRoundStartTs()"));
  const seconds = toBigInt(await node.view(manager, "votingEpochDurationSeconds()"));
  const moment = firstStart + startRound * seconds;
  let [low, high] = [0n, (await node.block()).number];
  for (let tries = 0; tries < BISECTIONS_MAX && high - low > 1n; tries += 1) {
    const middle = (low + high) / 2n;
    if ((await node.block(middle)).timestamp < moment) low = middle;
    else high = middle;
  }
  return high;
}

function isPolicy({ topics }: Log): boolean {
  return topics[0] !== undefined && isSame(topics[0], POLICY_TOPIC);
}

function decoded(policy: Bytes): SigningPolicy {
  try {
    return decodePolicy(policy);
  } catch (error) {
    throw new SourceError(`a signing policy is malformed: ${String(error)}`);
  }
}

/** The signatures by voters of a policy as the Relay takes them, each once, by rising index. */
function inOrder(signatures: ReadonlyMap<string, Bytes>, { voters }: SigningPolicy): Bytes {
  const left = new Map(signatures);
  const parts = voters.flatMap(({ address }, index) => {
    const name = toHex(address);
    const signature = left.get(name);
    left.delete(name);
    return signature === undefined ? [] : [signature, word(index).subarray(-2)];
  });
  return concat(...parts);
}

/** The `bytes` whose offset is in a word of ABI-encoded data. */
function bytesAt(data: Bytes, place: number): Bytes {
  const offset = numberAt(data, place * WORD_BYTES);
  const begin = offset + WORD_BYTES;
  return data.slice(begin, begin + numberAt(data, offset));
}

/** The number in a word, of which no offset or length needs more than its last six bytes. */
function numberAt(data: Bytes, at: number): number {
  return toNumber(data.subarray(at + WORD_BYTES - 6, at + WORD_BYTES));
}
