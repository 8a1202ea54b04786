"""The main job: model calls through LiteLLM become a proven charge on the Flow emulator."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any, Final

import httpx

from infra.deploy.contracts import DEFAULT_PLAN
from infra.local.demo.api import Api, ApiError
from infra.local.demo.calls import Answer, make_calls, planned_calls
from infra.local.demo.customer import Subscriber
from infra.local.demo.evidence import receipt_of
from infra.local.demo.progress import Steps
from infra.local.demo.receipt import Receipt, flow
from infra.local.demo.run import DEPOSIT_UFIX64, Customer, Run, Stack, Usage
from infra.local.demo.sources import Documents, LitellmRows, litellm_rows
from infra.local.demo.watcher import Message, Watcher
from infra.local.stack import FUNCTION_ERROR
from infra.waiting import until, until_async

WAIT_SECONDS_MAX: Final = 300.0
INVOKE_SECONDS_MAX: Final = 300.0
SCHEDULED_FUNCTIONS: Final = (
    "UsagePollingFunction",
    "AttestationSubmissionFunction",
    "FlowBillingFunction",
    "ChainEventsFunction",
)


class JobFailedError(Exception):
    """A step of the main job failed or did not end in time."""


def run(facts: Mapping[str, str], steps: Steps) -> Receipt:
    """Do the main job on a running stack. Raises JobFailedError."""
    with Stack.of(facts) as stack, become_customer(stack, steps) as customer:
        done = use_until_settled(stack, steps, customer)
        with steps.step("again", "Every scheduled handler runs once more") as doing:
            before = _state(stack, customer)
            _invoke_all(facts["lambda_url"])
            after = _state(stack, customer)
            changed = [name for name in before if before[name] != after[name]]
            doing.result = f"{', '.join(changed)} changed" if changed else "nothing changed"
        return receipt_of(done, steps.seconds, unchanged=not changed)


def use_until_settled(stack: Stack, steps: Steps, customer: Customer) -> Run:
    """Make the calls and wait until they are settled on Flow. Raises JobFailedError."""
    try:
        return asyncio.run(_use_and_settle(stack, steps, customer))
    except TimeoutError as error:
        raise JobFailedError("an answer or a message that was expected did not come; look at `make logs`") from error


def become_customer(stack: Stack, steps: Steps, plan_id: int = DEFAULT_PLAN) -> Customer:
    """Open a subscription, sign in, make a key."""
    with steps.step("subscription", "A new Flow account opens a subscription with 10 FLOW") as doing:
        subscriber = Subscriber.open(stack.flow, DEPOSIT_UFIX64, plan_id)
        doing.result = f"subscription {subscriber.subscription_id} of 0x{subscriber.account.address}"
    with steps.step("key", "It signs in with its wallet and gets a virtual key") as doing:
        customer = with_key(stack, subscriber)
        doing.result = f"key {customer.key_hash[:12]}… (the secret is stored nowhere)"
    return customer


def with_key(stack: Stack, subscriber: Subscriber) -> Customer:
    """Sign in and make a key. Raises JobFailedError, or ApiError where the API refuses."""
    api = signed_in(stack, subscriber)
    secret, key_hash = subscriber.make_key(api)
    if hashlib.sha256(secret.encode()).hexdigest() != key_hash:
        raise JobFailedError("the key's hash is not the SHA-256 of its secret")
    return Customer(subscriber, api, secret, key_hash)


async def _use_and_settle(stack: Stack, steps: Steps, customer: Customer) -> Run:
    ticket = customer.api.post("/v1/websocket-tickets", {})["ticket"]
    watcher = await Watcher.connect(stack.facts["websocket_url"], ticket, customer.subscription_id)
    try:
        usage = await _use(stack, steps, watcher, customer)
        rated_microtokens = usage.rows.rated_microtokens
        epoch = await _sealed(steps, customer, rated_microtokens)
        attestation = await _proven(steps, customer.api, epoch)
        charged_ufix64 = await _charged(stack, steps, customer, rated_microtokens)
        with steps.step("events", "The new balance reaches the WebSocket"):
            await watcher.wait_for(_balance_after(charged_ufix64))
            await watcher.wait_for(_reached("usage.sealed", "sealed_microtokens", rated_microtokens))
            await watcher.wait_for(_reached("usage.attested", "attested_microtokens", rated_microtokens))
            live_calls = await _calls_seen_before_their_charge(watcher, usage)
            await _until(lambda: nothing_is_on_its_way(customer.api))
            snapshot = await _snapshot(stack, customer)
    finally:
        await watcher.close()
    return Run(stack, customer, usage, live_calls, snapshot, int(attestation["epoch"]), attestation)


async def _snapshot(stack: Stack, customer: Customer) -> Mapping[str, Any]:
    """What a client is told of the subscription that begins to watch it now."""
    ticket = customer.api.post("/v1/websocket-tickets", {})["ticket"]
    watcher = await Watcher.connect(stack.facts["websocket_url"], ticket, customer.subscription_id)
    try:
        await watcher.wait_for(_is_snapshot)
    finally:
        await watcher.close()
    return next(message["data"] for _, message in watcher.messages if _is_snapshot(message))


def _is_snapshot(message: Message) -> bool:
    return bool(message["type"] == "snapshot")


def _balance_after(charged_ufix64: int) -> Callable[[Message], bool]:
    wanted = str(charged_ufix64)
    return lambda message: message["type"] == "balance.changed" and message["data"]["charged_ufix64"] == wanted


async def _calls_seen_before_their_charge(watcher: Watcher, usage: Usage) -> int:
    """How many answered calls had their pending usage on the WebSocket before the message that they are settled."""
    all_of_it = usage.rows.rated_microtokens
    settled = await watcher.wait_for(_reached("usage.settled", "settled_microtokens", all_of_it))
    arrived = [await watcher.wait_for(_pending_of(answer)) for answer in usage.answers if answer.ok]
    return sum(moment < settled for moment in arrived)


def _reached(kind: str, total: str, rated_microtokens: int) -> Callable[[Message], bool]:
    """Whether a message of this type has the whole usage as its total."""
    wanted = str(rated_microtokens)
    return lambda message: message["type"] == kind and message["data"][total] == wanted


def signed_in(stack: Stack, subscriber: Subscriber) -> Api:
    """Sign in, once the backend knows the subscription: `chain_events` must have read its opening."""
    api = subscriber.sign_in(stack.facts["api_url"], stack.facts["app_origin"])

    def opened() -> bool | None:
        try:
            api.get(f"/v1/subscriptions/{subscriber.subscription_id}")
        except ApiError as error:
            if error.status != httpx.codes.NOT_FOUND:
                raise
            return None
        return True

    try:
        until(opened, WAIT_SECONDS_MAX)
    except TimeoutError as error:
        raise JobFailedError("the opening of the subscription did not reach the backend") from error
    return api


async def _use(stack: Stack, steps: Steps, watcher: Watcher, customer: Customer) -> Usage:
    with steps.step("calls", "25 model calls, some of which fail upstream") as doing:
        answers = await make_calls(stack.facts["litellm_url"], customer.secret, planned_calls())
        ok = [answer for answer in answers if answer.ok]
        doing.result = f"{len(ok)} answered, {len(answers) - len(ok)} failed"
    with steps.step("pending", "Each call's pending usage is on the WebSocket") as doing:
        seen = [await watcher.wait_for(_pending_of(answer)) - answer.ended for answer in ok]
        seen_ms = sorted(max(0, round(1000 * seconds)) for seconds in seen)
        doing.result = f"the slowest {seen_ms[-1]} ms after its end"
    with steps.step("rows", "LiteLLM has written the calls into its spend log"):
        rows = await _until(lambda: _all_rows(stack, customer.key_hash, len(ok)))
    return Usage(answers, rows, seen_ms)


def _pending_of(answer: Answer) -> Callable[[Message], bool]:
    wanted = answer.litellm_call_id
    return lambda message: wanted in _calls_in(message)


def _calls_in(message: Message) -> set[str]:
    """The calls that a message about usage names. A call can be counted before its record comes."""
    return {call["event_id"] for call in message["data"]["calls"]} if message["type"] == "usage.pending" else set()


def _all_rows(stack: Stack, key_hash: str, calls: int) -> LitellmRows | None:
    rows = litellm_rows(stack.facts["litellm_admin_url"], stack.facts["litellm_master_key"], key_hash)
    return rows if rows.calls == calls else None


async def _sealed(steps: Steps, customer: Customer, rated_microtokens: int) -> int:
    """The epoch of the first statement that has all of the subscription's usage."""
    documents = Documents(customer.api)

    def has_all(epoch: int) -> bool:
        return documents.usage(epoch, customer.subscription_id).rated_microtokens == rated_microtokens

    def first_with_all() -> int | None:
        return min(takewhile(has_all, _epochs(customer.api)), default=None)

    with steps.step("statement", "The epoch is sealed into a public statement") as doing:
        epoch = await _until(first_with_all)
        doing.result = f"epoch {epoch}"
    return epoch


async def _proven(steps: Steps, api: Api, epoch: int) -> dict[str, Any]:
    """The attestation of an epoch, or of the first after it if it was passed over, once it has a proof."""
    with steps.step("attestation", "Flare's voters fetch the statement and sign its round") as doing:

        def proof() -> dict[str, Any] | None:
            begun = (one for one in reversed(_epochs(api)) if one >= epoch and _state_of(api, one))
            if (first := next(begun, None)) is None:
                return None
            progress: dict[str, Any] = api.get(f"/v1/attestations/{first}")
            doing.now(progress["state"])
            return progress if progress["siblings"] is not None else None

        progress = await _until(proof)
        doing.result = f"voting round {progress['voting_round']}"
    return progress


async def _charged(stack: Stack, steps: Steps, customer: Customer, rated_microtokens: int) -> int:
    with steps.step("charge", "Flow checks the signatures and the proof, and charges the deposit") as doing:

        def settled() -> dict[str, Any] | None:
            found = stack.on_flow.subscription(customer.subscription_id)
            return found if int(found["settledMicrotokens"]) == rated_microtokens else None

        found = await _until(settled)
        doing.result = f"{flow(int(found['charged']))} FLOW"
    return int(found["charged"])


def nothing_is_on_its_way(api: Api) -> bool | None:
    """True once the backend knows every statement as settled or passed over, None before.

    On a slow machine the calls fall into two epochs. The statement of the first may be under way longer, or it is never
    attested, because the second was sealed before.
    """
    newest, *older = _epochs(api)
    states = {_state_of(api, newest), *(_state_of(api, epoch) or "SKIPPED" for epoch in older)}
    return states <= {"SETTLED", "SKIPPED"} or None


def _epochs(api: Api) -> list[int]:
    """Of the last statements, the newest first."""
    return [int(listed["epoch"]) for listed in api.get("/v1/statements")["statements"]]


def _state_of(api: Api, epoch: int) -> str | None:
    """The state of an epoch's attestation; None if none was begun."""
    try:
        return str(api.get(f"/v1/attestations/{epoch}")["state"])
    except ApiError as error:
        if error.status != httpx.codes.NOT_FOUND:
            raise
        return None


async def _until[T](ask: Callable[[], T | None]) -> T:
    try:
        return await until_async(ask, WAIT_SECONDS_MAX)
    except TimeoutError as error:
        raise JobFailedError(f"nothing came in {WAIT_SECONDS_MAX:.0f} s; look at `make logs`") from error


def _invoke_all(lambda_url: str) -> None:
    """Invoke each scheduled function as its schedule does."""
    event = {"source": "aws.events", "detail-type": "Scheduled Event", "time": datetime.now(UTC).isoformat()}
    for function in SCHEDULED_FUNCTIONS:
        address = f"{lambda_url}/2015-03-31/functions/{function}/invocations"

        def invoked(address: str = address) -> httpx.Response | None:
            answer = httpx.post(address, json=event, timeout=INVOKE_SECONDS_MAX)
            return None if answer.status_code == httpx.codes.TOO_MANY_REQUESTS else answer

        answer = until(invoked, WAIT_SECONDS_MAX)
        if answer.is_error or FUNCTION_ERROR in answer.headers:
            raise JobFailedError(f"{function} failed: {answer.text}")


def _state(stack: Stack, customer: Customer) -> dict[str, object]:
    """Everything that another run of the scheduled functions could change: on Flow, on Flare, in the backend."""
    path = f"/v1/subscriptions/{customer.subscription_id}"
    operator = stack.flow.rest.account_keys(stack.facts["flow_operator_address"])
    return {
        "on_flow": stack.on_flow.subscription(customer.subscription_id),
        "operator_transactions": sum(key.sequence_number for key in operator),
        "requests_on_flare": len(stack.requests_on_flare()),
        "backend": customer.api.get(path),
        "journal": customer.api.get(f"{path}/journal"),
        "statements": customer.api.get("/v1/statements"),
    }
