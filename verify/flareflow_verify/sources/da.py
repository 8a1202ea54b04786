"""Flare's data availability layer: the response and the path of an attestation, for a request that is made here.

It serves no policy and no signatures, so it stands in for a node of Flare only where the root is compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from flareflow.adapters.flare.data_availability import HttpDataAvailability
from flareflow.attestation.ports import ServedProof
from flareflow.attestation.request import AttestationTarget, leaf_hash
from flareflow.errors import UnavailableError
from flareflow.merkle import fold
from flareflow.statements.models import Statement
from flareflow_verify.bundle import OnFlare, Trigger
from flareflow_verify.sources.http import SourceError


@dataclass(frozen=True, slots=True)
class DataAvailability:
    """Raises SourceError when it gives no usable answer, or has no such attestation."""

    http: httpx.Client

    def on_flare(self, voting_round: int, statement: Statement, triggers: Sequence[Trigger]) -> OnFlare | None:
        """The root to which the attestation of a statement leads; None without a trigger that asks for it."""
        known = [one for one in triggers if not one.is_pending]
        if not known:
            return None
        try:
            target = AttestationTarget(known[-1].source, known[-1].url_prefix)
            request = target.request(statement.epoch, statement.words)
            served = HttpDataAvailability(self.http).proof(voting_round, request)
        except (ValueError, UnavailableError) as error:
            raise SourceError(f"Flare's data availability layer cannot be asked: {error}") from error
        if not isinstance(served, ServedProof):
            raise SourceError(f"Flare's data availability layer has no such attestation in round {voting_round}")
        return OnFlare(root=fold(leaf_hash(served.response), served.siblings), policy_hash=None)
