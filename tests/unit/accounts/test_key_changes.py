"""Renaming and rotating keys, and the first keys of new subscriptions."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from flareflow.accounts.key_changes import FIRST_KEYS_MAX, OVERLAP, OVERLAP_MAX
from flareflow.accounts.models import IssuedKey, KeyLimits, KeyStatus
from flareflow.accounts.ports import KEYS_PER_SUBSCRIPTION_MAX
from flareflow.accounts.requests import KeyChange, KeyRequest, RotationRequest
from flareflow.errors import KeyIssuerUnavailableError, RaceLostError, RequestError
from tests.fakes.accounts import ALICE, BOB
from tests.unit.accounts.key_harness import Keys

HOUR = timedelta(hours=1)
TOKENS = 10**6
DAY = timedelta(days=1)


@pytest.fixture
def keys() -> Keys:
    return Keys()


def refusal(work: Callable[[], object]) -> str:
    with pytest.raises(RequestError) as refused:
        work()
    return refused.value.code


def test_a_renamed_key_has_another_name_and_works_as_before(keys: Keys) -> None:
    created = keys.create()
    assert keys.rename(created.key_hash, "phone").alias == "phone"
    assert keys.known.keys[created.key_hash].alias == "phone"
    assert keys.issuer.blocked == {created.key_hash: False}


def test_only_its_owner_renames_a_key(keys: Keys) -> None:
    created = keys.create()
    assert refusal(lambda: keys.rename(created.key_hash, "mine", caller=BOB)) == "key_not_found"
    assert keys.known.keys[created.key_hash].alias == "laptop"


def test_a_deleted_key_keeps_its_name(keys: Keys) -> None:
    created = keys.create()
    keys.delete(created.key_hash)
    assert refusal(lambda: keys.rename(created.key_hash, "phone")) == "key_ended"


def test_a_rotated_key_works_beside_the_new_one_until_a_given_time(keys: Keys) -> None:
    # Given a key with limits
    limited = KeyRequest(subscription_id=7, alias="laptop", models=("gpt-4o",), requests_per_minute=5)
    old = keys.create(request=limited)
    # When it is rotated with an overlap of an hour
    until = keys.clock() + HOUR
    new = keys.rotate(old.key_hash, RotationRequest(old_key_until=until))
    # Then both work, the new one has the old one's name and limits, and the old one ends in an hour, at LiteLLM too
    assert keys.issuer.blocked == {old.key_hash: False, new.key_hash: False}
    after = keys.known.keys[new.key_hash]
    assert (after.alias, after.limits, after.replaces) == ("laptop", KeyLimits(("gpt-4o",), None, 5), old.key_hash)
    assert keys.known.keys[old.key_hash].limits == KeyLimits(("gpt-4o",), until, 5)
    assert keys.issuer.limits[old.key_hash].expires_at == until


def test_without_a_given_time_the_old_key_works_for_a_day(keys: Keys) -> None:
    old = keys.create()
    keys.rotate(old.key_hash)
    assert keys.known.keys[old.key_hash].limits.expires_at == keys.clock() + OVERLAP


def test_a_rotation_never_makes_a_key_work_longer(keys: Keys) -> None:
    end = keys.clock() + HOUR
    old = keys.create(request=KeyRequest(subscription_id=7, expires_at=end))
    new = keys.rotate(old.key_hash)
    assert keys.known.keys[old.key_hash].limits.expires_at == end
    assert keys.known.keys[new.key_hash].limits.expires_at == end


@pytest.mark.parametrize("overlap", [timedelta(0), -HOUR, OVERLAP_MAX + HOUR])
def test_the_old_key_ends_in_the_future_and_within_bounds(keys: Keys, overlap: timedelta) -> None:
    old = keys.create()
    request = RotationRequest(old_key_until=keys.clock() + overlap)
    assert refusal(lambda: keys.rotate(old.key_hash, request)) == "invalid_overlap"
    assert keys.statuses() == [KeyStatus.ACTIVE]


def test_a_repeated_rotation_makes_one_key_and_shows_one_secret(keys: Keys) -> None:
    old = keys.create()
    keys.rotate(old.key_hash)
    keys.clock.advance(HOUR)
    assert refusal(lambda: keys.rotate(old.key_hash)) == "secret_already_shown"
    later = RotationRequest(old_key_until=keys.clock() + HOUR)
    assert refusal(lambda: keys.rotate(old.key_hash, later)) == "idempotency_key_reused"
    assert len(keys.issuer.blocked) == 2


def test_a_rotation_whose_answer_litellm_lost_leaves_the_old_key_as_it_is(keys: Keys) -> None:
    old = keys.create()
    keys.issuer.lose_answers = 1
    with pytest.raises(KeyIssuerUnavailableError):
        keys.rotate(old.key_hash)
    assert keys.known.keys[old.key_hash].limits == KeyLimits()
    new = keys.rotate(old.key_hash)
    assert keys.issuer.blocked == {old.key_hash: False, new.key_hash: False}


def test_the_new_secret_is_shown_although_litellm_cannot_be_told_when_the_old_key_ends(
    keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise KeyIssuerUnavailableError("down")

    old = keys.create()
    monkeypatch.setattr(keys.issuer, "expire", lost)
    assert keys.rotate(old.key_hash).key
    assert keys.known.keys[old.key_hash].limits.expires_at == keys.clock() + DAY


def test_a_cap_is_changed_and_taken_away_and_stays_when_only_the_name_changes(keys: Keys) -> None:
    created = keys.create(request=KeyRequest(subscription_id=7, cap_rated_tokens=1_000))
    assert keys.issuer.budgets[created.key_hash] == 10_000
    caps = [keys.known.keys[created.key_hash].cap_microtokens]
    for change in (KeyChange(alias="phone"), KeyChange(cap_rated_tokens=5), KeyChange(cap_rated_tokens=None)):
        keys.change(created.key_hash, change)
        caps.append(keys.known.keys[created.key_hash].cap_microtokens)
    assert caps == [1_000 * 10**6, 1_000 * 10**6, 5 * 10**6, None]
    assert keys.known.keys[created.key_hash].alias == "phone"


def test_a_rotated_key_hands_on_what_is_left_of_its_cap(keys: Keys) -> None:
    # Given a key that has used 400 of 1,000 tokens
    old = keys.create(request=KeyRequest(subscription_id=7, cap_rated_tokens=1_000))
    keys.usages.used[old.key_hash] = 400 * 10**6 + 1
    # When it is rotated, Then the new one may use the rest
    new = keys.rotate(old.key_hash)
    assert keys.known.keys[new.key_hash].cap_microtokens == 600 * 10**6 - 1
    # And not when nothing is left
    keys.usages.used[new.key_hash] = 600 * 10**6
    assert refusal(lambda: keys.rotate(new.key_hash, idempotency_key="rotation-2")) == "key_cap_reached"


def test_what_was_left_of_a_cap_is_there_once_for_all_keys_that_were_rotated(keys: Keys) -> None:
    # Given a key that has used 400 of 1,000 tokens, its successor, and the successor's, all of which work
    first = keys.create(request=KeyRequest(subscription_id=7, cap_rated_tokens=1_000)).key_hash
    keys.usages.used[first] = 400 * TOKENS
    second = keys.rotate(first).key_hash
    keys.usages.used |= {first: 500 * TOKENS, second: 50 * TOKENS}
    third = keys.rotate(second, idempotency_key="rotation-2").key_hash
    assert [keys.left(one) for one in (first, second, third)] == [450 * TOKENS] * 3
    # When one of them uses some of what is left, Then it is gone for all of them
    for one in (first, second, third):
        keys.usages.used[one] = keys.usages.used.get(one, 0) + 100 * TOKENS
    assert [keys.left(one) for one in (first, second, third)] == [150 * TOKENS] * 3
    # And what a deleted one has used stays used
    keys.delete(second)
    assert [keys.left(one) for one in (first, third)] == [150 * TOKENS] * 2
    # And a key that is rotated a second time shares what is left with both successors
    fourth = keys.rotate(first, idempotency_key="rotation-3").key_hash
    keys.usages.used[fourth] = 150 * TOKENS
    assert [keys.left(one) for one in (first, third, fourth)] == [0, 0, 0]
    assert refusal(lambda: keys.rotate(third, idempotency_key="rotation-4")) == "key_cap_reached"


def test_the_owner_may_raise_the_cap_of_one_of_two_keys(keys: Keys) -> None:
    old = keys.create(request=KeyRequest(subscription_id=7, cap_rated_tokens=1_000)).key_hash
    new = keys.rotate(old).key_hash
    keys.usages.used[old] = 1_000 * TOKENS
    keys.change(new, KeyChange(cap_rated_tokens=5_000))
    assert (keys.left(old), keys.left(new)) == (0, 4_000 * TOKENS)


def test_a_cap_is_shared_by_a_bounded_number_of_keys(keys: Keys) -> None:
    # Given a key that was rotated as often as it may be, each time without leaving the successor
    old = keys.create(request=KeyRequest(subscription_id=7, cap_rated_tokens=1_000)).key_hash
    for number in range(KEYS_PER_SUBSCRIPTION_MAX):
        keys.delete(keys.rotate(old, idempotency_key=f"rotation-{number}").key_hash)
    # When it is rotated once more, Then it is not, and works as before
    assert refusal(lambda: keys.rotate(old, idempotency_key="once-more")) == "too_many_keys"
    assert keys.statuses()[0] is KeyStatus.ACTIVE


def test_two_rotations_at_once_do_not_miss_each_other(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a key with a cap, and another rotation of it that is done while LiteLLM makes the successor
    old = keys.create(request=KeyRequest(subscription_id=7, cap_rated_tokens=1_000)).key_hash
    finish = keys.requests.finish

    def finish_late(*given: Any) -> None:
        monkeypatch.setattr(keys.requests, "finish", finish)
        keys.rotate(old, idempotency_key="in-between")
        finish(*given)

    monkeypatch.setattr(keys.requests, "finish", finish_late)
    # When it is rotated, Then the rotation has to be asked for again, and knows the other successor
    with pytest.raises(RaceLostError):
        keys.rotate(old)
    new = keys.known.keys[keys.rotate(old).key_hash]
    assert len(new.shares_cap_with) == 2
    assert all(new.key_hash in keys.known.keys[one].shares_cap_with for one in new.shares_cap_with)


def test_keys_without_a_cap_share_nothing(keys: Keys) -> None:
    old = keys.create().key_hash
    new = keys.rotate(old).key_hash
    assert keys.known.keys[old].shares_cap_with == keys.known.keys[new].shares_cap_with == {}
    assert keys.usages.asked == 0


def test_a_key_that_ended_or_that_an_administrator_holds_is_not_rotated(keys: Keys) -> None:
    deleted = keys.create("request-a")
    keys.delete(deleted.key_hash)
    assert refusal(lambda: keys.rotate(deleted.key_hash)) == "key_ended"
    over = keys.create("request-b", KeyRequest(subscription_id=7, expires_at=keys.clock() + HOUR))
    keys.clock.advance(HOUR)
    assert refusal(lambda: keys.rotate(over.key_hash)) == "key_ended"
    held = keys.create("request-c")
    keys.known.mark(keys.known.keys[held.key_hash], KeyStatus.HELD)
    assert refusal(lambda: keys.rotate(held.key_hash)) == "key_held"
    assert refusal(lambda: keys.rotate(held.key_hash, caller=BOB)) == "key_not_found"


def test_a_rotation_needs_room_for_one_more_key(keys: Keys) -> None:
    [old, *_] = [keys.create(f"request-{number}") for number in range(KEYS_PER_SUBSCRIPTION_MAX)]
    assert refusal(lambda: keys.rotate(old.key_hash)) == "too_many_keys"
    assert keys.known.keys[old.key_hash].limits.expires_at is None


def test_a_rotated_key_that_is_deleted_meanwhile_leaves_no_new_key(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given an owner who deletes the key while LiteLLM makes its successor
    old = keys.create()
    finish = keys.requests.finish

    def finish_late(*given: object) -> None:
        keys.delete(old.key_hash)
        finish(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(keys.requests, "finish", finish_late)
    # When it is rotated, Then neither works
    with pytest.raises(Exception, match="deleted"):
        keys.rotate(old.key_hash)
    assert keys.issuer.blocked == {}


def test_a_new_subscription_gets_its_first_key_when_its_owner_signs_in(keys: Keys) -> None:
    # When Alice has signed in for the first time
    [made] = keys.make_first()
    # Then she has a key of her subscription, and its secret is shown once
    assert (made.subscription_id, keys.issuer.blocked) == (7, {made.key_hash: False})
    assert keys.make_first() == []
    assert keys.make_first(BOB)[0].subscription_id == 8


def test_who_had_a_key_gets_no_first_one(keys: Keys) -> None:
    made = keys.create()
    assert keys.make_first() == []
    keys.delete(made.key_hash)
    assert keys.make_first() == []


def test_who_has_deleted_the_first_key_gets_no_other(keys: Keys) -> None:
    [first] = keys.make_first()
    keys.delete(first.key_hash)
    assert keys.make_first() == []


def test_the_keys_of_a_former_owner_do_not_count(keys: Keys) -> None:
    [old] = keys.make_first()
    keys.open(7, BOB)
    keys.known.mark(keys.known.keys[old.key_hash], KeyStatus.DELETED)
    assert {made.subscription_id for made in keys.make_first(BOB)} == {7, 8}


def test_a_subscription_without_credit_gets_its_first_key_after_a_top_up(keys: Keys) -> None:
    keys.usage.meter(7, counted=50_000 * 10**6)
    assert keys.make_first() == []
    keys.ledger.top_up(7, 100_000_000)
    assert len(keys.make_first()) == 1


def test_a_first_key_whose_answer_was_lost_is_made_anew(keys: Keys) -> None:
    keys.issuer.lose_answers = 1
    with pytest.raises(KeyIssuerUnavailableError):
        keys.make_first()
    [made] = keys.make_first()
    assert list(keys.issuer.blocked) == [made.key_hash]


def test_secrets_are_shown_although_the_next_key_cannot_be_made(keys: Keys) -> None:
    # Given two new subscriptions, and LiteLLM that goes down after the first key
    keys.open(9, ALICE)
    issue = keys.issuer.issue

    def once(*given: Any, **more: Any) -> IssuedKey:
        made = issue(*given, **more)
        keys.issuer.lose_requests, keys.issuer.issue = 1, issue  # type: ignore[method-assign]
        return made

    keys.issuer.issue = once  # type: ignore[method-assign]
    # When Alice asks, Then the first secret is shown, and the second when LiteLLM is back
    assert [made.subscription_id for made in keys.make_first()] == [7]
    assert [made.subscription_id for made in keys.make_first()] == [9]


def test_one_request_makes_a_bounded_number_of_keys(keys: Keys) -> None:
    for number in range(20, 20 + FIRST_KEYS_MAX):
        keys.open(number, ALICE)
    assert len(keys.make_first()) == FIRST_KEYS_MAX
    assert len(keys.make_first()) == 1
