"""What a run of the main job uses, and its results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from web3 import Web3

from infra.local.demo.api import Api
from infra.local.demo.calls import Answer
from infra.local.demo.customer import Subscriber
from infra.local.demo.sources import LitellmRows, OnFlow
from infra.local.flare.fdc.chain import Chain, Request
from infra.local.flow.accounts import LocalFlow
from infra.local.ports import url

DEPOSIT_UFIX64: Final = 10 * 10**8


@dataclass(frozen=True, slots=True)
class Stack:
    """The running stack as the job uses it."""

    facts: Mapping[str, str]
    flow: LocalFlow
    on_flow: OnFlow
    flare: Chain
    first_height: int

    @classmethod
    def of(cls, facts: Mapping[str, str]) -> "Stack":
        address = facts["flow_contract_address"]
        local = LocalFlow.at(address)
        height = local.rest.latest_sealed_block().height
        flare = Chain(Web3(Web3.HTTPProvider(url("anvil"))), facts["flare_registry_address"])
        return cls(facts, local, OnFlow(local, address), flare, height)

    def requests_on_flare(self) -> Sequence[Request]:
        """All attestation requests since the chain began."""
        return list(self.flare.requests(0, self.flare.head()[0]))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flow.rest.http.close()


@dataclass(frozen=True, slots=True)
class Customer:
    """A subscriber who is signed in and has a virtual key."""

    subscriber: Subscriber
    api: Api
    secret: str = field(repr=False)
    key_hash: str

    @property
    def subscription_id(self) -> int:
        return self.subscriber.subscription_id

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.api.http.close()


@dataclass(frozen=True, slots=True)
class Usage:
    """The customer's calls, the rows that LiteLLM has of them, and after how long each was seen as pending."""

    answers: Sequence[Answer]
    rows: LitellmRows
    pending_seen_ms: Sequence[int]


@dataclass(frozen=True, slots=True)
class Run:
    """The results of the job, to be compared with their sources."""

    stack: Stack
    customer: Customer
    usage: Usage
    live_calls: int
    """Answered calls whose pending usage was on the WebSocket before they were charged."""

    snapshot: Mapping[str, Any]
    """What the WebSocket tells a new client after the charge."""

    epoch: int
    attestation: Mapping[str, Any]

    @property
    def voting_round(self) -> int:
        return int(self.attestation["voting_round"])
