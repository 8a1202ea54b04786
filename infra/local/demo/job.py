"""The main job: real model calls become a real, proven charge on a Flow chain; every step on the real part."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self

import httpx
from web3 import Web3

from flareflow.keccak import keccak256
from flareflow.settlement.pricing import charge_ufix64
from infra.local.demo.api import Api, ApiError
from infra.local.demo.calls import Answer, make_calls, planned_calls
from infra.local.demo.customer import Subscriber
from infra.local.demo.progress import Steps
from infra.local.demo.receipt import Check, Receipt, flow
from infra.local.demo.sources import LitellmRows, OnFlow, attested_statement, litellm_rows, statement_of
from infra.local.demo.watcher import Watcher
from infra.local.fdc.chain import Chain, Request
from infra.local.flow_accounts import LocalFlow
from infra.local.ports import url

DEPOSIT_UFIX64: Final = 10 * 10**8
POLL_SECONDS: Final = 0.3
WAIT_SECONDS_MAX: Final = 120.0
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
    flare: Chain
    first_height: int

    @classmethod
    def of(cls, facts: Mapping[str, str]) -> "Stack":
        address = facts["flow_contract_address"]
        local = LocalFlow.at(contract_address=address)
        height = local.rest.latest_sealed_block().height
        flare = Chain(Web3(Web3.HTTPProvider(url("anvil"))), facts["flare_registry_address"])
        return cls(facts, local, OnFlow(local, address), flare, height)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flow.rest.http.close()


@dataclass(frozen=True, slots=True)
class Customer:
    """Who does the job: a subscriber who is signed in and has a key."""

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
    """What the customer's calls did, as LiteLLM tells it, and how soon each was seen as pending."""

    answers: Sequence[Answer]
    rows: LitellmRows
    pending_seen_ms: Sequence[int]


@dataclass(frozen=True, slots=True)
class Run:
    """What came of the job, to be held against its sources."""

    stack: Stack
    customer: Customer
    usage: Usage
    epoch: int
    attestation: Mapping[str, Any]

    @property
    def voting_round(self) -> int:
        return int(self.attestation["voting_round"])


def run(facts: Mapping[str, str], steps: Steps) -> Receipt:
    """Do the main job on a running stack. JobFailedError when a step does not end."""
    with Stack.of(facts) as stack, become_customer(stack, steps) as customer:
        done = asyncio.run(_use_and_settle(stack, steps, customer))
        with steps.step("again", "Every scheduled handler runs once more") as doing:
            before = _state(stack, customer)
            _invoke_all(facts["lambda_url"])
            after = _state(stack, customer)
            changed = [name for name in before if before[name] != after[name]]
            doing.result = f"{', '.join(changed)} changed" if changed else "nothing changed"
        return _receipt(done, steps.seconds, unchanged=not changed)


def become_customer(stack: Stack, steps: Steps) -> Customer:
    """Open a subscription, sign in, make a key."""
    with steps.step("subscription", "A new Flow account opens a subscription with 10 FLOW") as doing:
        subscriber = Subscriber.open(stack.flow, DEPOSIT_UFIX64)
        doing.result = f"subscription {subscriber.subscription_id} of 0x{subscriber.account.address}"
    with steps.step("key", "It signs in with its wallet and gets a virtual key") as doing:
        api = _signed_in(stack, subscriber)
        secret, key_hash = subscriber.make_key(api)
        if hashlib.sha256(secret.encode()).hexdigest() != key_hash:
            raise JobFailedError("the key's hash is not the SHA-256 of its secret")
        doing.result = f"key {key_hash[:12]}… (the secret is stored nowhere)"
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
            await _until(lambda: _is_settled(customer.api, epoch))
    finally:
        await watcher.close()
    return Run(stack, customer, usage, epoch, attestation)


def _balance_after(charged_ufix64: int) -> Callable[[Mapping[str, object]], bool]:
    wanted = str(charged_ufix64)
    return lambda message: message["type"] == "balance.changed" and message["charged_ufix64"] == wanted


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


async def _use(stack: Stack, steps: Steps, watcher: Watcher, customer: Customer) -> Usage:
    with steps.step("calls", "25 model calls, some of which fail upstream") as doing:
        answers = await make_calls(stack.facts["litellm_url"], customer.secret, planned_calls())
        ok = [answer for answer in answers if answer.ok]
        doing.result = f"{len(ok)} answered, {len(answers) - len(ok)} failed"
    with steps.step("pending", "Each call's pending usage is on the WebSocket") as doing:
        seen = [await watcher.wait_for(_pending_of(answer)) - answer.ended for answer in ok]
        seen_ms = sorted(max(0, round(1000 * seconds)) for seconds in seen)
        doing.result = f"within {seen_ms[-1]} ms of its end"
    with steps.step("rows", "LiteLLM has written the calls into its spend log"):
        rows = await _until(lambda: _all_rows(stack, customer.key_hash, len(ok)))
    return Usage(answers, rows, seen_ms)


def _pending_of(answer: Answer) -> Callable[[Mapping[str, object]], bool]:
    wanted = answer.litellm_call_id
    return lambda message: message["type"] == "usage.pending" and message["litellm_call_id"] == wanted


def _all_rows(stack: Stack, key_hash: str, calls: int) -> LitellmRows | None:
    rows = litellm_rows(stack.facts["litellm_url"], stack.facts["litellm_master_key"], key_hash)
    return rows if rows.calls == calls else None


async def _sealed(steps: Steps, customer: Customer, rated_microtokens: int) -> int:
    """The epoch of the first statement whose leaf of this subscription has all of the usage."""
    api = customer.api

    def newest_with_all() -> int | None:
        for listed in api.get("/v1/statements")["statements"]:
            try:
                leaf = api.get(f"/v1/statements/{listed['epoch']}/leaves/{customer.subscription_id}")["leaf"]
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


async def _charged(stack: Stack, steps: Steps, customer: Customer, rated_microtokens: int) -> int:
    with steps.step("charge", "Flow checks the signatures and the proof, and charges the deposit") as doing:

        def settled() -> dict[str, Any] | None:
            found = stack.on_flow.subscription(customer.subscription_id)
            return found if int(found["settledMicrotokens"]) == rated_microtokens else None

        found = await _until(settled)
        doing.result = f"{flow(int(found['charged']))} FLOW"
    return int(found["charged"])


def _is_settled(api: Api, epoch: int) -> bool | None:
    """The backend, too, is done with the epoch."""
    return api.get(f"/v1/statements/{epoch}/attestation")["state"] == "SETTLED" or None


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


def _state(stack: Stack, customer: Customer) -> dict[str, object]:
    """Everything that a repeated tick could change: on Flow, on Flare, in the backend."""
    path = f"/v1/subscriptions/{customer.subscription_id}"
    operator = stack.flow.rest.account_keys(stack.facts["flow_operator_address"])
    return {
        "on_flow": stack.on_flow.subscription(customer.subscription_id),
        "operator_transactions": sum(key.sequence_number for key in operator),
        "requests_on_flare": len(_requests_on_flare(stack)),
        "backend": customer.api.get(path),
        "journal": customer.api.get(f"{path}/journal"),
        "statements": customer.api.get("/v1/statements"),
    }


def _requests_on_flare(stack: Stack) -> Sequence[Request]:
    chain = stack.flare
    return list(chain.requests(0, chain.head()[0]))


def _receipt(run: Run, seconds: Mapping[str, float], *, unchanged: bool) -> Receipt:
    stack, customer, epoch = run.stack, run.customer, run.epoch
    on_flow = stack.on_flow.subscription(customer.subscription_id)
    with Api.at(stack.facts["api_url"]) as public:
        body = public.text(f"/v1/statements/{epoch:010d}")
        checks = _checks(run, public, on_flow)
    return Receipt(
        subscription_id=customer.subscription_id,
        calls_ok=run.usage.rows.calls,
        calls_failed=sum(not answer.ok for answer in run.usage.answers),
        tokens=run.usage.rows.tokens,
        rated_microtokens=run.usage.rows.rated_microtokens,
        deposit_ufix64=DEPOSIT_UFIX64,
        charged_ufix64=int(on_flow["charged"]),
        deposit_left_ufix64=int(on_flow["balance"]),
        epoch=epoch,
        statement_hash=f"0x{keccak256(body.encode()).hex()}",
        statement_url=f"{stack.facts['api_url']}/v1/statements/{epoch:010d}",
        voting_round_id=run.voting_round,
        merkle_root=f"0x{stack.flare.merkle_root(run.voting_round).hex()}",
        flow_transaction_ids=_flow_transactions(run),
        flare_transaction_hash=str(run.attestation["request_transaction"]),
        pending_seen_ms=run.usage.pending_seen_ms,
        seconds=seconds,
        checks=checks,
        second_run_changed_nothing=unchanged,
    )


def _flow_transactions(run: Run) -> dict[str, str]:
    found = {"open": run.customer.subscriber.transaction_id}
    wanted: tuple[tuple[str, str, str, int], ...] = (
        ("confirm root", "FlareOracleVerifier.RootConfirmed", "votingRound", run.voting_round),
        ("deliver proof", "FlareFDCTriggers.Delivered", "epoch", run.epoch),
        ("settle", "UsageBasedSubscriptions.Settled", "subscriptionId", run.customer.subscription_id),
    )
    for purpose, event, key, value in wanted:
        for transaction_id, fields in run.stack.on_flow.events(event, run.stack.first_height):
            if fields[key] == value:
                found[purpose] = transaction_id
    return found


def _checks(run: Run, public: Api, on_flow: Mapping[str, Any]) -> tuple[Check, ...]:
    """Every number from whoever knows it best: the customer, LiteLLM, the statement, Flare, Flow."""
    return (*_usage_checks(run, public, on_flow), *_proof_checks(run, public), *_money_checks(run, on_flow))


def _usage_checks(run: Run, public: Api, on_flow: Mapping[str, Any]) -> tuple[Check, ...]:
    rows, answers, epoch = run.usage.rows, run.usage.answers, run.epoch
    leaf = public.get(f"/v1/statements/{epoch}/leaves/{run.customer.subscription_id}")["leaf"]["usage"]
    statement_tokens = int(leaf["prompt_tokens"]) + int(leaf["completion_tokens"])
    return (
        Check(
            "calls answered",
            _told(customer=sum(answer.ok for answer in answers), litellm=rows.calls, statement=leaf["requests"]),
        ),
        Check(
            "tokens",
            _told(customer=sum(answer.tokens for answer in answers), litellm=rows.tokens, statement=statement_tokens),
        ),
        Check(
            "rated micro-tokens",
            _told(
                litellm=rows.rated_microtokens,
                statement=leaf["rated_microtokens"],
                page=_page_total(public, epoch, run.customer.subscription_id),
                flow=on_flow["settledMicrotokens"],
            ),
        ),
    )


def _proof_checks(run: Run, public: Api) -> tuple[Check, ...]:
    statement = statement_of(public, run.epoch)
    (request,) = [one for one in _requests_on_flare(run.stack) if one.voting_round == run.voting_round]
    attested = attested_statement(run.stack.facts["fdc_url"], run.voting_round, request.data)
    flare_root = run.stack.flare.merkle_root(run.voting_round).hex()
    return (
        *(
            Check(field, _told(statement=int(statement[field], 0), attested=attested.fields[field]))
            for field in ("settlement_root", "usage_root", "total_rated_microtokens")
        ),
        Check(
            "root of the voting round",
            _told(proof=attested.root, flare=flare_root, flow=run.stack.on_flow.root(run.voting_round)),
        ),
    )


def _money_checks(run: Run, on_flow: Mapping[str, Any]) -> tuple[Check, ...]:
    price_ufix64 = charge_ufix64(run.usage.rows.rated_microtokens)
    path = f"/v1/subscriptions/{run.customer.subscription_id}"
    backend = run.customer.api.get(path)["subscription"]
    return (
        Check(
            "FLOW charged",
            _told(
                price=flow(price_ufix64),
                flow=flow(int(on_flow["charged"])),
                backend=flow(int(backend["charged_ufix64"])),
            ),
        ),
        Check(
            "FLOW left",
            _told(
                computed=flow(DEPOSIT_UFIX64 - price_ufix64),
                flow=flow(int(on_flow["balance"])),
                backend=flow(int(backend["balance_ufix64"])),
            ),
        ),
    )


def _page_total(public: Api, epoch: int, subscription_id: int) -> str:
    """The subscription's total in the text of the epoch's first page."""
    _, *lines = public.get(f"/v1/statements/{epoch}/pages/0")["text"].split("\n")
    totals: dict[str, str] = dict(line.split(":") for line in lines)
    return totals[str(subscription_id)]


def _told(**told: object) -> dict[str, str]:
    return {who: str(value) for who, value in told.items()}
