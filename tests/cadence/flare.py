"""Messages and policies as Flare's voters would sign them, well and badly."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from flareflow.adapters.flow.json_cdc import Argument, array, string, uint64
from flareflow.attestation.relay import FDC_PROTOCOL_ID, PolicySignature, RootMessage
from flareflow.attestation.signing_policy import SigningPolicy, Voter, chain_bound_hash, legacy_hash
from flareflow.keccak import keccak256
from infra.deploy.contracts import TrustedFlare
from infra.local.flare.fdc.voters import LocalVoter
from tests.support.chain_clock import START_SECONDS
from tests.support.flow_emulator import CHAIN_ID, FIRST_ROUND, NO_WINDOW, REWARD_EPOCH, ROUNDS, hex_of

CURVE_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
NEVER: Final = 10**9
"""Seconds: the rounds of the tests lie years back, and the chain-bound scheme holds all the same."""
ROOT: Final = keccak256(b"a root")
CONFIRM: Final = "flare/confirm_root.cdc"
ROLL: Final = "flare/roll_signing_policies.cdc"


@dataclass(frozen=True)
class Electorate:
    """A signing policy with the keys behind it; `numbers` are the voters' in the policy's order."""

    policy: SigningPolicy
    numbers: tuple[int, ...]

    @classmethod
    def of(
        cls,
        weights: Sequence[int],
        *,
        threshold: int | None = None,
        reward_epoch: int = REWARD_EPOCH,
        start: int | None = None,
        numbers: Sequence[int] | None = None,
    ) -> "Electorate":
        chosen = tuple(numbers if numbers is not None else range(len(weights)))
        voters = (Voter(LocalVoter(n).address, weight) for n, weight in zip(chosen, weights, strict=True))
        return cls(
            SigningPolicy(
                reward_epoch=reward_epoch,
                start_voting_round=reward_epoch * ROUNDS if start is None else start,
                threshold=-(-sum(weights) // 2) if threshold is None else threshold,
                seed=keccak256(b"seed"),
                voters=tuple(voters),
            ),
            chosen,
        )

    def next(self, **changed: int) -> "Electorate":
        """The same voters in the next reward epoch."""
        policy = replace(
            self.policy,
            reward_epoch=self.policy.reward_epoch + 1,
            start_voting_round=self.policy.start_voting_round + ROUNDS,
        )
        return Electorate(replace(policy, **changed), self.numbers)  # type: ignore[arg-type]

    def sign(self, content_hash: bytes, indices: Iterable[int] | None = None) -> list[PolicySignature]:
        """Signatures of the voters at these indices, all of them by default."""
        chosen = range(len(self.numbers)) if indices is None else indices
        return [LocalVoter(self.numbers[index]).sign(content_hash, index) for index in chosen]

    def trusted(self, *, is_chain_bound: bool = False, roots_kept: int = 100) -> TrustedFlare:
        """A light client that begins with this policy, in the time of the tests' rounds."""
        return TrustedFlare(
            CHAIN_ID,
            ROUNDS,
            self.policy.encode(),
            is_chain_bound,
            roots_kept,
            message_window=NO_WINDOW,
            older_scheme_returns_after_seconds=NEVER,
        )


def beginning(flare: TrustedFlare, voting_round: int) -> TrustedFlare:
    """The same light client where this round begins when a deployment's own clock starts."""
    return replace(flare, first_round_start=START_SECONDS - voting_round * flare.round_seconds)


def message_of(voting_round: int = FIRST_ROUND, root: bytes = ROOT, protocol: int = FDC_PROTOCOL_ID) -> bytes:
    return RootMessage(protocol, voting_round, False, root).encode()


def confirming(
    message: bytes, signatures: Sequence[PolicySignature], reward_epoch: int = REWARD_EPOCH
) -> list[Argument]:
    """The arguments of `confirm_root.cdc`."""
    return [uint64(reward_epoch), string(message.hex()), hex_of(signatures)]


def confirmation(
    electorate: Electorate,
    indices: Iterable[int] | None = None,
    voting_round: int = FIRST_ROUND,
    root: bytes = ROOT,
    *,
    chain_id: int | None = None,
) -> list[Argument]:
    """A root signed by the voters at these indices; `chain_id` for the chain-bound scheme."""
    message = message_of(voting_round, root)
    bound = b"" if chain_id is None else chain_id.to_bytes(32)
    signatures = electorate.sign(keccak256(bound + message), indices)
    return confirming(message, signatures, electorate.policy.reward_epoch)


def rolling(
    by: Electorate,
    following: Electorate,
    indices: Iterable[int] | None = None,
    *,
    chain_id: int | None = None,
) -> list[Argument]:
    """The arguments of `roll_signing_policies.cdc` for one policy, signed by the voters before it."""
    return rolling_with(following, by.sign(policy_hash(following, chain_id), indices))


def rolling_with(following: Electorate, signatures: Sequence[PolicySignature]) -> list[Argument]:
    """The arguments of `roll_signing_policies.cdc` for one policy with these signatures."""
    return [array(string, [following.policy.encode().hex()]), Argument("Array", [hex_of(signatures).as_json()])]


def policy_hash(electorate: Electorate, chain_id: int | None) -> bytes:
    """What voters sign of a policy; `chain_id` for the chain-bound scheme."""
    encoded = electorate.policy.encode()
    return legacy_hash(encoded) if chain_id is None else chain_bound_hash(encoded, chain_id)
