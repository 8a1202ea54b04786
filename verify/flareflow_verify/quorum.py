"""Whether a quorum of Flare's voters signed something, by the rules of Flare's Relay.

The Relay that is deployed today hashes in one scheme; the next one puts the id of its chain into everything that is
signed. Both count here, as they do in the light client on Flow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flareflow.attestation.relay import PolicySignature, decode_signatures, message_digests, signed_digest
from flareflow.attestation.signing_policy import SigningPolicy, chain_bound_hash, legacy_hash
from flareflow_verify.secp256k1 import signer_of

SCHEMES: Final = ("the deployed hash scheme", "the chain-bound hash scheme")


class NoQuorumError(Exception):
    """The signatures are malformed, not by the voters they name, or of too little weight."""


@dataclass(frozen=True, slots=True, order=True)
class Signed:
    """The weight and the number of the voters who signed."""

    weight: int
    signers: int


def message_quorum(policy: SigningPolicy, message: bytes, signatures: bytes, chain_id: int) -> str:
    """Who signed a message, in words. All signatures are in one scheme. Raises NoQuorumError."""
    decoded, most = _decoded(signatures), Signed(0, 0)
    for digest, scheme in zip(message_digests(message, chain_id), SCHEMES, strict=True):
        signed = _signed(policy, [digest], decoded)
        if signed.weight > policy.threshold:
            voters = f"{signed.signers} of {len(policy.voters)} voters"
            return f"{voters}, weight {signed.weight} above {policy.threshold}, in {scheme}"
        most = max(most, signed)
    raise _no_quorum(policy, most, decoded)


def require_policy_quorum(previous: SigningPolicy, policy: bytes, signatures: bytes, chain_id: int) -> None:
    """Raise NoQuorumError unless voters of the policy before signed a policy, each in either scheme."""
    digests = signed_digest(legacy_hash(policy)), signed_digest(chain_bound_hash(policy, chain_id))
    decoded = _decoded(signatures)
    signed = _signed(previous, digests, decoded)
    if signed.weight <= previous.threshold:
        raise _no_quorum(previous, signed, decoded)


def _decoded(signatures: bytes) -> Sequence[PolicySignature]:
    try:
        return decode_signatures(signatures)
    except ValueError as error:
        raise NoQuorumError(str(error)) from error


def _no_quorum(policy: SigningPolicy, signed: Signed, signatures: Sequence[PolicySignature]) -> NoQuorumError:
    return NoQuorumError(
        f"the first {signed.signers} of {len(signatures)} signatures are by the voters they name; their weight is "
        f"{signed.weight}, and more than {policy.threshold} is needed"
    )


def _signed(policy: SigningPolicy, digests: Sequence[bytes], signatures: Sequence[PolicySignature]) -> Signed:
    """What is signed up to the quorum. The first signature that does not fit ends it, as in the Relay.

    Indices rise, so no voter counts twice.
    """
    weights = _weights(policy)
    weight, signers, next_index = 0, 0, 0
    for signature in signatures:
        index = signature.index
        if weight > policy.threshold or not next_index <= index < len(policy.voters):
            break
        if not _is_by(policy.voters[index].address, digests, signature):
            break
        weight, signers, next_index = weight + weights[index], signers + 1, index + 1
    return Signed(weight, signers)


def _is_by(address: bytes, digests: Sequence[bytes], signature: PolicySignature) -> bool:
    """Whether an address signed one of the digests."""
    r, s = int.from_bytes(signature.r), int.from_bytes(signature.s)
    return any(signer_of(digest, signature.v, r, s) == address for digest in digests)


def _weights(policy: SigningPolicy) -> Sequence[int]:
    """The weight of each voter. An address that stands twice counts once, unless that would leave no quorum."""
    first_place = {voter.address: place for place, voter in reversed(list(enumerate(policy.voters)))}
    first_places = [
        voter.weight if first_place[voter.address] == place else 0 for place, voter in enumerate(policy.voters)
    ]
    return first_places if sum(first_places) > policy.threshold else [voter.weight for voter in policy.voters]
