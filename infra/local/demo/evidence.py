"""The numbers of the receipt: `flareflow verify` checks the bill, the customer and the backend say the same."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from flareflow.attestation.signing_policy import legacy_hash
from flareflow.keccak import keccak256
from flareflow.metering.models import Usage
from flareflow.settlement.pricing import charge_ufix64
from flareflow.transparency.policy import LogPolicy
from flareflow_verify.checking import Report, check
from flareflow_verify.evidence import Evidence, Trust
from flareflow_verify.gathering import Sources, Wanted
from flareflow_verify.sources.log import StatementLog
from flareflow_verify.sources.served import CONTRACT_NAME
from infra.local.demo.api import Api
from infra.local.demo.receipt import Check, Receipt, flow
from infra.local.demo.run import DEPOSIT_UFIX64, Run
from infra.local.ports import url
from infra.waiting import until

LOG_SECONDS_MAX: Final = 240.0
"""Until the log of statements has a statement; the stack appends every two seconds."""


def receipt_of(run: Run, seconds: Mapping[str, float], *, unchanged: bool) -> Receipt:
    """The receipt of a run; its bill is checked as anybody can check it."""
    stack, customer, epoch = run.stack, run.customer, run.epoch
    on_flow = stack.on_flow.subscription(customer.subscription_id)
    with Api.at(stack.facts["api_url"]) as public:
        body = public.text(f"/v1/statements/{epoch:010d}")
    verified, used = _verified(run)
    return Receipt(
        subscription_id=customer.subscription_id,
        calls_ok=used.requests,
        calls_failed=sum(not answer.ok for answer in run.usage.answers),
        tokens=used.tokens,
        rated_microtokens=used.rated_microtokens,
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
        checks=_checks(run, used, on_flow),
        verified=verified,
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


def _verified(run: Run) -> tuple[Report, Usage]:
    """What `flareflow verify` finds of the bill, and all that the subscription had used by it."""
    facts = run.stack.facts
    contract = f"A.{facts['flow_contract_address'].removeprefix('0x')}.{CONTRACT_NAME}"
    policy = LogPolicy.parse(Path(facts["log_policy"]).read_bytes())
    trust = Trust(legacy_hash(bytes.fromhex(facts["flare_first_policy"])), contract, policy)
    sources = Sources(facts["api_url"], url("flow_rest"), url("anvil"), facts["flare_registry_address"], trust)
    with sources.opened() as gather:
        wanted = Wanted(run.customer.subscription_id, run.epoch, run.customer.api.token)
        log = StatementLog(gather.host)
        with suppress(TimeoutError):  # the check then says that the statement is not in the log
            until(lambda: log.find(run.epoch, None).index, LOG_SECONDS_MAX)
        bundle = gather.run(wanted)
    return check(bundle, trust), Evidence(bundle, trust).usage


def _checks(run: Run, used: Usage, on_flow: Mapping[str, Any]) -> tuple[Check, ...]:
    """What the customer knows without anybody, beside what was verified and what the backend shows."""
    answers = [answer for answer in run.usage.answers if answer.ok]
    backend = run.customer.api.get(f"/v1/subscriptions/{run.customer.subscription_id}")["subscription"]
    left_ufix64 = DEPOSIT_UFIX64 - charge_ufix64(used.rated_microtokens)
    return (
        Check("calls answered", _told(customer=len(answers), statement=used.requests)),
        Check("tokens", _told(customer=sum(answer.tokens for answer in answers), statement=used.tokens)),
        Check(
            "FLOW charged",
            _told(flow=flow(int(on_flow["charged"])), backend=flow(int(backend["charged_ufix64"]))),
        ),
        Check(
            "FLOW left",
            _told(
                computed=flow(left_ufix64),
                flow=flow(int(on_flow["balance"])),
                backend=flow(int(backend["balance_ufix64"])),
                live=flow(int(run.snapshot["balance"]["balance_ufix64"])),
            ),
        ),
        Check("usage, live", _told(statement=used.rated_microtokens, **_live(run.snapshot))),
    )


def _live(snapshot: Mapping[str, Any]) -> dict[str, object]:
    """All usage as the snapshot of a new client tells it at each step; None at a step that it does not tell."""
    steps = {"sealed": snapshot["sealed"], "attested": snapshot["attested"], "settled": snapshot["settled"]}
    told = {step: data and data[f"{step}_microtokens"] for step, data in steps.items()}
    return {"counted": snapshot["totals"]["counted_microtokens"], **told}


def _told(**told: object) -> dict[str, str]:
    return {who: str(value) for who, value in told.items()}
