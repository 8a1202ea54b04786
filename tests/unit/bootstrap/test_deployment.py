"""What `GET /v1/deployment` tells, made from the settings that the template gives to the function."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from flareflow.bootstrap import public_api
from functions.public_api import app
from infra.local.aws.gateway.deployment import Deployment
from infra.local.flare.network import LOCAL_FLARE
from infra.local.ports import port
from infra.local.stack import FIXED_PARAMETERS
from tests.support.deployment import deployment_of, template_source
from tests.support.functions import Answer, Function

OURS = "0x01cf0e2f2f715450"


@pytest.fixture
def describe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The answer of the function where the template has these parameters."""

    def described(parameters: Mapping[str, str]) -> Answer:
        made = deployment_of(template_source(), {"FlowContractAddress": OURS, **parameters})
        for name, value in environment(made).items():
            monkeypatch.setenv(name, value)
        forget()
        return Function(app).call("GET", "/v1/deployment", caller=None)

    yield described
    forget()


def environment(made: Deployment) -> Mapping[str, str]:
    return made.functions["PublicApiFunction"].environment


def forget() -> None:
    public_api.settings.cache_clear()
    public_api.deployment.cache_clear()


def test_a_deployment_on_testnet_says_where_everything_is(describe: Any) -> None:
    answer = describe({})
    told = answer.body
    flow, flare = told["flow"], told["flare"]
    # Then contracts and what they import are where they are on testnet
    assert (flow["network"], flow["contracts"]["SubscriptionCustody"]) == ("testnet", OURS)
    assert flow["dependencies"]["FungibleToken"] == "0x9a0766d93b6608b7"
    assert flow["token"] == {"symbol": "FLOW", "contract": "FlowToken", "address": "0x7e60df042a9c0868"}
    # And explorers have a place for a transaction and a contract
    assert flow["explorer"]["contract"] == "https://testnet.flowscan.io/contract/A.{address}.{name}"
    assert flare["explorer"]["transaction"] == "https://coston2-explorer.flare.network/tx/{transaction}"
    assert (flare["network"], flare["chain_id"]) == ("coston2", "114")
    # And the numbers of the promise are those of the settings and of the gate
    assert (told["epoch_seconds"], told["counted_within_seconds"]) == ("300", "3600")
    assert told["source_url"] is None
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["ETag"]


def test_the_local_stack_has_no_explorers_and_its_own_addresses(describe: Any) -> None:
    told = describe(FIXED_PARAMETERS).body
    assert (told["flow"]["explorer"], told["flare"]["explorer"]) == (None, None)
    assert told["flare"]["chain_id"] == str(LOCAL_FLARE.chain_id)
    assert told["flow"]["dependencies"]["FlowToken"] == "0x0ae53cb6e3f42a79"
    assert told["live_url"] == f"ws://127.0.0.1:{port('gateway_websocket')}/live"


def test_the_description_holds_no_secret_and_no_internal_address(describe: Any) -> None:
    # Given settings of all functions, LiteLLM's administration and the operator's account among them
    made = deployment_of(template_source(), {"FlowContractAddress": OURS, "LitellmUrl": "https://litellm.internal"})
    internal = {"https://litellm.internal", made.template.parameters["FlowAccessHost"]}
    # Then none of them is told
    text = describe({"LitellmUrl": "https://litellm.internal"}).text
    assert [one for one in internal if one in text] == []
    assert "table" not in text
