/**
 * Flare's signing policy: who may sign roots in a reward epoch, and with what weight; and the message that voters sign.
 *
 * Bytes of a policy, big-endian: size(2) rewardEpochId(3) startVotingRoundId(4) threshold(2) seed(32) and, for each
 * voter, address(20) weight(2). Source: flare-smart-contracts-v2, `Relay.sol`.
 */
import { concat, keccak256, toNumber, utf8, word, WORD_BYTES, type Bytes } from "./bytes.ts";

export const HEAD_BYTES = 43;
export const VOTER_BYTES = 22;
export const VOTERS_MAX = 300;
export const FDC_PROTOCOL_ID = 200;
/** v(1) r(32) s(32) and the voter's place in the policy(2). */
export const SIGNATURE_BYTES = 67;
const WEIGHT_SUM_LIMIT = 65_536;
const MESSAGE_BYTES = 38;
const EIP191_PREFIX = utf8("\x19Ethereum Signed Message:\n32");

/** A voter's signing address (20 bytes) and normalised weight. */
export interface Voter {
  readonly address: Bytes;
  readonly weight: number;
}

export interface SigningPolicy {
  readonly rewardEpoch: number;
  readonly startVotingRound: number;
  readonly threshold: number;
  readonly voters: readonly Voter[];
}

/** Throws unless the bytes are exactly one policy that Flare's Relay allows. */
export function decodePolicy(encoded: Bytes): SigningPolicy {
  if (encoded.length < HEAD_BYTES) throw new Error(`a signing policy has ${HEAD_BYTES} bytes and more`);
  const size = toNumber(encoded.subarray(0, 2));
  if (size > VOTERS_MAX || encoded.length !== HEAD_BYTES + size * VOTER_BYTES) {
    throw new Error(`a signing policy of ${size} voters does not have ${encoded.length} bytes`);
  }
  const policy = {
    rewardEpoch: toNumber(encoded.subarray(2, 5)),
    startVotingRound: toNumber(encoded.subarray(5, 9)),
    threshold: toNumber(encoded.subarray(9, 11)),
    voters: Array.from({ length: size }, (_, place) => voterAt(encoded, HEAD_BYTES + place * VOTER_BYTES)),
  };
  requireAccepted(policy);
  return policy;
}

function voterAt(encoded: Bytes, at: number): Voter {
  return { address: encoded.slice(at, at + 20), weight: toNumber(encoded.subarray(at + 20, at + VOTER_BYTES)) };
}

function requireAccepted({ voters, threshold }: SigningPolicy): void {
  const weight = voters.reduce((sum, voter) => sum + voter.weight, 0);
  if (!voters.length) throw new Error("a signing policy has voters");
  if (weight >= WEIGHT_SUM_LIMIT) throw new Error(`the weights sum to ${weight}, which is not below 65536`);
  if (100 * threshold < 50 * weight || 100 * threshold > 66 * weight) {
    throw new Error(`the threshold ${threshold} is not 50 to 66 percent of the weight ${weight}`);
  }
}

/** The deployed Relay's hash: each 32-byte word, the last padded with zeros, hashed with the hash so far. */
export function legacyHash(policy: Bytes): Bytes {
  const padded = new Uint8Array(Math.ceil(policy.length / WORD_BYTES) * WORD_BYTES);
  padded.set(policy);
  let current: Bytes = padded.subarray(0, WORD_BYTES);
  for (let at = WORD_BYTES; at < padded.length; at += WORD_BYTES) {
    current = keccak256(current, padded.subarray(at, at + WORD_BYTES));
  }
  return current;
}

/** The next Relay's hash: one hash of the chain id as a 32-byte word and the policy or the message. */
export function chainBoundHash(content: Bytes, chainId: bigint): Bytes {
  return keccak256(word(chainId), content);
}

/** The hash of a policy in the deployed scheme, and in the chain-bound one. */
export function policyHashes(policy: Bytes, chainId: bigint): readonly Bytes[] {
  return [legacyHash(policy), chainBoundHash(policy, chainId)];
}

/** The digest that is signed: the EIP-191 hash of the hash of a message or of a policy. */
export function signedDigest(contentHash: Bytes): Bytes {
  return keccak256(EIP191_PREFIX, contentHash);
}

/** What voters sign in a round. */
export interface RootMessage {
  readonly protocolId: number;
  readonly votingRound: number;
  readonly merkleRoot: Bytes;
}

/** protocolId(1) votingRoundId(4) isSecureRandom(1) merkleRoot(32). Throws for any other length. */
export function decodeMessage(encoded: Bytes): RootMessage {
  if (encoded.length !== MESSAGE_BYTES) throw new Error(`a message has ${MESSAGE_BYTES} bytes, not ${encoded.length}`);
  return {
    protocolId: encoded[0] as number,
    votingRound: toNumber(encoded.subarray(1, 5)),
    merkleRoot: concat(encoded.subarray(6)),
  };
}
