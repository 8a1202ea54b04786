"""What Flare's voters signed: policy, signatures, root, and the response that the root contains."""

from collections.abc import Iterator
from itertools import pairwise, zip_longest

from flareflow.attestation.relay import FDC_PROTOCOL_ID
from flareflow.attestation.request import (
    ABI_SIGNATURE,
    ATTESTED_FIELDS,
    POST_PROCESS_JQ,
    AttestationTarget,
    encode_response,
    leaf_hash,
)
from flareflow.attestation.signing_policy import SigningPolicy
from flareflow.keccak import WORD_BYTES
from flareflow.merkle import fold
from flareflow_verify.amounts import counted
from flareflow_verify.bundle import Trigger
from flareflow_verify.evidence import DifferenceError, Evidence, Link, MissingError
from flareflow_verify.quorum import NoQuorumError, message_quorum, require_policy_quorum

ROUND_WORD = 3
TIMESTAMP_WORD = 4


def check_policy(evidence: Evidence) -> str:
    """The policies lead from the first one to the last, each signed by a quorum of the one before."""
    signed, policies = evidence.signed_policies, evidence.policies
    for (previous, policy), one in zip(pairwise(policies), signed[1:], strict=True):
        if policy.reward_epoch != previous.reward_epoch + 1:
            raise DifferenceError(
                Link.POLICY, f"a policy of reward epoch {policy.reward_epoch} follows on {previous.reward_epoch}"
            )
        try:
            require_policy_quorum(previous, one.policy, one.signatures, evidence.chain_id)
        except NoQuorumError as error:
            raise DifferenceError(Link.POLICY, f"the policy of reward epoch {policy.reward_epoch}: {error}") from error
    first = "the trusted one" if evidence.trust.policy_hash else "the first one known"
    rolled = f"rolled from {first} of reward epoch {policies[0].reward_epoch}" if len(policies) > 1 else first
    return f"reward epoch {policies[-1].reward_epoch}, {len(policies[-1].voters)} voters, {rolled}" + _relay(evidence)


def _relay(evidence: Evidence) -> str:
    told = evidence.bundle.on_flare.policy_hash if evidence.bundle.on_flare else None
    if told is None:
        return ""
    if told not in evidence.hashes_of(evidence.signed_policies[-1].policy):
        raise DifferenceError(Link.POLICY, f"Flare's Relay has the policy 0x{told.hex()} for this reward epoch")
    return ", as in Flare's Relay"


def check_signatures(evidence: Evidence) -> str:
    """A quorum of voters of a policy that is in force in the round signed its root."""
    message = evidence.message
    if message.protocol_id != FDC_PROTOCOL_ID:
        raise DifferenceError(
            Link.SIGNATURES, f"what was signed is of protocol {message.protocol_id}, not of the Data Connector"
        )
    reasons = [f"none of the policies is in force in voting round {message.voting_round}"]
    for policy in _in_force(evidence, message.voting_round):
        try:
            said = message_quorum(policy, evidence.attested.message, evidence.attested.signatures, evidence.chain_id)
        except NoQuorumError as error:
            reasons.append(str(error))
        else:
            return f"the root of voting round {message.voting_round} by {said}"
    raise DifferenceError(Link.SIGNATURES, reasons[-1])


def _in_force(evidence: Evidence, voting_round: int) -> Iterator[SigningPolicy]:
    """The policies whose voters may sign a round, by the Relay's rules.

    Beyond its reward epoch a policy counts only up to the start of the next one, which must be known.
    """
    policies, expected = evidence.policies, voting_round // evidence.on_flow.rounds_per_reward_epoch
    for policy, following in zip_longest(policies, policies[1:]):
        has_begun = policy.start_voting_round <= voting_round and policy.reward_epoch <= expected
        is_followed = following is None or following.start_voting_round <= voting_round
        if has_begun and not (expected > policy.reward_epoch and is_followed):
            yield policy


def check_flare_root(evidence: Evidence) -> str | None:
    """Flare's Relay, or its data availability layer, has the same root. Left out when Flare was not asked."""
    told = evidence.bundle.on_flare
    if told is None:
        return None
    who = "Flare's data availability layer" if told.policy_hash is None else "Flare's Relay"
    return _same_root(evidence, told.root, Link.FLARE_ROOT, who)


def check_flow_root(evidence: Evidence) -> str:
    """The light client on Flow has confirmed the same root."""
    root = evidence.on_flow.root
    if root is None:
        raise MissingError(
            "the light client on Flow has no root of this round: it was not brought, or is no longer kept"
        )
    return _same_root(evidence, root, Link.FLOW_ROOT, "the light client on Flow")


def _same_root(evidence: Evidence, root: bytes, link: Link, who: str) -> str:
    if root != evidence.message.merkle_root:
        raise DifferenceError(
            link, f"{who} has the root 0x{root.hex()}, and the voters signed 0x{evidence.message.merkle_root.hex()}"
        )
    return f"{who} has 0x{root.hex()} too"


def check_response(evidence: Evidence) -> str:
    """The response is, byte for byte, one to the request that the contract on Flow waits for."""
    response = evidence.attested.response
    known = [one for one in evidence.on_flow.triggers if not one.is_pending and _attests_our_fields(one)]
    if not known:
        raise MissingError("no trigger on Flow attests the fields that this command knows")
    for trigger in known:
        if response == _expected(evidence, trigger):
            words = len(ATTESTED_FIELDS)
            return f"{len(response)} bytes, all as trigger {trigger.trigger_id} on Flow wants them but {words} values"
    raise DifferenceError(Link.RESPONSE, f"it answers another request than that for {known[-1].url_prefix}<epoch>")


def _attests_our_fields(trigger: Trigger) -> bool:
    return (trigger.post_process_jq, trigger.abi_signature) == (POST_PROCESS_JQ, ABI_SIGNATURE)


def _expected(evidence: Evidence, trigger: Trigger) -> bytes | None:
    """The response with the values that vary, as this one has them; None for a malformed trigger or response."""
    response = evidence.attested.response
    words = [int.from_bytes(response[at : at + WORD_BYTES]) for at in range(0, len(response), WORD_BYTES)]
    if len(words) <= TIMESTAMP_WORD + len(ATTESTED_FIELDS):
        return None
    epoch = words[-len(ATTESTED_FIELDS)]
    try:
        body = AttestationTarget(trigger.source, trigger.url_prefix).request_body(epoch)
        data = response[-WORD_BYTES * len(ATTESTED_FIELDS) :]
        return encode_response(trigger.source, body, data, words[ROUND_WORD], words[TIMESTAMP_WORD])
    except ValueError:
        return None


def check_proof(evidence: Evidence) -> str:
    """The response leads to the root that the voters signed, and is of that round."""
    attested, message = evidence.attested, evidence.message
    voting_round = int.from_bytes(attested.response[ROUND_WORD * WORD_BYTES : (ROUND_WORD + 1) * WORD_BYTES])
    if voting_round != message.voting_round:
        raise DifferenceError(
            Link.PROOF, f"the response is of round {voting_round}, the signed root of {message.voting_round}"
        )
    root = fold(leaf_hash(attested.response), attested.siblings)
    if root != message.merkle_root:
        raise DifferenceError(
            Link.PROOF, f"response and siblings lead to 0x{root.hex()}, not to 0x{message.merkle_root.hex()}"
        )
    return f"the response's hash leads to the signed root, with {counted(len(attested.siblings), 'sibling')}"
