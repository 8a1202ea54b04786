"""The main job: real model calls become a real, proven charge on a Flow chain; every step on the real part."""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from flareflow.keccak import keccak256
from flareflow.settlement.pricing import DEFAULT_PLAN
from infra.local.demo.api import Api, ApiError
from infra.local.demo.calls import Answer, make_calls, planned_calls
from infra.local.demo.customer import Subscriber
from infra.local.demo.progress import Steps
from infra.local.demo.receipt import Check, Receipt, flow
from infra.local.demo.sources import (
    AttestedStatement,
    LitellmRows,
    OnFlow,
    attested_statement,
    flare_chain,
    litellm_rows,
    statement_of,
)
from infra.local.demo.watcher import Watcher
from infra.local.flow_accounts import LocalFlow
from infra.local.ports import url

DEPOSIT_UFIX64: Final = 10 * 10**8
POLL_SECONDS: Final = 0.3
WAIT_SECONDS_MAX: Final = 120.0
PENDING_SECONDS_MAX: Final = 1.0
SCHEDULED_FUNCTIONS: Final = (
    "UsagePollingFunction",
    "AttestationSubmissionFunction",
    "FlowBillingFunction",
    "ChainEventsFunction",
)


class JobFailedError(Exception):
    """A step did not come to its end."""


@dataclass(frozen=True, slots=True)
class Stack:
    """What the job needs to know of the running stack."""

    facts: Mapping[str, str]
    flow: LocalFlow
    on_flow: OnFlow
    first_height: int

    @classmethod
    def of(cls, facts: Mapping[str, str]) -> "Stack":
        address = facts["flow_contract_address"]
        local = LocalFlow.at(contract_address=address)
        height = local.rest.latest_sealed_block().height
        return cls(facts, local, OnFlow(local, address), height)


@dataclass(frozen=True, slots=True)
class Usage:
    """What the customer's calls did, as LiteLLM tells it, and how soon each was seen as pending."""

    answers: Sequence[Answer]
    rows: LitellmRows
    pending_seen_ms_max: int


def run(facts: Mapping[str, str], steps: Steps) -> Receipt:
    """Do the main job on a running stack. JobFailedError when a step does not end."""
    stack = Stack.of(facts)
    with steps.step("subscription", "A new Flow account opens a subscription with 10 FLOW") as doing:
        subscriber = Subscriber.open(stack.flow, DEPOSIT_UFIX64)
        doing.result = f"subscription {subscriber.subscription_id} of 0x{subscriber.account.address}"
    with steps.step("key", "It signs in with its wallet and gets a virtual key") as doing:
        api = _signed_in(stack, subscriber)
        secret, key_hash = subscriber.make_key(api)
        if hashlib.sha256(secret.encode()).hexdigest() != key_hash:
            raise JobFailedError("the key's hash is not the SHA-256 of its secret")
        doing.result = f"key {key_hash[:12]}… (the secret is stored nowhere)"
    return asyncio.run(_use_and_settle(stack, steps, subscriber, api, secret, key_hash))


async def _use_and_settle(
    stack: Stack, steps: Steps, subscriber: Subscriber, api: Api, secret: str, key_hash: str
) -> Receipt:
    ticket = api.post("/v1/websocket-tickets", {})["ticket"]
    watcher = await Watcher.connect(stack.facts["websocket_url"], ticket, subscriber.subscription_id)
    try:
        usage = await _use(stack, steps, watcher, secret, key_hash)
        epoch = await _sealed(steps, api, subscriber, usage.rows.rated_microtokens)
        attestation = await _proven(steps, api, epoch)
        await _charged(stack, steps, subscriber, usage.rows.rated_microtokens)
        charged = int(stack.on_flow.subscription(subscriber.subscription_id)["charged"])
        with steps.step("events", "The new balance reaches the WebSocket"):
            await watcher.wait_for(lambda m: m["type"] == "balance.changed" and m["charged_ufix64"] == str(charged))
    finally:
        await watcher.close()
    with steps.step("again", "Every scheduled handler runs once more") as doing:
        before = _state(stack, api, subscriber)
        _invoke_all(stack.facts["lambda_url"])
        unchanged = before == _state(stack, api, subscriber)
        doing.result = "nothing changed" if unchanged else "something changed"
    return _receipt(stack, steps, subscriber, usage, epoch, attestation, unchanged=unchanged)


def _signed_in(stack: Stack, subscriber: Subscriber) -> Api:
    """Signed in, and seen by the backend: chain_events must have read the opening."""
    api = subscriber.sign_in(stack.facts["api_url"], stack.facts["app_origin"])
    give_up = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < give_up:
        try:
            api.get(f"/v1/subscriptions/{subscriber.subscription_id}")
        except ApiError as error:
            if error.status != httpx.codes.NOT_FOUND:
                raise
            time.sleep(POLL_SECONDS)
        else:
            return api
    raise JobFailedError("the opening never reached the backend")


async def _use(stack: Stack, steps: Steps, watcher: Watcher, secret: str, key_hash: str) -> Usage:
    with steps.step("calls", "25 model calls, some of which fail upstream") as doing:
        answers = await make_calls(stack.facts["litellm_url"], secret, planned_calls())
        ok = [answer for answer in answers if answer.ok]
        doing.result = f"{len(ok)} answered, {len(answers) - len(ok)} failed"
    with steps.step("pending", "Each call's pending usage is on the WebSocket") as doing:
        seen = [await watcher.wait_for(_pending_of(answer)) - answer.ended for answer in ok]
        slowest_ms = max(0, round(1000 * max(seen)))
        doing.result = f"within {slowest_ms} ms of its end"
    with steps.step("rows", "LiteLLM has written the calls into its spend log"):
        rows = await _until(lambda: _all_rows(stack, key_hash, len(ok)))
    return Usage(answers, rows, slowest_ms)


def _pending_of(answer: Answer) -> Callable[[Mapping[str, object]], bool]:
    wanted = answer.litellm_call_id
    return lambda message: message["type"] == "usage.pending" and message["litellm_call_id"] == wanted


def _all_rows(stack: Stack, key_hash: str, calls: int) -> LitellmRows | None:
    rows = litellm_rows(stack.facts["litellm_url"], stack.facts["litellm_master_key"], key_hash)
    return rows if rows.calls == calls else None


async def _sealed(steps: Steps, api: Api, subscriber: Subscriber, rated_microtokens: int) -> int:
    """The epoch of the first statement whose leaf of this subscription has all of the usage."""

    def newest_with_all() -> int | None:
        for listed in api.get("/v1/statements")["statements"]:
            try:
                leaf = api.get(f"/v1/statements/{listed['epoch']}/leaves/{subscriber.subscription_id}")["leaf"]
            except ApiError:
                return None
            return int(listed["epoch"]) if int(leaf["usage"]["rated_microtokens"]) == rated_microtokens else None
        return None

    with steps.step("statement", "The epoch is sealed into a public statement") as doing:
        epoch = await _until(newest_with_all)
        doing.result = f"epoch {epoch}"
    return epoch


async def _proven(steps: Steps, api: Api, epoch: int) -> dict[str, Any]:
    """The attestation, once its proof is there."""
    with steps.step("attestation", "Flare's voters fetch the statement and sign its round") as doing:

        def proof() -> dict[str, Any] | None:
            try:
                progress: dict[str, Any] = api.get(f"/v1/statements/{epoch}/attestation")
            except ApiError:
                return None
            doing.now(progress["state"])
            return progress if progress["siblings"] is not None else None

        progress = await _until(proof)
        doing.result = f"voting round {progress['voting_round']}"
    return progress


async def _charged(stack: Stack, steps: Steps, subscriber: Subscriber, rated_microtokens: int) -> None:
    with steps.step("charge", "Flow checks the signatures and the proof, and charges the deposit") as doing:

        def settled() -> dict[str, Any] | None:
            found = stack.on_flow.subscription(subscriber.subscription_id)
            return found if int(found["settledMicrotokens"]) == rated_microtokens else None

        found = await _until(settled)
        doing.result = f"{flow(int(found['charged']))} FLOW"


async def _until[T](ask: Callable[[], T | None]) -> T:
    give_up = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < give_up:
        answer = await asyncio.to_thread(ask)
        if answer is not None:
            return answer
        await asyncio.sleep(POLL_SECONDS)
    raise JobFailedError(f"nothing came in {WAIT_SECONDS_MAX:.0f} s; look at `make logs`")


def _invoke_all(lambda_url: str) -> None:
    """Invoke each scheduled function as its schedule does."""
    event = {"source": "aws.events", "detail-type": "Scheduled Event", "time": datetime.now(UTC).isoformat()}
    for function in SCHEDULED_FUNCTIONS:
        for _ in range(20):
            answer = httpx.post(f"{lambda_url}/2015-03-31/functions/{function}/invocations", json=event, timeout=60.0)
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                break
            time.sleep(POLL_SECONDS)
        if answer.is_error or "x-amz-function-error" in answer.headers:
            raise JobFailedError(f"{function} failed: {answer.text}")


def _state(stack: Stack, api: Api, subscriber: Subscriber) -> str:
    """Everything that a repeated tick could change: on Flow, on Flare, in the backend."""
    subscription_id = subscriber.subscription_id
    flare = flare_chain(url("anvil"), stack.facts["flare_registry_address"])
    operator = stack.flow.rest.account_keys(stack.facts["flow_operator_address"])
    state = {
        "on_flow": stack.on_flow.subscription(subscription_id),
        "operator_transactions": sum(key.sequence_number for key in operator),
        "requests_on_flare": len(list(flare.requests(0, flare.head()[0]))),
        "backend": api.get(f"/v1/subscriptions/{subscription_id}"),
        "journal": api.get(f"/v1/subscriptions/{subscription_id}/journal"),
        "statements": api.get("/v1/statements"),
    }
    return json.dumps(state, sort_keys=True)


def _receipt(
    stack: Stack,
    steps: Steps,
    subscriber: Subscriber,
    usage: Usage,
    epoch: int,
    attestation: Mapping[str, Any],
    *,
    unchanged: bool,
) -> Receipt:
    public = Api.at(stack.facts["api_url"])
    body = public.text(f"/v1/statements/{epoch:010d}")
    voting_round = int(attestation["voting_round"])
    chain = flare_chain(url("anvil"), stack.facts["flare_registry_address"])
    request = next(one for one in chain.requests(0, chain.head()[0]) if one.voting_round == voting_round)
    attested = attested_statement(stack.facts["fdc_url"], chain, voting_round, f"0x{request.data.hex()}")
    on_flow = stack.on_flow.subscription(subscriber.subscription_id)
    return Receipt(
        subscription_id=subscriber.subscription_id,
        calls_ok=usage.rows.calls,
        calls_failed=sum(not answer.ok for answer in usage.answers),
        tokens=usage.rows.tokens,
        rated_microtokens=usage.rows.rated_microtokens,
        deposit_ufix64=DEPOSIT_UFIX64,
        charged_ufix64=int(on_flow["charged"]),
        deposit_left_ufix64=int(on_flow["balance"]),
        epoch=epoch,
        statement_hash=f"0x{keccak256(body.encode()).hex()}",
        statement_url=f"{stack.facts['api_url']}/v1/statements/{epoch:010d}",
        voting_round_id=voting_round,
        merkle_root=f"0x{attested.root_on_flare}",
        flow_transaction_ids=_flow_transactions(stack, subscriber, epoch, voting_round),
        flare_transaction_hash=str(attestation["request_transaction"]),
        pending_seen_ms_max=usage.pending_seen_ms_max,
        seconds=steps.seconds,
        checks=_checks(stack, public, subscriber, usage, epoch, attested, voting_round),
        second_run_changed_nothing=unchanged,
    )


def _flow_transactions(stack: Stack, subscriber: Subscriber, epoch: int, voting_round: int) -> dict[str, str]:
    found = {"open": subscriber.transaction_id}
    wanted: tuple[tuple[str, str, str, int], ...] = (
        ("confirm root", "FlareOracleVerifier.RootConfirmed", "votingRound", voting_round),
        ("deliver proof", "FlareFDCTriggers.Delivered", "epoch", epoch),
        ("settle", "UsageBasedSubscriptions.Settled", "subscriptionId", subscriber.subscription_id),
    )
    for purpose, event, field, value in wanted:
        for transaction_id, fields in stack.on_flow.events(event, stack.first_height):
            if fields[field] == value:
                found[purpose] = transaction_id
    return found


def _checks(
    stack: Stack,
    public: Api,
    subscriber: Subscriber,
    usage: Usage,
    epoch: int,
    attested: AttestedStatement,
    voting_round: int,
) -> tuple[Check, ...]:
    """Every number from whoever knows it best: LiteLLM, the statement, Flare, Flow."""
    subscription_id = subscriber.subscription_id
    statement = statement_of(public, epoch)
    leaf = public.get(f"/v1/statements/{epoch}/leaves/{subscription_id}")["leaf"]["usage"]
    on_flow = stack.on_flow.subscription(subscription_id)
    price = DEFAULT_PLAN.charge_ufix64(usage.rows.rated_microtokens)
    answered = sum(answer.ok for answer in usage.answers)
    tokens = sum(answer.tokens for answer in usage.answers)
    return (
        Check("calls", _told(customer=answered, litellm=usage.rows.calls, statement=leaf["requests"])),
        Check(
            "tokens",
            _told(
                customer=tokens,
                litellm=usage.rows.tokens,
                statement=int(leaf["prompt_tokens"]) + int(leaf["completion_tokens"]),
            ),
        ),
        Check(
            "rated micro-tokens",
            _told(
                litellm=usage.rows.rated_microtokens,
                statement=leaf["rated_microtokens"],
                page=_page_total(public, epoch, subscription_id),
                flow=on_flow["settledMicrotokens"],
            ),
        ),
        Check(
            "settlement root",
            _told(
                statement=statement["settlement_root"],
                attested=f"0x{attested.fields['settlement_root']:064x}",
            ),
        ),
        Check(
            "total of all subscriptions",
            _told(
                statement=statement["total_rated_microtokens"],
                attested=attested.fields["total_rated_microtokens"],
            ),
        ),
        Check(
            "Merkle root of the round",
            _told(proof=attested.root_of_proof, flare=attested.root_on_flare, flow=stack.on_flow.root(voting_round)),
        ),
        Check("FLOW charged", _told(price=flow(price), flow=flow(int(on_flow["charged"])))),
        Check(
            "deposit left",
            _told(computed=flow(DEPOSIT_UFIX64 - price), flow=flow(int(on_flow["balance"]))),
        ),
    )


def _page_total(public: Api, epoch: int, subscription_id: int) -> str:
    """The subscription's total in the text of the epoch's first page."""
    _, *lines = public.get(f"/v1/statements/{epoch}/pages/0")["text"].split("\n")
    return dict(line.split(":") for line in lines)[str(subscription_id)]


def _told(**told: object) -> dict[str, str]:
    return {who: str(value) for who, value in told.items()}
