"""Answers of the HTTP API to an operator about the chains."""

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field

from flareflow.answers import Address, Answer, Number

if TYPE_CHECKING:
    from flareflow.settlement.payers import Payers


class FlowPayerAnswer(Answer):
    """The account that pays for settlements, in 1e-8 FLOW; the balance is null while Flow does not answer."""

    address: Address
    balance_ufix64: Number | None


class FlarePayerAnswer(Answer):
    """The account that pays for requests to Flare, in wei; the balance is null while Flare does not answer."""

    address: Annotated[str, Field(pattern="^0x[0-9a-f]{40}$", examples=["0x" + "7c" * 20])]
    balance_wei: Number | None


class PayersAnswer(Answer):
    """The accounts that pay for transactions, and what they have left."""

    flow: FlowPayerAnswer
    flare: FlarePayerAnswer

    @classmethod
    def of_payers(cls, payers: "Payers") -> Self:
        return cls(
            flow=FlowPayerAnswer(address=payers.flow.address, balance_ufix64=payers.flow.balance),
            flare=FlarePayerAnswer(address=payers.flare.address, balance_wei=payers.flare.balance),
        )


class PolicyOnItsWayAnswer(Answer):
    """A signing policy of Flare. It is sent to Flow once `signed_weight` is above `needed_weight`."""

    reward_epoch: Number
    start_voting_round: Number
    voters: Number
    signed_weight: Number
    needed_weight: Number


class PoliciesAnswer(Answer):
    """The newest signing policies that are known, newest first.

    `on_flow`: the newest reward epoch that the light client on Flow knows; null while Flow does not answer.
    `searched_to_block`: Flare's blocks were read up to this one; null before the first.
    """

    on_flow: Number | None
    searched_to_block: Number | None
    policies: list[PolicyOnItsWayAnswer]
