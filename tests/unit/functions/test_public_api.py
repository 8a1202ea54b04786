"""The public API, from the event that API Gateway sends to the answer it gets."""

from datetime import UTC, datetime

import pytest

from flareflow.accounts.quoting import QuoteCalls
from flareflow.attestation.models import Attestation, Finalization, Proof, State, Submission
from flareflow.attestation.progress import ReadProgress
from flareflow.errors import StorageUnavailableError
from flareflow.keccak import keccak256
from flareflow.settlement.charging import KnownRate
from flareflow.settlement.plans import PlanVersion
from flareflow.settlement.pricing import Currency, Tariff, Tier, Tiers
from flareflow.settlement.quotes import ReadPlans
from flareflow.statements.public_view import ListStatements
from tests.fakes.attestation import FakeAttestations
from tests.fakes.metering import EVEN_BOOK, FakePriceBooks
from tests.fakes.settlement import FakeKnownRates, FakePlans
from tests.support.functions import Function, Load
from tests.unit.settlement.test_statistics import Whole
from tests.unit.statements.sealing import Sealing

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TARIFF = Tariff(Tiers((Tier(1_000, 2_000_000), Tier(None, 1_000_000))), Currency.USD, needs_rate=True)
IN_DOLLARS = PlanVersion(1, 2, TARIFF, minimum_deposit_ufix64=10**8, low_balance_ufix64=5, effective_at=NOON)
PROVEN = Attestation(
    epoch=1_000,
    words=(0,) * 11,
    state=State.PROVEN,
    submission=Submission(b"request", b"transaction", b"\x01" * 32, nonce=3),
    mined_block=12,
    voting_round=792_357,
    finalization=Finalization(b"\x02" * 32, 309, b"message", b"signatures"),
    proof=Proof(792_357, 2**64 - 1, (b"\x03" * 32,)),
)


@pytest.fixture
def sealing() -> Sealing:
    return Sealing()


@pytest.fixture
def public(load: Load, sealing: Sealing) -> Function:
    return load(
        "public_api",
        list_statements=ListStatements(sealing.statements),
        read_progress=ReadProgress(FakeAttestations({PROVEN.epoch: PROVEN})),
        price_books=FakePriceBooks(),
        quote_calls=QuoteCalls(
            FakePriceBooks(), FakePlans([IN_DOLLARS]), FakeKnownRates(KnownRate(25_000_000, NOON)), "FLOW", lambda: NOON
        ),
        read_plans=ReadPlans(FakePlans([IN_DOLLARS]), FakeKnownRates(KnownRate(25_000_000, NOON)), "FLOW"),
    )


def test_head_is_answered_as_get_without_the_body(public: Function) -> None:
    asked, headed = (public.call(method, "/v1/plans") for method in ("GET", "HEAD"))
    assert (headed.status, headed.headers, headed.text) == (asked.status, asked.headers, "")
    assert public.call("HEAD", "/v1/elsewhere").status == 404


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/attestations/newest", 400, "invalid_request"),
        ("/v1/attestations/1001", 404, "attestation_not_begun"),
        ("/v1/elsewhere", 404, "route_not_found"),
        ("/v1/statements/0000001000", 404, "route_not_found"),
    ],
)
def test_what_does_not_exist_is_a_problem_that_is_not_cached(
    public: Function, sealing: Sealing, path: str, status: int, code: str
) -> None:
    sealing.count(1, 100)
    sealing.seal()
    answer = public.call("GET", path)
    assert (answer.status, answer.body["code"]) == (status, code)
    assert answer.headers == {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}


def test_statements_are_listed_with_a_cursor(public: Function, sealing: Sealing) -> None:
    for _ in range(51):
        sealing.count(1, 1)
        sealing.seal()
    first = public.call("GET", "/v1/statements").body
    second = public.call("GET", "/v1/statements", query={"cursor": first["next_cursor"]}).body
    assert len(first["statements"]) == 50
    assert [entry["epoch"] for entry in second["statements"]] == ["1000"]
    assert second["next_cursor"] is None


def test_progress_names_where_each_part_of_the_proof_is_on_flare(public: Function) -> None:
    answer = public.call("GET", "/v1/attestations/1000")
    assert answer.body == {
        "epoch": "1000",
        "state": "PROVEN",
        "request_transaction": f"0x{'01' * 32}",
        "voting_round": "792357",
        "finalization_transaction": f"0x{'02' * 32}",
        "reward_epoch": "309",
        "lowest_used_timestamp": str(2**64 - 1),
        "siblings": [f"0x{'03' * 32}"],
    }
    assert answer.headers["Cache-Control"] == "no-store"


def test_plans_are_listed_with_their_currency_the_token_and_the_last_rate(public: Function) -> None:
    assert public.call("GET", "/v1/plans").body == {
        "plans": [
            {
                "plan_id": "1",
                "plan_version": "2",
                "tariff": {
                    "tiers": {
                        "tiers": [
                            {"end_tokens": "1000", "price_ufix64": "2000000"},
                            {"end_tokens": None, "price_ufix64": "1000000"},
                        ]
                    },
                    "currency": "USD",
                    "needs_rate": True,
                },
                "minimum_deposit_ufix64": "100000000",
                "low_balance_ufix64": "5",
                "effective_at": "2026-11-24T12:00:00.000000Z",
                "is_retired": False,
            }
        ],
        "token_symbol": "FLOW",
        "rate": {"rate_ufix64": "25000000", "read_at": "2026-11-24T12:00:00.000000Z"},
    }


def test_calls_are_quoted_in_the_token_and_in_dollars(public: Function) -> None:
    # Given a plan at 0.02 dollars for 1,000 rated tokens, and a token of a quarter dollar
    asked = {"model": "gpt-4o", "tokens": {"prompt": "100", "completion": 150}}
    # When a call of 250 tokens is quoted
    quote = public.call("POST", "/v1/quotes", {"calls": [asked]}, caller=None).body
    # Then it costs half a cent, or two hundredths of a token
    [call] = quote["calls"]
    assert call["rated_microtokens"] == "250000000"
    assert call["costs"] == [{"plan_id": "1", "plan_version": "2", "in_tokens": "0.02", "in_dollars": "0.005"}]
    assert (quote["token_symbol"], quote["price_book_hash"]) == ("FLOW", f"0x{EVEN_BOOK.hash.hex()}")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"calls": []}, "invalid_request"),
        ({"calls": [{"model": "gpt-4o"}] * 201}, "invalid_request"),
        ({"calls": [{"model": "gpt-4o", "tokens": {"prompt": -1}}]}, "invalid_request"),
        ({"calls": [{"model": "gpt-4o", "tokens": {"prompt": True}}]}, "invalid_request"),
        ({"calls": [{"model": "two words"}]}, "invalid_request"),
        ({"calls": [{"model": "gpt-4o", "images": 1}]}, "not_priced"),
    ],
)
def test_what_cannot_be_quoted_is_refused(public: Function, body: object, code: str) -> None:
    answer = public.call("POST", "/v1/quotes", body)
    assert (answer.status, answer.body["code"]) == (400, code)


def test_the_price_book_is_sent_once_to_who_keeps_it(public: Function) -> None:
    first = public.call("GET", "/v1/price-book")
    assert first.headers["Cache-Control"] == "public, max-age=300"
    again = public.call("GET", "/v1/price-book", headers={"if-none-match": first.headers["ETag"]})
    assert (again.status, again.text, again.headers["ETag"]) == (304, "", first.headers["ETag"])
    assert public.call("GET", "/v1/price-book", headers={"if-none-match": '"another"'}).status == 200


def test_a_public_answer_is_compressed_for_who_takes_that(public: Function) -> None:
    # Given the price book as it is sent to who takes no compression
    plain = public.call("GET", "/v1/price-book")
    assert "Content-Encoding" not in plain.headers
    # When a browser asks for it
    takes = {"accept-encoding": "br, gzip"}
    packed = public.call("GET", "/v1/price-book", headers=takes)
    # Then the same text comes compressed, and caches keep the two apart
    assert (packed.text, packed.headers["Content-Encoding"]) == (plain.text, "gzip")
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["ETag"] != plain.headers["ETag"]
    # And who has it gets nothing
    again = public.call("GET", "/v1/price-book", headers={**takes, "if-none-match": packed.headers["ETag"]})
    assert (again.status, again.text) == (304, "")


def test_the_price_book_is_the_text_whose_hash_statements_carry(public: Function) -> None:
    assert keccak256(public.call("GET", "/v1/price-book").text.encode()) == EVEN_BOOK.hash


def test_statistics_are_public_and_name_no_account(load: Load) -> None:
    # Given statistics of two ticks
    whole = Whole()
    whole.tick()
    whole.tick()
    public = load("public_api", read_statistics=whole.reading)
    # When a stranger asks
    told, days = public.call("GET", "/v1/statistics", caller=None), public.call("GET", "/v1/status/days", caller=None)
    # Then there are sums and days, and nothing of one account
    assert (told.body["books"]["deposited_ufix64"], told.body["attested"]) == ("300", None)
    [day] = days.body["days"]
    assert (day["ticks"], day["systems"][0]) == ("2", {"system": "litellm", "ok": "2", "late": "0", "unknown": "0"})
    assert days.headers["Cache-Control"] == "public, max-age=300"
    assert "owner" not in told.text


def test_health_names_the_newest_statement(public: Function, sealing: Sealing) -> None:
    assert public.call("GET", "/v1/health").body == {"status": "ok", "newest_statement": None}
    sealing.count(1, 1)
    sealing.seal()
    assert public.call("GET", "/v1/health").body["newest_statement"] == "1000"


def test_an_unavailable_store_is_a_503_with_retry_after(public: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable() -> ListStatements:
        raise StorageUnavailableError("DynamoDB could not read a secret detail")

    monkeypatch.setattr(public.module, "list_statements", unavailable)
    answer = public.call("GET", "/v1/health")
    assert answer.status == 503
    assert answer.headers["Retry-After"]
    assert "detail" not in answer.text.replace('"detail"', "")
