"""Flare's signing policies on their way to Flow, for an operator to see.

A policy is sent to the light client on Flow once voters of the policy before it, with more weight than its threshold,
have signed it. Without the policy of a reward epoch nothing that was attested in it can be delivered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol

from flareflow.attestation.models import SignedPolicy
from flareflow.attestation.relay import decode_signatures
from flareflow.attestation.signing_policy import SigningPolicy
from flareflow.errors import UnavailableError
from flareflow.settlement.ports import LightClient

POLICIES_TOLD: Final = 5


class NewestPolicies(Protocol):
    """The stored signing policies."""

    def scanned_through(self) -> int | None:
        """The last block whose policies and signatures are stored; None before the first."""

    def newest(self, limit: int) -> Sequence[SignedPolicy]:
        """Those of the newest reward epochs, newest first."""


@dataclass(frozen=True, slots=True)
class PolicyOnItsWay:
    """A signing policy. `signed_weight`: of the voters of the policy before who have signed it.

    It has to be above `needed_weight`, the threshold of that policy.
    """

    reward_epoch: int
    start_voting_round: int
    voters: int
    signed_weight: int
    needed_weight: int


@dataclass(frozen=True, slots=True)
class PoliciesOnTheirWay:
    """The newest policies, newest first. `on_flow`: the newest reward epoch that the light client on Flow knows.

    `on_flow` is None while Flow does not answer. `searched_to_block`: Flare's blocks were read up to this one.
    """

    on_flow: int | None
    searched_to_block: int | None
    policies: Sequence[PolicyOnItsWay]


@dataclass(frozen=True, slots=True)
class ReadPolicies:
    """Read the newest policies from the table, and how far the light client is from Flow."""

    light_client: LightClient
    stored: NewestPolicies

    def run(self) -> PoliciesOnTheirWay:
        """The oldest stored policy is left out: nobody here knows who had to sign it."""
        newest = self.stored.newest(POLICIES_TOLD + 1)
        return PoliciesOnTheirWay(
            on_flow=self._on_flow(),
            searched_to_block=self.stored.scanned_through(),
            policies=[_on_its_way(signed, before) for signed, before in pairwise(newest)],
        )

    def _on_flow(self) -> int | None:
        try:
            return self.light_client.latest_reward_epoch()
        except UnavailableError:
            return None


def _on_its_way(signed: SignedPolicy, before: SignedPolicy) -> PolicyOnItsWay:
    policy, signers = SigningPolicy.decode(signed.policy), SigningPolicy.decode(before.policy)
    return PolicyOnItsWay(
        reward_epoch=policy.reward_epoch,
        start_voting_round=policy.start_voting_round,
        voters=len(policy.voters),
        signed_weight=signers.weight_of(one.index for one in decode_signatures(signed.signatures)),
        needed_weight=signers.threshold,
    )
