"""Making, listing and deleting virtual keys."""

import logging
from datetime import timedelta
from typing import Any

import pytest

from flareflow.accounts.keys import LEASE, issuer_alias
from flareflow.accounts.models import IssuedKey, KeyLimits, KeyStatus
from flareflow.accounts.ports import KEYS_PER_SUBSCRIPTION_MAX, KeyRequestClaim
from flareflow.accounts.requests import KeyRequest
from flareflow.accounts.standing import LEDGER_AGE_MAX
from flareflow.accounts.standings import JudgeStanding
from flareflow.errors import KeyIssuerUnavailableError, RaceLostError, RequestError
from tests.fakes.accounts import ALICE, BOB
from tests.fakes.settlement import FakeKnownRates
from tests.unit.accounts.key_harness import REQUEST, Keys


@pytest.fixture
def keys() -> Keys:
    return Keys()


def refusal_of_creating(
    keys: Keys, idempotency_key: str = "request-1", request: KeyRequest = REQUEST, caller: str = ALICE
) -> str:
    with pytest.raises(RequestError) as refused:
        keys.create(idempotency_key, request, caller)
    return refused.value.code


def test_the_owner_gets_a_key_and_sees_its_secret(keys: Keys) -> None:
    # When Alice asks for a key of her subscription
    created = keys.create()
    # Then it works at LiteLLM and is listed
    assert created.key.startswith("sk-")
    assert keys.issuer.blocked == {created.key_hash: False}
    assert keys.statuses() == [KeyStatus.ACTIVE]


def test_the_secret_is_neither_stored_nor_printed(keys: Keys, caplog: pytest.LogCaptureFixture) -> None:
    # When a key is made
    with caplog.at_level(logging.DEBUG):
        created = keys.create()
    # Then nothing that is kept holds its secret
    kept = f"{keys.known.keys} {keys.requests.claims} {created!r} {caplog.text}"
    assert created.key not in kept


def test_a_repeated_request_makes_no_second_key_and_shows_no_secret(keys: Keys) -> None:
    created = keys.create()
    with pytest.raises(RequestError, match=created.key_hash) as refused:
        keys.create()
    assert refused.value.code == "secret_already_shown"
    assert len(keys.issuer.blocked) == 1


@pytest.mark.parametrize(
    "other",
    [
        KeyRequest(subscription_id=7, alias="phone"),
        KeyRequest(subscription_id=9, alias="laptop"),
        KeyRequest(subscription_id=7, alias="laptop", models=("gpt-4o",)),
        KeyRequest(subscription_id=7, alias="laptop", requests_per_minute=5),
    ],
)
def test_an_idempotency_key_belongs_to_one_request(keys: Keys, other: KeyRequest) -> None:
    keys.create()
    assert refusal_of_creating(keys, request=other) == "idempotency_key_reused"


def test_accounts_do_not_share_idempotency_keys(keys: Keys) -> None:
    keys.create()
    assert keys.create("request-1", KeyRequest(subscription_id=8), caller=BOB).subscription_id == 8
    assert issuer_alias(ALICE, "request-1") != issuer_alias(BOB, "request-1")


def test_a_key_whose_answer_was_lost_is_replaced_by_the_next_attempt(keys: Keys) -> None:
    # Given a key that LiteLLM made, and whose secret never arrived
    keys.issuer.lose_answers = 1
    with pytest.raises(KeyIssuerUnavailableError):
        keys.create()
    [lost] = keys.issuer.blocked
    # When the request is repeated at once
    created = keys.create()
    # Then that key is gone and there is one new one
    assert created.key_hash != lost
    assert list(keys.issuer.blocked) == [created.key_hash]


def test_an_attempt_that_loses_a_race_lets_the_next_one_begin_at_once(
    keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given an attempt whose key is not recorded, because a concurrent transaction is in its way
    def lose(*_: object) -> None:
        raise RaceLostError("another transaction writes the same items")

    with monkeypatch.context() as patched, pytest.raises(RaceLostError):
        patched.setattr(keys.requests, "finish", lose)
        keys.create()
    # When the request is repeated at once, Then it makes the only key
    created = keys.create()
    assert list(keys.issuer.blocked) == [created.key_hash]


def test_an_attempt_that_crashed_is_taken_over_once_its_lease_has_ended(keys: Keys) -> None:
    # Given an attempt that died after LiteLLM made a key
    crashed = KeyRequestClaim(ALICE, "request-1", REQUEST.hash(), keys.clock() + LEASE)
    keys.requests.claim(crashed, keys.clock())
    keys.issuer.issue(issuer_alias(ALICE, "request-1"), 7, ALICE, 0)
    # Then nobody meddles while it may be alive, and the next attempt succeeds after that
    assert refusal_of_creating(keys) == "request_in_progress"
    keys.clock.advance(LEASE)
    created = keys.create()
    assert list(keys.issuer.blocked) == [created.key_hash]


@pytest.mark.parametrize("subscription_id", [8, 404])
def test_a_subscription_of_somebody_else_looks_like_one_that_does_not_exist(keys: Keys, subscription_id: int) -> None:
    assert refusal_of_creating(keys, request=KeyRequest(subscription_id=subscription_id)) == "subscription_not_found"
    assert keys.issuer.calls == []
    with pytest.raises(RequestError) as refused:
        keys.statuses(subscription_id)
    assert refused.value.code == "subscription_not_found"


def test_a_closed_subscription_gets_no_key(keys: Keys) -> None:
    keys.chain.close(7)
    assert refusal_of_creating(keys) == "subscription_not_open"


def test_a_subscription_has_a_limited_number_of_keys_that_are_not_deleted(keys: Keys) -> None:
    # Given a subscription with as many keys as it may have
    created = [keys.create(f"request-{number}") for number in range(KEYS_PER_SUBSCRIPTION_MAX)]
    assert refusal_of_creating(keys, "one-too-many") == "too_many_keys"
    # When one is deleted
    keys.delete(created[0].key_hash)
    # Then there is room for another
    assert keys.create("one-too-many").key


def test_a_deleted_key_stops_working_and_stays_listed(keys: Keys) -> None:
    created = keys.create()
    keys.delete(created.key_hash)
    assert keys.issuer.blocked == {}
    assert keys.statuses() == [KeyStatus.DELETED]


def test_deleting_a_key_again_changes_nothing(keys: Keys) -> None:
    created = keys.create()
    keys.delete(created.key_hash)
    keys.delete(created.key_hash)
    assert keys.issuer.calls.count("delete") == 1


def test_a_deletion_whose_answer_was_lost_is_repeated(keys: Keys) -> None:
    # Given a deletion that LiteLLM carried out without our hearing of it
    created = keys.create()
    keys.issuer.lose_answers = 1
    with pytest.raises(KeyIssuerUnavailableError):
        keys.delete(created.key_hash)
    # When it is repeated, then it is done
    keys.delete(created.key_hash)
    assert keys.statuses() == [KeyStatus.DELETED]


@pytest.mark.parametrize("of_bob", [True, False])
def test_a_key_of_somebody_else_looks_like_one_that_does_not_exist(keys: Keys, *, of_bob: bool) -> None:
    key_hash = keys.create("b", KeyRequest(subscription_id=8), BOB).key_hash if of_bob else "00" * 32
    with pytest.raises(RequestError) as refused:
        keys.delete(key_hash)
    assert refused.value.code == "key_not_found"
    assert "delete" not in keys.issuer.calls


def test_keys_follow_the_subscription_to_its_new_owner(keys: Keys) -> None:
    # Given a key of a subscription that moved to Bob's account
    created = keys.create()
    keys.chain.open(7, BOB)
    # Then Bob may delete it and Alice sees nothing of it
    with pytest.raises(RequestError):
        keys.delete(created.key_hash, caller=ALICE)
    keys.delete(created.key_hash, caller=BOB)
    assert keys.statuses(caller=BOB) == [KeyStatus.DELETED]


def test_a_subscription_has_at_most_20_keys(keys: Keys) -> None:
    for number in range(20):
        keys.create(f"request-{number}")
    assert refusal_of_creating(keys, "request-20") == "too_many_keys"


def test_a_request_is_carried_out_by_one_attempt_at_a_time(keys: Keys) -> None:
    # Given a repetition that arrives 29 seconds after LiteLLM was asked, before it has answered
    issue = keys.issuer.issue
    refused = []

    def issue_slowly(*asked: Any, **more: Any) -> IssuedKey:
        keys.clock.advance(timedelta(seconds=29))
        refused.append(refusal_of_creating(keys))
        return issue(*asked, **more)

    keys.issuer.issue = issue_slowly  # type: ignore[method-assign]
    # When the first attempt gets its answer
    created = keys.create()
    # Then the repetition was refused, and there is one key
    assert refused == ["request_in_progress"]
    assert list(keys.issuer.blocked) == [created.key_hash]


def test_a_key_that_litellm_did_not_delete_is_not_marked_as_deleted(keys: Keys) -> None:
    # Given a deletion that never reached LiteLLM
    created = keys.create()
    keys.issuer.lose_requests = 1
    with pytest.raises(KeyIssuerUnavailableError):
        keys.delete(created.key_hash)
    assert keys.statuses() == [KeyStatus.ACTIVE]
    # When it is repeated
    keys.delete(created.key_hash)
    # Then the key is gone there and here
    assert keys.issuer.blocked == {}
    assert keys.statuses() == [KeyStatus.DELETED]


def test_a_request_that_never_reached_litellm_can_be_repeated_at_once(keys: Keys) -> None:
    keys.issuer.lose_requests = 1
    with pytest.raises(KeyIssuerUnavailableError):
        keys.create()
    created = keys.create()
    assert list(keys.issuer.blocked) == [created.key_hash]


@pytest.mark.parametrize("left_over", [1, 0])
def test_whoever_has_used_up_the_deposit_gets_no_key(keys: Keys, left_over: int) -> None:
    # Given 50,000 tokens that the deposit pays for, of which all but some were used
    keys.usage.meter(7, counted=(50_000 - left_over) * 1_000_000)
    if left_over:
        assert keys.create()
        return
    # When a key is asked for, as often as one likes, Then LiteLLM is asked for none
    for number in range(3):
        assert refusal_of_creating(keys, f"request-{number}") == "deposit_used_up"
    assert keys.issuer.calls == []


def test_a_top_up_opens_the_way_to_a_key_again(keys: Keys) -> None:
    keys.usage.meter(7, counted=50_000 * 1_000_000)
    assert refusal_of_creating(keys) == "deposit_used_up"
    keys.ledger.top_up(7, 1_000_000)
    assert keys.create().key


def test_no_key_is_made_before_the_ledger_knows_the_subscription(keys: Keys) -> None:
    keys.ledger.subscriptions.clear()
    assert refusal_of_creating(keys) == "standing_unknown"


def test_no_key_is_made_by_a_ledger_that_is_too_old(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = keys.clock() - LEDGER_AGE_MAX - timedelta(seconds=1)
    monkeypatch.setattr(keys.ledger, "complete_at", lambda: stale)
    assert refusal_of_creating(keys) == "standing_unknown"


def test_a_new_owner_gets_a_key_only_once_the_ledger_knows_of_the_move(keys: Keys) -> None:
    # Given a subscription that has moved to Bob on chain, of which the ledger has not heard
    keys.chain.open(7, BOB)
    assert refusal_of_creating(keys, caller=BOB) == "standing_unknown"
    # When it has
    keys.ledger.open(7, BOB, 100_000_000)
    assert keys.create(caller=BOB).key


def test_a_key_that_was_made_while_the_deposit_ran_out_is_taken_back(keys: Keys) -> None:
    # Given usage that arrives while LiteLLM makes the key, and an enforcement that has seen it
    issue = keys.issuer.issue

    def issue_slowly(*asked: Any, **more: Any) -> IssuedKey:
        keys.usage.meter(7, counted=50_000 * 1_000_000)
        JudgeStanding(keys.ledger, keys.usage, FakeKnownRates(), keys.standings, keys.clock).run(7)
        return issue(*asked, **more)

    keys.issuer.issue = issue_slowly  # type: ignore[method-assign]
    # When the key was made, Then it is refused, and gone
    assert refusal_of_creating(keys) == "deposit_used_up"
    assert (keys.issuer.blocked, keys.known.keys) == ({}, {})


def test_as_many_keys_as_there_may_be_hold_for_concurrent_requests_too(keys: Keys) -> None:
    # Given 19 keys, and a request that makes the twentieth while another one waits for LiteLLM
    for number in range(19):
        keys.create(f"request-{number}")
    issue = keys.issuer.issue

    def issue_slowly(*asked: Any, **more: Any) -> IssuedKey:
        keys.issuer.issue = issue  # type: ignore[method-assign]
        keys.create("overtakes")
        return issue(*asked, **more)

    keys.issuer.issue = issue_slowly  # type: ignore[method-assign]
    # When the first gets its answer, Then there are 20 keys here and at LiteLLM
    assert refusal_of_creating(keys, "is-overtaken") == "too_many_keys"
    assert (len(keys.known.living(7)), len(keys.issuer.blocked)) == (20, 20)


def test_a_key_may_cost_at_litellm_what_the_rest_of_the_deposit_pays_for(keys: Keys) -> None:
    # Given 50,000 tokens that the deposit pays for, of which 20,000 were used, and 10 dollars a million at most
    keys.usage.meter(7, counted=20_000 * 1_000_000)
    created = keys.create()
    assert keys.issuer.budgets[created.key_hash] == 300_000


def test_a_key_has_the_limits_that_its_owner_wants(keys: Keys) -> None:
    # When Alice makes a key for two models, ten calls a minute and a week
    end = keys.clock() + timedelta(days=7)
    request = KeyRequest(
        subscription_id=7, models=("gpt-4o", "o1"), expires_at=end, requests_per_minute=10, tokens_per_minute=9_000
    )
    created = keys.create(request=request)
    # Then LiteLLM has it so, and so it is listed
    wanted = KeyLimits(("gpt-4o", "o1"), end, 10, 9_000)
    assert keys.issuer.limits[created.key_hash] == wanted
    assert keys.known.keys[created.key_hash].limits == wanted


def test_a_key_that_would_be_over_at_once_is_not_made(keys: Keys) -> None:
    request = KeyRequest(subscription_id=7, expires_at=keys.clock())
    assert refusal_of_creating(keys, request=request) == "already_over"
    assert keys.issuer.calls == []
