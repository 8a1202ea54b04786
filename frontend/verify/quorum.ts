/**
 * Whether a quorum of Flare's voters signed something, by the rules of Flare's Relay. The Relay that is deployed today
 * hashes in one scheme; the next one puts the id of its chain into everything that is signed. Both count.
 */
import { secp256k1 } from "@noble/curves/secp256k1.js";

import { concat, isSame, keccak256, toHex, toNumber, type Bytes } from "./bytes.ts";
import { chainBoundHash, policyHashes, SIGNATURE_BYTES, signedDigest, type SigningPolicy } from "./policy.ts";

const SCHEMES = ["the deployed hash scheme", "the chain-bound hash scheme"] as const;
const V_MIN = 27;

/** The signatures are malformed, not by the voters they name, or of too little weight. */
export class NoQuorumError extends Error {}

/** v(1) r(32) s(32) index(2): a signature, and its voter's place in the policy. */
interface VoterSignature {
  readonly v: number;
  readonly rs: Bytes;
  readonly index: number;
}

interface Signed {
  readonly weight: number;
  readonly signers: number;
}

/** Who signed a message, in words. All signatures are in one scheme. Throws NoQuorumError. */
export function messageQuorum(policy: SigningPolicy, message: Bytes, signatures: Bytes, chainId: bigint): string {
  const decoded = decodeSignatures(signatures);
  const digests = [keccak256(message), chainBoundHash(message, chainId)].map(signedDigest);
  const found = digests.map((digest) => signedBy(policy, [digest], decoded));
  for (const [place, { weight, signers }] of found.entries()) {
    if (weight > policy.threshold) {
      const voters = `${signers} of ${policy.voters.length} voters`;
      return `${voters}, weight ${weight} above ${policy.threshold}, in ${SCHEMES[place]}`;
    }
  }
  throw noQuorum(policy, found.reduce((most, one) => (one.weight > most.weight ? one : most)), decoded);
}

/** Throws NoQuorumError unless voters of the policy before signed a policy, each in either scheme. */
export function requirePolicyQuorum(previous: SigningPolicy, policy: Bytes, signatures: Bytes, chainId: bigint): void {
  const digests = policyHashes(policy, chainId).map(signedDigest);
  const decoded = decodeSignatures(signatures);
  const signed = signedBy(previous, digests, decoded);
  if (signed.weight <= previous.threshold) throw noQuorum(previous, signed, decoded);
}

function noQuorum(policy: SigningPolicy, signed: Signed, signatures: readonly VoterSignature[]): NoQuorumError {
  return new NoQuorumError(
    `the first ${signed.signers} of ${signatures.length} signatures are by the voters they name; their weight is ` +
      `${signed.weight}, and more than ${policy.threshold} is needed`,
  );
}

function decodeSignatures(encoded: Bytes): readonly VoterSignature[] {
  if (encoded.length % SIGNATURE_BYTES) {
    throw new NoQuorumError(`${encoded.length} bytes are not a whole number of signatures of ${SIGNATURE_BYTES} bytes`);
  }
  return Array.from({ length: encoded.length / SIGNATURE_BYTES }, (_, place) => {
    const one = encoded.subarray(place * SIGNATURE_BYTES, (place + 1) * SIGNATURE_BYTES);
    return { v: one[0] as number, rs: one.subarray(1, 65), index: toNumber(one.subarray(65)) };
  });
}

/**
 * What is signed up to the quorum. The first signature that does not fit ends it, as in the Relay. Indices rise, so no
 * voter counts twice.
 */
function signedBy(policy: SigningPolicy, digests: readonly Bytes[], signatures: readonly VoterSignature[]): Signed {
  const weights = weightsOf(policy);
  let [weight, signers, nextIndex] = [0, 0, 0];
  for (const signature of signatures) {
    const voter = policy.voters[signature.index];
    if (weight > policy.threshold || signature.index < nextIndex || voter === undefined) break;
    if (!digests.some((digest) => isBy(voter.address, digest, signature))) break;
    weight += weights[signature.index] as number;
    signers += 1;
    nextIndex = signature.index + 1;
  }
  return { weight, signers };
}

function isBy(address: Bytes, digest: Bytes, signature: VoterSignature): boolean {
  const signer = signerOf(digest, signature.v, signature.rs);
  return signer !== null && isSame(signer, address);
}

/** The 20-byte address that signed a 32-byte digest; null for a malformed signature. `v` is 27 or 28. */
function signerOf(digest: Bytes, v: number, rs: Bytes): Bytes | null {
  if (v !== V_MIN && v !== V_MIN + 1) return null;
  try {
    const recovered = concat(Uint8Array.of(v - V_MIN), rs);
    const key = secp256k1.Signature.fromBytes(recovered, "recovered").recoverPublicKey(digest);
    return keccak256(key.toBytes(false).subarray(1)).slice(12);
  } catch {
    return null;
  }
}

/** The weight of each voter. An address that stands twice counts once, unless that would leave no quorum. */
function weightsOf({ voters, threshold }: SigningPolicy): readonly number[] {
  const seen = new Set<string>();
  const first = voters.map(({ address, weight }) => {
    const text = toHex(address);
    if (seen.has(text)) return 0;
    seen.add(text);
    return weight;
  });
  const sum = first.reduce((total, weight) => total + weight, 0);
  return sum > threshold ? first : voters.map(({ weight }) => weight);
}
