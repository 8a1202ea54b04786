"""Answers of the HTTP API about attestations."""

from flareflow.answers import Answer, Hex, Number
from flareflow.attestation.models import State


class ProgressAnswer(Answer):
    """How far the attestation of an epoch has come, and where its parts are on Flare; null where one is missing."""

    epoch: Number
    state: State
    request_transaction: Hex | None
    voting_round: Number | None
    finalization_transaction: Hex | None
    reward_epoch: Number | None
    lowest_used_timestamp: Number | None
    siblings: list[Hex] | None
