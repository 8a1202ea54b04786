"""A customer of FlareFlow: a Flow account that opens a subscription, signs in and makes a key."""

import uuid
from dataclasses import dataclass
from typing import Final, Self

from flareflow.accounts.models import AccountProof
from flareflow.adapters.flow.account_proof import proof_message
from flareflow.adapters.flow.json_cdc import ufix64, uint64
from infra.deploy.contracts import DEFAULT_PLAN
from infra.local.demo.api import Api
from infra.local.flow.accounts import LocalAccount, LocalFlow

PLAN_VERSION: Final = 1
STARTING_MONEY_UFIX64: Final = 100 * 10**8
OPENED_EVENT: Final = "SubscriptionCustody.SubscriptionOpened"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """An account with an open subscription; `transaction_id` is of its opening."""

    account: LocalAccount
    subscription_id: int
    transaction_id: str

    @classmethod
    def open(cls, flow: LocalFlow, deposit_ufix64: int, plan_id: int = DEFAULT_PLAN) -> Self:
        """A new account whose first transaction opens a subscription."""
        return cls.open_with(flow, flow.create_account(STARTING_MONEY_UFIX64), deposit_ufix64, plan_id)

    @classmethod
    def open_with(
        cls, flow: LocalFlow, account: LocalAccount, deposit_ufix64: int, plan_id: int = DEFAULT_PLAN
    ) -> Self:
        """A subscription, maybe one more, of an account."""
        result = flow.run(
            account,
            "subscriptions/open_subscription.cdc",
            uint64(plan_id),
            uint64(PLAN_VERSION),
            ufix64(deposit_ufix64),
        )
        for event in result.events:
            fields = event.fields() if event.type.endswith(OPENED_EVENT) else None
            if isinstance(fields, dict):
                return cls(account, int(str(fields["subscriptionId"])), event.transaction_id)
        raise LookupError("the transaction opened no subscription")

    def sign_in(self, api_url: str, origin: str) -> Api:
        """A client that is signed in: an account proof is signed with the account's key, which is on chain."""
        with Api.at(api_url) as public:
            return Api.at(api_url, self._token(public, origin))

    def _token(self, public: Api, origin: str) -> str:
        nonce = public.post("/v1/auth/nonces", {})["nonce"]
        address = f"0x{self.account.address}"
        proof = AccountProof(address, origin, bytes.fromhex(nonce), [])
        signature = {"key_index": 0, "signature": self.account.sign(proof_message(proof)).hex()}
        wanted = {"address": address, "nonce": nonce, "origin": origin, "signatures": [signature]}
        return str(public.post("/v1/auth/sessions", wanted)["access_token"])

    def make_key(self, api: Api) -> tuple[str, str]:
        """Make a virtual key; its secret, which is shown only now, and its hash."""
        wanted = {"subscription_id": self.subscription_id, "alias": "demo"}
        made = api.post("/v1/keys", wanted, {"idempotency-key": str(uuid.uuid4())})
        return made["key"], made["key_hash"]
