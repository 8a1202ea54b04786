"""Nobody spends what is not there, and nobody who paid stays shut out: on the whole local stack, with two gates."""

import httpx
import pytest

from flareflow.adapters.flow.json_cdc import Argument, address, ufix64, uint64
from infra.local import stack as local
from infra.local.demo import job
from infra.local.demo.api import Api, ApiError
from infra.local.demo.customer import Subscriber
from infra.local.demo.run import Stack
from infra.local.flow.accounts import LocalAccount
from infra.local.launch import Facts
from infra.waiting import until
from tests.benchmarks.credit import BODY, DEPOSIT_MICROTOKENS, DEPOSIT_UFIX64, measure
from tests.support.model_calls import answer_of

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]


def test_fifty_calls_at_once_at_two_gates_cost_no_more_than_the_deposit(running: Facts) -> None:
    [played], _ = measure(running, 1)
    assert played.answered >= 3
    assert played.metered_microtokens <= DEPOSIT_MICROTOKENS
    assert {code for _, code in played.refusals} == {"insufficient_credit"}


def test_whoever_has_used_up_the_deposit_goes_on_after_a_top_up(running: Facts) -> None:
    with Stack.of(running) as stack:
        # Given a deposit of which four calls leave too little for a fifth
        subscriber = Subscriber.open(stack.flow, DEPOSIT_UFIX64)
        with job.signed_in(stack, subscriber) as api:
            secret, _ = subscriber.make_key(api)
            for _ in range(4):  # a call is refused for a moment where FlareFlow has not told the gate what it counted
                until(lambda: call(running, secret) == 200 or None, job.WAIT_SECONDS_MAX)
            assert answer(running, secret) == (402, "insufficient_credit")
            # When it is topped up, Then calls are answered again
            arguments = uint64(subscriber.subscription_id), ufix64(DEPOSIT_UFIX64)
            stack.flow.run(subscriber.account, "subscriptions/top_up.cdc", *arguments)
            until(lambda: call(running, secret) == 200 or None, job.WAIT_SECONDS_MAX)


def test_keys_follow_the_standing_whatever_happens_to_litellm(running: Facts) -> None:
    with Stack.of(running) as stack:
        # Given a customer whose spend cap leaves nothing, and whose key is blocked
        subscriber = Subscriber.open(stack.flow, DEPOSIT_UFIX64)
        with job.signed_in(stack, subscriber) as api:
            _, key_hash = subscriber.make_key(api)
            set_cap(stack, subscriber, 0)
            until(lambda: is_blocked(running, key_hash) or None, job.WAIT_SECONDS_MAX)
            # Then no other key is made, and one that is unblocked by hand is blocked again by a sweep
            with pytest.raises(ApiError, match="spend_cap_reached"):
                subscriber.make_key(api)
            httpx.post(
                f"{running['litellm_admin_url']}/key/unblock",
                json={"key": key_hash},
                headers=master(running),
                timeout=job.WAIT_SECONDS_MAX,
            ).raise_for_status()
            until(lambda: is_blocked(running, key_hash) or None, job.WAIT_SECONDS_MAX)
            # When LiteLLM is down while the cap is raised
            [litellm] = [server for server in local.servers() if server.name == "litellm"]
            litellm.stop()
            set_cap(stack, subscriber, DEPOSIT_UFIX64)
            until(lambda: standing(api, subscriber) in {"active", "warned"} or None, job.WAIT_SECONDS_MAX)
            litellm.start()
            # Then the key works again once LiteLLM is back, although nothing else has changed
            until(lambda: is_blocked(running, key_hash) is False or None, job.WAIT_SECONDS_MAX)


def test_a_move_ends_the_former_owners_key(running: Facts) -> None:
    with Stack.of(running) as stack:
        alice = Subscriber.open(stack.flow, DEPOSIT_UFIX64)
        with job.signed_in(stack, alice) as api:
            secret, _ = alice.make_key(api)
            assert call(running, secret) == 200
            # When the subscription moves to a new account
            bob = stack.flow.create_account(DEPOSIT_UFIX64)
            move(stack, alice, bob)
            # Then the key of the former owner is refused
            until(lambda: call(running, secret) == 401 or None, job.WAIT_SECONDS_MAX)


def call(facts: Facts, secret: str) -> int:
    """The status of a call that can cost a quarter of the deposit."""
    return answer(facts, secret)[0]


def answer(facts: Facts, secret: str) -> tuple[int, str | None]:
    """The status of such a call, and the code of its refusal."""
    answered = answer_of(facts, secret, BODY)
    return answered.status_code, answered.json().get("error", {}).get("code")


def set_cap(stack: Stack, subscriber: Subscriber, limit_ufix64: int) -> None:
    limit = Argument("Optional", ufix64(limit_ufix64).as_json())
    code = "subscriptions/set_spend_cap.cdc"
    stack.flow.run(subscriber.account, code, uint64(subscriber.subscription_id), limit)


def move(stack: Stack, subscriber: Subscriber, receiver: LocalAccount) -> None:
    stack.flow.run(receiver, "subscriptions/publish_holder.cdc")
    arguments = uint64(subscriber.subscription_id), address(receiver.address)
    stack.flow.run(subscriber.account, "subscriptions/move_ownership.cdc", *arguments)


def standing(api: Api, subscriber: Subscriber) -> str:
    return str(api.get(f"/v1/subscriptions/{subscriber.subscription_id}")["standing"])


def master(facts: Facts) -> dict[str, str]:
    return {"authorization": f"Bearer {facts['litellm_master_key']}"}


def is_blocked(facts: Facts, key_hash: str) -> bool | None:
    """Whether LiteLLM blocks the key; None while it gives no answer."""
    url = f"{facts['litellm_admin_url']}/key/info"
    try:
        found = httpx.get(url, params={"key": key_hash}, headers=master(facts), timeout=30.0)
    except httpx.HTTPError:
        return None
    return bool(found.json()["info"]["blocked"]) if found.is_success else None
