"""Proof of an account: evidence that the caller holds keys of a Flow account that weigh enough together."""

from dataclasses import dataclass

from flareflow.accounts.models import SIGN_IN_WEIGHT, AccountKey, AccountProof, KeySignature
from flareflow.accounts.sign_in_ports import AccountKeys, ProofVerifier
from flareflow.errors import UnauthenticatedError


@dataclass(frozen=True, slots=True)
class ProveAccount:
    """Checks a proof against the keys that the account has on chain now; together they must weigh `SIGN_IN_WEIGHT`."""

    keys: AccountKeys
    verifier: ProofVerifier

    def run(self, proof: AccountProof) -> None:
        """Raises UnauthenticatedError `invalid_proof` unless the proof holds."""
        signed_by = [signature.key_index for signature in proof.signatures]
        if len(set(signed_by)) != len(signed_by):
            raise _refusal("a key signed twice", proof)
        on_chain = {key.index: key for key in self.keys.of(proof.address)}
        weight = sum(self._weight_of(signature, on_chain, proof) for signature in proof.signatures)
        if weight < SIGN_IN_WEIGHT:
            raise _refusal(f"the signing keys weigh {weight} of {SIGN_IN_WEIGHT}", proof)

    def _weight_of(self, signature: KeySignature, on_chain: dict[int, AccountKey], proof: AccountProof) -> int:
        key = on_chain.get(signature.key_index)
        if key is None or key.revoked:
            raise _refusal(f"the account has no valid key {signature.key_index}", proof)
        if not self.verifier.holds(key, proof, signature.signature):
            raise _refusal(f"the signature of key {signature.key_index} is not of this proof", proof)
        return key.weight


def _refusal(reason: str, proof: AccountProof) -> UnauthenticatedError:
    return UnauthenticatedError("invalid_proof", f"The account proof does not hold: {reason}.", account=proof.address)
