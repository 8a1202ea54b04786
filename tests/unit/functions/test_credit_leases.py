"""Credit over HTTP, for the gate."""

import json

import pytest

from flareflow.accounts.leases import LeaseCredit
from flareflow.accounts.models import KeyStatus, VirtualKey
from flareflow.accounts.standings import JudgeStanding
from tests.fakes.accounts import (
    ALICE,
    FakeClock,
    FakeLeases,
    FakeLedger,
    FakeMeteredUsage,
    FakeStandings,
    FakeVirtualKeys,
)
from tests.fakes.keys import FakeKeyUsages
from tests.fakes.settlement import FakeKnownRates
from tests.support.functions import Function, Load, sample

SECRET = "the secret of the push"


@pytest.fixture
def leases(load: Load) -> Function:
    clock, ledger, keys = FakeClock(), FakeLedger(), FakeVirtualKeys()
    ledger.open(7, ALICE, 100_000_000)
    keys.keys["ab" * 32] = VirtualKey("ab" * 32, 7, "", KeyStatus.ACTIVE, clock(), ALICE, 0, 0)
    judge = JudgeStanding(ledger, FakeMeteredUsage(), FakeKnownRates(), FakeStandings(), clock)
    return load(
        "credit_leases", lease_credit=LeaseCredit(lambda: SECRET, keys, judge, FakeLeases(), FakeKeyUsages(), clock)
    )


def test_a_lease_is_told_in_micro_tokens(leases: Function) -> None:
    answer = leases.handle(sample("credit_leases"))
    assert (answer["statusCode"], json.loads(answer["body"])) == (
        200,
        {
            "standing": "active",
            "held_microtokens": "216000000",
            "left_microtokens": "50000000000",
            "lifetime_seconds": "180",
            "key_left_microtokens": None,
        },
    )


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"headers": {"authorization": "Bearer another"}}, 401, "gate_secret_wrong"),
        ({"headers": {}}, 401, "gate_secret_wrong"),
        ({"body": "{}"}, 400, "invalid_request"),
        ({"body": None}, 400, "invalid_request"),
    ],
)
def test_anything_else_is_refused(leases: Function, change: dict[str, object], status: int, code: str) -> None:
    answer = leases.handle(sample("credit_leases") | change)
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (status, code)


def test_an_unknown_key_is_told_apart_from_an_unknown_route(leases: Function) -> None:
    event = sample("credit_leases")
    event["body"] = event["body"].replace("ab" * 32, "cd" * 32)
    assert json.loads(leases.handle(event)["body"])["code"] == "key_not_found"
