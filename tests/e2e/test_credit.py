"""Nobody spends what is not there, and nobody who paid stays shut out: on the whole local stack, with two gates."""

import httpx
import pytest

from flareflow.adapters.flow.json_cdc import ufix64, uint64
from infra.local.demo import job
from infra.local.demo.customer import Subscriber
from infra.local.demo.run import Stack
from infra.local.launch import Facts
from infra.waiting import until
from tests.benchmarks.credit import BODY, DEPOSIT_MICROTOKENS, DEPOSIT_UFIX64, measure

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


def test_fifty_calls_at_once_at_two_gates_cost_no_more_than_the_deposit(running: Facts) -> None:
    [played], _ = measure(running, 1)
    assert played.answered >= 3
    assert played.metered_microtokens <= DEPOSIT_MICROTOKENS
    assert {code for _, code in played.refusals} == {"insufficient_credit"}


def test_whoever_has_used_up_the_deposit_gets_no_key_and_goes_on_after_a_top_up(running: Facts) -> None:
    with Stack.of(running) as stack:
        # Given a deposit of which four calls leave too little for a fifth
        subscriber = Subscriber.open(stack.flow, DEPOSIT_UFIX64)
        with job.signed_in(stack, subscriber) as api:
            secret, _ = subscriber.make_key(api)
            url, headers = f"{running['litellm_url']}/v1/chat/completions", {"authorization": f"Bearer {secret}"}

            def call(**parameters: int) -> httpx.Response:
                return httpx.post(url, json=BODY | parameters, headers=headers, timeout=60.0)

            assert [call().status_code for _ in range(5)] == [200, 200, 200, 200, 402]
            # When the rest is used up by smaller ones
            until(lambda: call(max_tokens=500).status_code == 402 or None, job.WAIT_SECONDS_MAX)
            # And topped up, Then calls are answered again and keys are made
            stack.flow.run(
                subscriber.account,
                "subscriptions/top_up.cdc",
                uint64(subscriber.subscription_id),
                ufix64(DEPOSIT_UFIX64),
            )
            until(lambda: call().is_success or None, job.WAIT_SECONDS_MAX)
            assert subscriber.make_key(api)
