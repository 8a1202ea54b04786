"""The Flow account that pays for settlements."""

from dataclasses import dataclass

from flareflow.adapters.flow.rest import FlowRest


@dataclass(frozen=True, slots=True)
class FlowPayer:
    """`PayingAccount` over the access node's REST API, in 1e-8 FLOW."""

    rest: FlowRest
    account: str

    def address(self) -> str:
        return self.account

    def balance(self) -> int:
        return self.rest.account_balance(self.account)
