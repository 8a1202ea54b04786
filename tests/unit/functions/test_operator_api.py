"""What operators see and decide over HTTP, in both ways. That nobody else comes in is tried in `tests/unit/owasp`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pytest

from flareflow.accounts.key_differences import SUBSCRIPTIONS_COMPARED, CompareKeys
from flareflow.accounts.subscriptions import ReadAnySubscription
from flareflow.attestation.models import SignedPolicy
from flareflow.attestation.relay import PolicySignature
from flareflow.entrypoints.limits import LimitRoutes
from flareflow.errors import FlareUnavailableError
from flareflow.limits import LimitRequests
from flareflow.metering import deciding
from flareflow.metering.cases import Case, CaseKind
from flareflow.metering.dead_letters import DeadLetters, QueueDepth, QueueName, Redriven
from flareflow.metering.deciding import ListCases
from flareflow.metering.margins import ReadMargins
from flareflow.metering.spent import Sold
from flareflow.settlement.payers import ReadPayers
from flareflow.settlement.signing_policies import ReadPolicies
from tests.fakes.accounts import ALICE, BOB, FakeClock, FakeRequestCounts
from tests.fakes.attestation import FakePolicies
from tests.fakes.metering import NOW
from tests.fakes.settlement import FakeFlow, FakeLightClient
from tests.support.functions import Answer, Function, Load, sample
from tests.unit.accounts.test_sweeping import FakeAllSubscriptions, Tick
from tests.unit.attestation.test_policies import policy
from tests.unit.metering.test_deciding import CASE, case_of, operator, row
from tests.unit.metering.test_polling import Metering

OLGA = "arn:aws:iam::123456789012:user/olga"
TODAY = date(2026, 11, 24)
DECISIONS = "/v1/operator/case-decisions"


@dataclass
class FakeQueues:
    """`Queues` in memory."""

    driven: list[DeadLetters] = field(default_factory=list)

    def depths(self) -> Sequence[QueueDepth]:
        return [QueueDepth(name, waiting=3, in_flight=1) for name in QueueName]

    def redrive(self, name: DeadLetters) -> Redriven:
        self.driven.append(name)
        return Redriven(moved=2, left=1)


@dataclass(frozen=True)
class FakeSold:
    """`SoldByModel` of one day."""

    def sold(self, day: date) -> Mapping[str, Sold]:
        return {"dear": Sold(2, 10**12, 3 * 10**9), "cheap": Sold(1, 10**12, 10**8)} if day == TODAY else {}


@dataclass
class FakePayingAccount:
    """`PayingAccount`."""

    known: str
    left: int
    is_down: bool = False

    def address(self) -> str:
        return self.known

    def balance(self) -> int:
        if self.is_down:
            raise FlareUnavailableError("told to be down")
        return self.left


@dataclass
class Desk:
    """The function, and what is behind it."""

    function: Function
    metering: Metering
    tick: Tick
    queues: FakeQueues
    flare: FakePayingAccount
    policies: FakePolicies

    def ask(self, method: str, path: str, body: object = None, **query: str) -> Answer:
        """As Olga, whose signature API Gateway has checked."""
        return self.function.call(method, path, body, operator=OLGA, query=query)

    def ask_on_page(self, method: str, path: str, body: object = None) -> Answer:
        """As Alice, whom the authorizer has found among the operators."""
        return self.function.call(method, path, body, caller=ALICE, is_operator=True)


@pytest.fixture
def desk(load: Load, monkeypatch: pytest.MonkeyPatch) -> Desk:
    metering, tick, queues, policies = Metering(), Tick(), FakeQueues(), FakePolicies()
    flare = FakePayingAccount("0x" + "7c" * 20, 5 * 10**18)
    metering.cases.open([case_of(json.dumps(row(total_tokens=31)))])
    tick.open(7)
    made = operator(metering)
    function = load(
        "operator_api",
        operator=made,
        list_cases=ListCases(made.cases),
        read_subscription=ReadAnySubscription(tick.ledger, tick.standings),
        read_margins=ReadMargins(FakeSold(), unit_nanousd=10**9),
        queues=queues,
        compare_keys=CompareKeys(FakeAllSubscriptions(tick.ledger), tick.keys, tick.issuer),
        read_payers=ReadPayers(FakePayingAccount(BOB, 7 * 10**8), flare),
        read_policies=ReadPolicies(FakeLightClient(FakeFlow(), 41), policies),
    )
    limits = LimitRoutes(lambda: LimitRequests(FakeRequestCounts(), FakeClock()))
    monkeypatch.setattr(function.module.app, "limits", limits)
    return Desk(function, metering, tick, queues, flare, policies)


def test_a_case_is_listed_shown_and_decided_by_its_signer(desk: Desk) -> None:
    # Given an open case
    [listed] = desk.ask("GET", "/v1/operator/cases").body["items"]
    assert (listed["id"], listed["decision"]) == (CASE, None)
    # When it is billed with a correction
    wish = {"case": CASE, "verdict": "billed", "why": "asked the database", "row": {"total_tokens": 30}}
    decided = desk.ask("POST", DECISIONS, wish)
    # Then it is decided by who has signed the request, and shown so
    assert decided.body["decision"]["who"] == OLGA
    assert desk.metering.counter.tokens() == 30
    [shown] = desk.ask("GET", "/v1/operator/cases", case=CASE).body["items"]
    assert shown["decision"]["verdict"] == "billed"
    assert desk.ask("GET", "/v1/operator/cases").body["items"] == []


def test_a_case_that_is_decided_on_the_page_is_decided_by_the_account(desk: Desk) -> None:
    # Given an open case
    [listed] = desk.ask_on_page("GET", "/v1/console/cases").body["items"]
    # When an operator's account writes it off on the page
    decided = desk.ask_on_page(
        "POST", "/v1/console/case-decisions", {"case": CASE, "verdict": "written_off", "why": "x"}
    )
    # Then the account is who has decided, for those who sign too
    assert (listed["id"], decided.body["decision"]["who"]) == (CASE, ALICE)
    [shown] = desk.ask("GET", "/v1/operator/cases", case=CASE).body["items"]
    assert shown["decision"]["who"] == ALICE


def test_the_page_tells_what_signers_are_told(desk: Desk) -> None:
    reads = (
        "cases",
        "subscriptions/7",
        "margins/2026-11-24",
        "queues",
        "key-differences",
        "payers",
        "signing-policies",
    )
    for path in reads:
        told = desk.ask_on_page("GET", f"/v1/console/{path}")
        assert (told.status, told.body) == (200, desk.ask("GET", f"/v1/operator/{path}").body)
    assert desk.ask_on_page("POST", "/v1/console/redrives", {"queue": "stream_dead_letters"}).body["moved"] == "2"


def test_no_price_book_is_put_in_force_on_the_page(desk: Desk) -> None:
    book = {"version": 4, "title": "next", "models": {}, "default": {"prompt": 1, "completion": 1}}
    event = sample("operator_api") | {"rawPath": "/v1/console/price-books", "body": json.dumps({"book": book})}
    event["requestContext"] |= {"authorizer": {"lambda": {"address": ALICE, "is_operator": True}}}
    event["requestContext"]["http"] |= {"method": "POST", "path": "/v1/console/price-books"}
    assert desk.function.handle(event)["statusCode"] == 404


def test_the_balances_of_who_pays_are_told_and_an_outage_hides_only_its_own(desk: Desk) -> None:
    # Given two accounts that pay, and a node of Flare that does not answer any more
    told = desk.ask("GET", "/v1/operator/payers").body
    desk.flare.is_down = True
    later = desk.ask("GET", "/v1/operator/payers").body
    # Then both are told, and then the one that is known with the other's address
    flow = {"address": BOB, "balance_ufix64": str(7 * 10**8)}
    assert told == {"flow": flow, "flare": {"address": "0x" + "7c" * 20, "balance_wei": str(5 * 10**18)}}
    assert later == {"flow": flow, "flare": {"address": "0x" + "7c" * 20, "balance_wei": None}}


def test_the_newest_policies_are_told_with_how_much_of_them_is_signed(desk: Desk) -> None:
    # Given three policies, of which the newest is signed by two voters of the one before
    for number, signers in ((41, ()), (42, (0, 1, 2, 3)), (43, (1, 4))):
        signatures = b"".join(PolicySignature(27, bytes(32), bytes(32), index).encode() for index in signers)
        desk.policies.put(SignedPolicy(number, policy(number), signatures))
    desk.policies.scanned(1_000)
    # When an operator looks
    told = desk.ask("GET", "/v1/operator/signing-policies").body
    # Then the first one, whose voters before are unknown, is left out
    assert (told["on_flow"], told["searched_to_block"]) == ("41", "1000")
    assert [(one["reward_epoch"], one["signed_weight"], one["needed_weight"]) for one in told["policies"]] == [
        ("43", "200", "300"),
        ("42", "400", "300"),
    ]


def test_a_long_list_of_cases_comes_in_parts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "LISTED_MAX", 1)
    desk.metering.cases.open([Case(CaseKind.DIFFERENCE, "billed_less", "z", NOW)])
    first = desk.ask("GET", "/v1/operator/cases").body
    second = desk.ask("GET", "/v1/operator/cases", cursor=first["next_cursor"]).body
    assert {one["id"] for part in (first, second) for one in part["items"]} == {CASE, "difference#billed_less#z"}


@pytest.mark.parametrize("name", ["case", "cursor"])
@pytest.mark.parametrize("text", ["", "x" * 1_001, "é" * 501], ids=["empty", "long", "long in UTF-8"])
def test_what_can_be_no_key_of_an_item_is_refused_before_the_table_refuses_it(desk: Desk, name: str, text: str) -> None:
    answer = desk.ask("GET", "/v1/operator/cases", **{name: text})
    assert (answer.status, answer.body["code"]) == (400, "invalid_request")
    decision = desk.ask("POST", DECISIONS, {"case": text, "verdict": "written_off", "why": "x"})
    assert decision.status == 400


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"case": CASE, "verdict": "forgotten", "why": "x"}, 400, "invalid_request"),
        ({"case": CASE, "verdict": "written_off"}, 400, "invalid_request"),
        ({"case": CASE, "verdict": "written_off", "why": "x", "who": "alice"}, 400, "invalid_request"),
        ({"case": CASE, "verdict": "credited", "why": "x"}, 400, "invalid_request"),
        ({"case": CASE, "verdict": "written_off", "why": "x", "transaction": "ab" * 32}, 400, "invalid_request"),
        ({"case": CASE, "verdict": "written_off", "why": "x", "row": {"a": 1}}, 400, "invalid_request"),
        ({"case": CASE, "verdict": "credited", "why": "x", "transaction": "ab" * 32}, 400, "case_is_no_difference"),
        ({"case": CASE, "verdict": "billed", "why": "x"}, 400, "row_not_billable"),
        ({"case": "row#none#1", "verdict": "written_off", "why": "x"}, 404, "case_not_found"),
    ],
)
def test_a_decision_that_cannot_be_carried_out_is_refused(desk: Desk, wish: object, status: int, code: str) -> None:
    answer = desk.ask("POST", DECISIONS, wish)
    assert (answer.status, answer.body["code"]) == (status, code)
    assert len(desk.metering.cases.opened) == 1


def test_a_price_book_is_put_in_force_once(desk: Desk) -> None:
    book = {"version": 4, "title": "next", "models": {}, "default": {"prompt": 1, "completion": 1}}
    wish = {"book": book, "from_epoch": "7"}
    put = desk.ask("POST", "/v1/operator/price-books", wish)
    assert (put.status, put.body["from_epoch"]) == (201, "7")
    again = desk.ask("POST", "/v1/operator/price-books", wish)
    assert (again.status, again.body["code"]) == (409, "epoch_has_its_book")
    assert desk.ask("POST", "/v1/operator/price-books", {"book": book, "from_epoch": 0}).status == 400


def test_a_book_of_all_models_is_not_too_long(desk: Desk) -> None:
    models = {f"model-{number}": {"prompt": 1, "completion": 1} for number in range(5_000)}
    book = {"version": 4, "title": "all", "models": models, "default": {"prompt": 1, "completion": 1}}
    assert desk.ask("POST", "/v1/operator/price-books", {"book": book, "from_epoch": 9}).status == 201


def test_any_subscription_is_shown_with_its_standing(desk: Desk) -> None:
    told = desk.ask("GET", "/v1/operator/subscriptions/7").body
    assert told["subscription"]["owner"] == ALICE
    assert told["standing"] is None or told["standing"]["standing"]
    missing = desk.ask("GET", "/v1/operator/subscriptions/8")
    assert (missing.status, missing.body["code"]) == (404, "subscription_not_found")


def test_margins_are_told_by_model(desk: Desk) -> None:
    models = desk.ask("GET", "/v1/operator/margins/2026-11-24").body["models"]
    assert [(one["model"], one["margin_nanousd"]) for one in models] == [
        ("cheap", str(10**9 - 10**8)),
        ("dear", str(10**9 - 3 * 10**9)),
    ]
    assert desk.ask("GET", "/v1/operator/margins/2026-11-25").body["models"] == []
    assert desk.ask("GET", "/v1/operator/margins/yesterday").status == 400


@pytest.mark.parametrize("day", ["0", "1795789582", "20261124", "2026-11-24T12:00:00Z", "2026-13-01", "yesterday"])
def test_a_day_is_written_in_one_form_only(desk: Desk, day: str) -> None:
    answer = desk.ask("GET", f"/v1/operator/margins/{day}")
    assert (answer.status, answer.body["code"]) == (400, "invalid_request")


def test_queues_are_shown_and_only_dead_letters_driven_again(desk: Desk) -> None:
    depths = desk.ask("GET", "/v1/operator/queues").body["queues"]
    assert {one["name"] for one in depths} == {name.value for name in QueueName}
    told = desk.ask("POST", "/v1/operator/redrives", {"queue": "stream_dead_letters"}).body
    assert told == {"moved": "2", "left": "1"}
    assert desk.ask("POST", "/v1/operator/redrives", {"queue": "webhooks_dead_letters"}).status == 200
    for queue in ("usage_slices", "webhooks"):
        assert desk.ask("POST", "/v1/operator/redrives", {"queue": queue}).status == 400
    assert desk.queues.driven == [DeadLetters.STREAMS, DeadLetters.WEBHOOKS]


def test_keys_that_differ_at_litellm_are_told_and_not_changed(desk: Desk) -> None:
    # Given a key that is as it has to be
    [key] = desk.tick.keys.keys.values()
    path = "/v1/operator/key-differences"
    assert desk.ask("GET", path).body == {"items": [], "next_cursor": None}
    # When somebody blocks it in LiteLLM by hand
    desk.tick.issuer.block(key.key_hash)
    before = dict(desk.tick.keys.keys)
    # Then it is told, and stays as it is
    [told] = desk.ask("GET", path).body["items"]
    assert (told["key_hash"], told["differences"]) == (key.key_hash, ["LiteLLM has the key blocked."])
    assert desk.tick.keys.keys == before
    # And so is a key that an administrator holds, and one that is gone
    desk.tick.issuer.hold(key.key_hash)
    assert "administrator" in desk.ask("GET", path).body["items"][0]["differences"][0]
    desk.tick.issuer.delete(key.key_hash)
    assert desk.ask("GET", path).body["items"][0]["differences"] == ["LiteLLM has deleted the key."]


def test_keys_are_compared_in_parts(desk: Desk) -> None:
    for number in range(8, 7 + SUBSCRIPTIONS_COMPARED):
        desk.tick.open(number)
    first = desk.ask("GET", "/v1/operator/key-differences").body
    assert first["next_cursor"] == str(6 + SUBSCRIPTIONS_COMPARED)
    last = desk.ask("GET", "/v1/operator/key-differences", cursor=first["next_cursor"]).body
    assert last["next_cursor"] is None
    wrong = desk.ask("GET", "/v1/operator/key-differences", cursor="-1")
    assert (wrong.status, wrong.body["code"]) == (400, "invalid_cursor")
