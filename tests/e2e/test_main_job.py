"""The main job on the whole local stack: what `make demo` does, and what it leaves behind."""

import io
import json
import zlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from rich.console import Console

from flareflow.settlement.pricing import charge_ufix64
from flareflow_verify.checking import Outcome
from flareflow_verify.evidence import Link
from infra.local.aws import session as aws
from infra.local.demo import job
from infra.local.demo.calls import CALLS, FAILING
from infra.local.demo.progress import Steps
from infra.local.demo.receipt import Receipt, flow
from infra.local.demo.run import Stack
from infra.local.launch import Facts
from infra.local.ports import url
from infra.local.run_dir import run_dir
from infra.local.stack import secret_values

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

WANTED_OF_RECEIPT = {
    *("calls_ok", "calls_failed", "rated_microtokens", "charged_flow", "deposit_left_flow", "statement_hash"),
    *("live_calls", "pending_p50_ms", "pending_p95_ms"),
    *("voting_round_id", "flow_transaction_ids", "seconds", "verified", "agrees", "second_run_changed_nothing"),
}


@pytest.fixture(scope="module")
def receipt(running: Facts) -> Receipt:
    return job.run(running, Steps(Console(file=io.StringIO())))


def test_every_step_from_the_voters_to_the_charge_is_verified_and_the_customer_agrees(receipt: Receipt) -> None:
    # Given 25 calls, some of which failed upstream
    # When they were metered, sealed, attested and charged
    # Then every link of the bill is verified, and the customer and the backend tell the same, to the last unit
    assert [one for one in receipt.verified.findings if one.outcome is not Outcome.VERIFIED] == []
    of_a_whole_bill = [link for link in Link if link not in (Link.EVENT, Link.LOG_GROWTH)]
    assert [one.link for one in receipt.verified.findings] == of_a_whole_bill
    assert {check.what: dict(check.told) for check in receipt.checks if not check.agrees} == {}
    assert (receipt.calls_ok, receipt.calls_failed) == (CALLS - len(FAILING), len(FAILING))
    assert receipt.charged_ufix64 == charge_ufix64(receipt.rated_microtokens) > 0
    assert receipt.charged_ufix64 + receipt.deposit_left_ufix64 == receipt.deposit_ufix64


def test_running_every_scheduled_handler_again_changes_nothing(receipt: Receipt) -> None:
    assert receipt.second_run_changed_nothing


def test_pending_usage_of_every_answered_call_is_on_the_websocket_before_its_charge(receipt: Receipt) -> None:
    # Given the times at which the WebSocket told of the calls and of their charge
    # Then every answered call was seen first as pending; how long that takes on this machine is in the receipt
    assert receipt.live_calls == receipt.calls_ok
    assert len(receipt.pending_seen_ms) == receipt.calls_ok


def test_a_new_watch_begins_with_all_that_was_sealed_attested_and_settled(receipt: Receipt) -> None:
    # Given all usage charged, and a client that begins to watch only then
    # Then its snapshot tells the same usage, to the last unit, as counted, sealed, attested and settled
    live = next(check for check in receipt.checks if check.what == "usage, live")
    everything = str(receipt.rated_microtokens)
    assert live.told == dict.fromkeys(("statement", "counted", "sealed", "attested", "settled"), everything)


def test_the_charge_is_proven_by_transactions_on_both_chains(receipt: Receipt) -> None:
    assert set(receipt.flow_transaction_ids) == {"open", "confirm root", "deliver proof", "settle"}
    assert int(receipt.merkle_root, 16) != 0
    assert receipt.flare_transaction_hash.startswith("0x")


def test_the_receipt_as_json_says_what_programs_ask_for(receipt: Receipt, tmp_path: Path) -> None:
    # Given the receipt on disk
    receipt.write(tmp_path / "receipt.json")
    # When a program reads it
    written = json.loads((tmp_path / "receipt.json").read_text())
    # Then everything that it may rely on is there
    assert set(written) >= WANTED_OF_RECEIPT
    assert written["agrees"] is True
    assert written["charged_flow"] == flow(receipt.charged_ufix64)


def test_secrets_are_stored_nowhere_and_logged_by_no_function(running: Facts) -> None:
    # Given a customer with a session and a new key
    quiet = Steps(Console(file=io.StringIO()))
    with Stack.of(running) as known, job.become_customer(known, quiet) as customer:
        # When everything that the functions keep and log is searched
        kept = _all_items() + "".join(log.read_text() for log in (run_dir() / "functions").glob("*.log"))
    # Then the key's hash is there, and neither its secret nor the session's nor those of the stack are
    token = customer.api.http.headers["authorization"].rpartition("_")[2]
    assert customer.key_hash in kept
    assert not [secret for secret in (customer.secret, token, *secret_values().values()) if secret in kept]


def _all_items() -> str:
    dynamodb = boto3.Session("local", "local", region_name=aws.REGION).resource(
        "dynamodb", endpoint_url=url("dynamodb")
    )
    scan = dynamodb.meta.client.get_paginator("scan")
    pages = [page for table in dynamodb.tables.all() for page in scan.paginate(TableName=table.name)]
    return json.dumps([page["Items"] for page in pages], default=_text)


def _text(value: Any) -> str:
    """What an attribute holds that JSON has no form for: a number, a set, or a pack of calls."""
    return str(value) if isinstance(value, Decimal | set) else zlib.decompress(bytes(value)).decode()
