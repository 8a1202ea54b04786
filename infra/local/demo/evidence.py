"""The numbers of the receipt, each from its source: the customer, LiteLLM, the statement, Flare or Flow."""

from collections.abc import Mapping
from typing import Any

from flareflow.keccak import keccak256
from flareflow.metering.models import Usage
from flareflow.settlement.pricing import charge_ufix64
from infra.local.demo.api import Api
from infra.local.demo.receipt import Check, Receipt, flow
from infra.local.demo.run import DEPOSIT_UFIX64, Run
from infra.local.demo.sources import Documents, attested_statement, proven_calls


def receipt_of(run: Run, seconds: Mapping[str, float], *, unchanged: bool) -> Receipt:
    """The receipt of a run; every number is asked of its sources."""
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
        live_calls=run.live_calls,
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
        ("settle", "SubscriptionAccounts.Settled", "subscriptionId", run.customer.subscription_id),
    )
    for purpose, event, key, value in wanted:
        for transaction_id, fields in run.stack.on_flow.events(event, run.stack.first_height):
            if fields[key] == value:
                found[purpose] = transaction_id
    return found


def _checks(run: Run, public: Api, on_flow: Mapping[str, Any]) -> tuple[Check, ...]:
    """Each number as every system that knows it tells it."""
    return (*_usage_checks(run, public, on_flow), *_proof_checks(run, public), *_money_checks(run, on_flow))


def _usage_checks(run: Run, public: Api, on_flow: Mapping[str, Any]) -> tuple[Check, ...]:
    rows, answers, epoch = run.usage.rows, run.usage.answers, run.epoch
    documents, subscription_id = Documents(public), run.customer.subscription_id
    usage = documents.usage(epoch, subscription_id)
    earlier = [int(one["epoch"]) for one in public.get("/v1/statements")["statements"] if int(one["epoch"]) < epoch]
    before = documents.usage(earlier[0], subscription_id) if earlier else Usage()
    return (
        Check(
            "calls answered",
            _told(customer=sum(answer.ok for answer in answers), litellm=rows.calls, statement=usage.requests),
        ),
        Check(
            "tokens",
            _told(customer=sum(answer.tokens for answer in answers), litellm=rows.tokens, statement=usage.tokens),
        ),
        Check(
            "rated micro-tokens",
            _told(
                litellm=rows.rated_microtokens,
                statement=usage.rated_microtokens,
                page=documents.settlement_total(epoch, subscription_id),
                flow=on_flow["settledMicrotokens"],
            ),
        ),
        Check(
            "calls proven one by one",
            _told(
                proofs=proven_calls(documents, run.customer.api, epoch, subscription_id),
                statement=usage.requests - before.requests,
            ),
        ),
    )


def _proof_checks(run: Run, public: Api) -> tuple[Check, ...]:
    statement = Documents(public).statement(run.epoch)
    (request,) = [one for one in run.stack.requests_on_flare() if one.voting_round == run.voting_round]
    attested = attested_statement(run.stack.facts["fdc_url"], run.voting_round, request.data)
    flare_root = run.stack.flare.merkle_root(run.voting_round).hex()
    return (
        *(
            Check(
                field,
                _told(statement=f"0x{getattr(statement, field).hex()}", attested=f"0x{attested.fields[field]:064x}"),
            )
            for field in ("settlement_root", "usage_root")
        ),
        Check(
            "total rated micro-tokens",
            _told(statement=statement.total_rated_microtokens, attested=attested.fields["total_rated_microtokens"]),
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


def _told(**told: object) -> dict[str, str]:
    return {who: str(value) for who, value in told.items()}
