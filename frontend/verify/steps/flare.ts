/**
 * What Flare's voters signed: policy, signatures, root, and the response that the root contains.
 */
import { countedText } from "../amounts.ts";
import type { Trigger } from "../bundle.ts";
import { hex0x, isSame, keccak256, toBigInt, WORD_BYTES, type Bytes } from "../bytes.ts";
import { STATEMENT_FIELDS } from "../documents.ts";
import { DifferenceError, MissingError, type Evidence, type Link } from "../evidence.ts";
import { fold } from "../merkle.ts";
import { FDC_PROTOCOL_ID, type SigningPolicy } from "../policy.ts";
import { messageQuorum, NoQuorumError, requirePolicyQuorum } from "../quorum.ts";
import { ABI_SIGNATURE, DATA_BYTES, encodeResponse, POST_PROCESS_JQ, statementUrl } from "../request.ts";

const ROUND_WORD = 3;
const TIMESTAMP_WORD = 4;

/** The policies lead from the first one to the last, each signed by a quorum of the one before. */
export function checkPolicy(evidence: Evidence): string {
  const policies = evidence.policies();
  for (let place = 1; place < policies.length; place++) requireFollows(evidence, place);
  const last = policies.at(-1) as SigningPolicy;
  const first = evidence.trust.policyHash ? "the trusted one" : "the first one known";
  const rolled =
    policies.length > 1 ? `rolled from ${first} of reward epoch ${policies[0]?.rewardEpoch}` : first;
  return `reward epoch ${last.rewardEpoch}, ${last.voters.length} voters, ${rolled}${asInRelay(evidence)}`;
}

function requireFollows(evidence: Evidence, place: number): void {
  const [previous, policy] = evidence.policies().slice(place - 1, place + 1) as [SigningPolicy, SigningPolicy];
  const signed = evidence.signedPolicies()[place] as { readonly policy: Bytes; readonly signatures: Bytes };
  if (policy.rewardEpoch !== previous.rewardEpoch + 1) {
    const words = `a policy of reward epoch ${policy.rewardEpoch} follows on ${previous.rewardEpoch}`;
    throw new DifferenceError("policy", words);
  }
  try {
    requirePolicyQuorum(previous, signed.policy, signed.signatures, evidence.chainId);
  } catch (error) {
    if (!(error instanceof NoQuorumError)) throw error;
    throw new DifferenceError("policy", `the policy of reward epoch ${policy.rewardEpoch}: ${error.message}`);
  }
}

function asInRelay(evidence: Evidence): string {
  const told = evidence.bundle.on_flare?.policy_hash;
  if (!told) return "";
  const newest = evidence.signedPolicies().at(-1)?.policy as Bytes;
  if (!evidence.hashesOf(newest).some((hash) => isSame(hash, told))) {
    throw new DifferenceError("policy", `Flare's Relay has the policy ${hex0x(told)} for this reward epoch`);
  }
  return ", as in Flare's Relay";
}

/** A quorum of voters of a policy that is in force in the round signed its root. */
export function checkSignatures(evidence: Evidence): string {
  const { protocolId, votingRound } = evidence.message();
  if (protocolId !== FDC_PROTOCOL_ID) {
    const words = `what was signed is of protocol ${protocolId}, not of the Data Connector`;
    throw new DifferenceError("signatures", words);
  }
  const { message, signatures } = evidence.attested();
  let reason = `none of the policies is in force in voting round ${votingRound}`;
  for (const policy of inForce(evidence, votingRound)) {
    try {
      const said = messageQuorum(policy, message, signatures, evidence.chainId);
      return `the root of voting round ${votingRound} by ${said}`;
    } catch (error) {
      if (!(error instanceof NoQuorumError)) throw error;
      reason = error.message;
    }
  }
  throw new DifferenceError("signatures", reason);
}

/**
 * The policies whose voters may sign a round, by the Relay's rules. Beyond its reward epoch a policy counts only up to
 * the start of the next one, which must be known.
 */
function inForce(evidence: Evidence, votingRound: number): readonly SigningPolicy[] {
  const policies = evidence.policies();
  const expected = BigInt(votingRound) / evidence.onFlow().rounds_per_reward_epoch;
  return policies.filter((policy, place) => {
    const following = policies[place + 1];
    const hasBegun = policy.startVotingRound <= votingRound && BigInt(policy.rewardEpoch) <= expected;
    const isFollowed = following === undefined || following.startVotingRound <= votingRound;
    return hasBegun && !(expected > BigInt(policy.rewardEpoch) && isFollowed);
  });
}

/** Flare's Relay, or its data availability layer, has the same root. Left out when Flare was not asked. */
export function checkFlareRoot(evidence: Evidence): string | null {
  const told = evidence.bundle.on_flare;
  if (told === null) return null;
  const who = told.policy_hash === null ? "Flare's data availability layer" : "Flare's Relay";
  return sameRoot(evidence, told.root, "flare-root", who);
}

/** The light client on Flow has confirmed the same root. */
export function checkFlowRoot(evidence: Evidence): string {
  const { root } = evidence.onFlow();
  if (root === null) {
    throw new MissingError(
      "the light client on Flow has no root of this round: it was not brought, or is no longer kept",
    );
  }
  return sameRoot(evidence, root, "flow-root", "the light client on Flow");
}

function sameRoot(evidence: Evidence, root: Bytes, link: Link, who: string): string {
  const { merkleRoot } = evidence.message();
  if (!isSame(root, merkleRoot)) {
    const words = `${who} has the root ${hex0x(root)}, and the voters signed ${hex0x(merkleRoot)}`;
    throw new DifferenceError(link, words);
  }
  return `${who} has ${hex0x(root)} too`;
}

/** The response is, byte for byte, one to the request that the contract on Flow waits for. */
export function checkResponse(evidence: Evidence): string {
  const { response } = evidence.attested();
  const known = evidence.onFlow().triggers.filter((one) => !one.is_pending && attestsOurFields(one));
  if (!known.length) throw new MissingError("no trigger on Flow attests the fields that this page knows");
  for (const trigger of known) {
    const wanted = expected(response, trigger);
    if (wanted !== null && isSame(response, wanted)) {
      const fields = STATEMENT_FIELDS.length;
      return `${response.length} bytes, all as trigger ${trigger.trigger_id} on Flow wants them but ${fields} values`;
    }
  }
  throw new DifferenceError("response", `it answers another request than that for ${known.at(-1)?.url_prefix}<epoch>`);
}

function attestsOurFields(trigger: Trigger): boolean {
  return trigger.post_process_jq === POST_PROCESS_JQ && trigger.abi_signature === ABI_SIGNATURE;
}

/** The response with the values that vary, as this one has them; null for a malformed trigger or response. */
function expected(response: Bytes, { source, url_prefix }: Trigger): Bytes | null {
  if (response.length <= WORD_BYTES * (TIMESTAMP_WORD + STATEMENT_FIELDS.length)) return null;
  const data = response.subarray(-DATA_BYTES);
  const epoch = toBigInt(data.subarray(0, WORD_BYTES));
  try {
    const url = statementUrl(url_prefix, epoch);
    return encodeResponse(source, url, data, wordAt(response, ROUND_WORD), wordAt(response, TIMESTAMP_WORD));
  } catch {
    return null;
  }
}

function wordAt(response: Bytes, place: number): bigint {
  return toBigInt(response.subarray(place * WORD_BYTES, (place + 1) * WORD_BYTES));
}

/** The response leads to the root that the voters signed, and is of that round. */
export function checkProof(evidence: Evidence): string {
  const { response, siblings } = evidence.attested();
  const { votingRound, merkleRoot } = evidence.message();
  const round = wordAt(response, ROUND_WORD);
  if (round !== BigInt(votingRound)) {
    throw new DifferenceError("proof", `the response is of round ${round}, the signed root of ${votingRound}`);
  }
  const root = fold(keccak256(response), siblings);
  if (!isSame(root, merkleRoot)) {
    throw new DifferenceError("proof", `response and siblings lead to ${hex0x(root)}, not to ${hex0x(merkleRoot)}`);
  }
  return `the response's hash leads to the signed root, with ${countedText(siblings.length, "sibling")}`;
}
