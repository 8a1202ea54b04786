"""Sessions: tokens that are short or work once, and signing out."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from flareflow.accounts.sessions import (
    ACCESS_LIFETIME,
    IDLE_LIFETIME,
    REPEAT_LIFETIME,
    SESSION_LIFETIME,
    SESSIONS_MAX,
    FindSession,
    ListedSession,
    ListSessions,
    OpenSession,
    RefreshSession,
    SignedIn,
    SignOut,
)
from flareflow.credentials import token_hash
from flareflow.errors import NotFoundError, RequestError
from flareflow.inputs import Client
from tests.fakes.accounts import ALICE, BOB, FakeClock, FakeSessions, FakeTokens

LAPTOP = Client("192.0.2.1", "a laptop")
PHONE = Client("198.51.100.7", "a phone")


@dataclass
class Sessions:
    """Everything that can happen to the sessions of accounts, over fakes."""

    clock: FakeClock = field(default_factory=FakeClock)
    tokens: FakeTokens = field(default_factory=FakeTokens)
    stored: FakeSessions = field(default_factory=FakeSessions)
    disconnected: list[str] = field(default_factory=list)

    def open(self, address: str = ALICE, client: Client = LAPTOP) -> SignedIn:
        return OpenSession(self.stored, self.tokens, self.clock).run(address, client)

    def refresh(self, token: str, client: Client = LAPTOP) -> SignedIn:
        return RefreshSession(self.stored, self.disconnected.append, self.tokens, self.clock).run(token, client)

    def who(self, token: str) -> str | None:
        session = FindSession(self.stored, self.clock).run(token)
        return session.address if session else None

    def of(self, address: str, current_id: str = "") -> list[ListedSession]:
        return list(ListSessions(self.stored, self.clock).run(address, current_id))

    @property
    def sign_out(self) -> SignOut:
        return SignOut(self.stored, self.disconnected.append)

    def refusal(self, token: str) -> str:
        with pytest.raises(RequestError) as refused:
            self.refresh(token)
        return refused.value.code


@pytest.fixture
def sessions() -> Sessions:
    return Sessions()


@pytest.mark.parametrize(("seconds", "who"), [(0, ALICE), (899, ALICE), (900, None)])
def test_an_access_token_works_for_15_minutes(sessions: Sessions, seconds: int, who: str | None) -> None:
    opened = sessions.open()
    sessions.clock.advance(timedelta(seconds=seconds))
    assert sessions.who(opened.access_token) == who
    assert timedelta(minutes=15) == ACCESS_LIFETIME == opened.expires_at - FakeClock.now


def test_a_refresh_token_gives_a_new_pair_and_ends_the_old_one(sessions: Sessions) -> None:
    # Given a session whose access token is over
    first = sessions.open()
    sessions.clock.advance(ACCESS_LIFETIME)
    # When it is refreshed
    second = sessions.refresh(first.refresh_token)
    # Then the new access token works, for the same session, and no token was given twice
    assert (second.session_id, sessions.who(second.access_token)) == (first.session_id, ALICE)
    assert len({first.access_token, first.refresh_token, second.access_token, second.refresh_token}) == 4


def test_the_access_token_before_ends_with_the_refresh(sessions: Sessions) -> None:
    first = sessions.open()
    sessions.refresh(first.refresh_token)
    assert sessions.who(first.access_token) is None


def test_a_refresh_token_that_comes_again_ends_the_whole_session(sessions: Sessions) -> None:
    # Given a session that was refreshed twice, and another of the same account
    first = sessions.open()
    newest = sessions.refresh(sessions.refresh(first.refresh_token).refresh_token)
    other = sessions.open(client=PHONE)
    # When the first refresh token comes again
    assert sessions.refusal(first.refresh_token) == "refresh_token_reused"
    # Then nothing of that session works any more, and the other goes on
    assert sessions.who(newest.access_token) is None
    assert sessions.refusal(newest.refresh_token) == "unknown_refresh_token"
    assert sessions.who(other.access_token) == ALICE


def test_a_refresh_whose_answer_was_lost_is_repeated_within_a_minute(sessions: Sessions) -> None:
    # Given a refresh whose answer has not arrived
    opened = sessions.open()
    lost = sessions.refresh(opened.refresh_token)
    # When it is repeated, twice within the minute
    sessions.clock.advance(timedelta(seconds=30))
    sessions.refresh(opened.refresh_token)
    sessions.clock.advance(timedelta(seconds=29))
    newest = sessions.refresh(opened.refresh_token)
    # Then the session goes on with the newest pair alone
    assert (sessions.who(newest.access_token), sessions.who(lost.access_token)) == (ALICE, None)
    assert sessions.refresh(newest.refresh_token).session_id == opened.session_id
    assert sessions.disconnected == []


def test_a_refresh_is_not_repeated_after_a_minute_however_often_it_was_before(sessions: Sessions) -> None:
    opened = sessions.open()
    sessions.refresh(opened.refresh_token)
    sessions.clock.advance(timedelta(seconds=59))
    sessions.refresh(opened.refresh_token)
    sessions.clock.advance(timedelta(seconds=1))
    assert timedelta(minutes=1) == REPEAT_LIFETIME
    assert sessions.refusal(opened.refresh_token) == "refresh_token_reused"
    assert sessions.of(ALICE) == []


def test_a_refresh_is_not_repeated_once_its_answer_was_used(sessions: Sessions) -> None:
    # Given an owner who has got the new pair and uses it
    opened = sessions.open()
    refreshed = sessions.refresh(opened.refresh_token)
    assert sessions.who(refreshed.access_token) == ALICE
    # When the old refresh token comes again at once
    assert sessions.refusal(opened.refresh_token) == "refresh_token_reused"
    # Then nothing of the session works any more
    assert sessions.who(refreshed.access_token) is None


def test_of_a_repeated_refresh_the_pair_that_was_thought_lost_ends_the_session(sessions: Sessions) -> None:
    # Given a thief who has repeated an owner's refresh before the owner has used the answer
    opened = sessions.open()
    owners = sessions.refresh(opened.refresh_token)
    thiefs = sessions.refresh(opened.refresh_token)
    # When the owner goes on with the pair that they got
    assert sessions.who(owners.access_token) is None
    assert sessions.refusal(owners.refresh_token) == "refresh_token_reused"
    # Then the session is over for both
    assert sessions.who(thiefs.access_token) is None


def test_of_two_refreshes_at_once_both_get_a_pair_and_the_later_one_counts(sessions: Sessions) -> None:
    # Given a refresh that another one by the same token overtakes between reading and storing
    opened = sessions.open()
    overtaking: list[SignedIn] = []

    @dataclass
    class Overtaken(FakeSessions):
        def refresh(self, before, after):  # type: ignore[no-untyped-def]
            if not overtaking:
                overtaking.append(sessions.refresh(opened.refresh_token))
            return super().refresh(before, after)

    # When it stores
    overtaken = Overtaken(sessions.stored.sessions)
    refresh = RefreshSession(overtaken, sessions.disconnected.append, sessions.tokens, sessions.clock)
    newest = refresh.run(opened.refresh_token, LAPTOP)
    # Then it is a repetition of the other one
    assert [sessions.who(one.access_token) for one in (*overtaking, newest)] == [None, ALICE]


def test_a_refresh_that_is_overtaken_again_and_again_ends_the_session(sessions: Sessions) -> None:
    # Given a refresh that others by the same token overtake whenever it stores
    opened = sessions.open()

    @dataclass
    class Late(FakeSessions):
        """Sessions that another refresh changes each time between reading and storing."""

        def refresh(self, before, after):  # type: ignore[no-untyped-def]
            sessions.refresh(opened.refresh_token)
            return super().refresh(before, after)

    late = Late(sessions.stored.sessions)
    # When it stores
    with pytest.raises(RequestError) as refused:
        RefreshSession(late, sessions.disconnected.append, sessions.tokens, sessions.clock).run(
            opened.refresh_token, LAPTOP
        )
    # Then the token is taken for a stolen one, and the session is over
    assert refused.value.code == "refresh_token_reused"
    assert sessions.of(ALICE) == []


def test_a_session_that_is_not_refreshed_for_a_week_is_over(sessions: Sessions) -> None:
    opened = sessions.open()
    sessions.clock.advance(timedelta(days=7) - timedelta(seconds=1))
    refreshed = sessions.refresh(opened.refresh_token)
    sessions.clock.advance(timedelta(days=7))
    assert timedelta(days=7) == IDLE_LIFETIME
    assert (sessions.refusal(refreshed.refresh_token), sessions.of(ALICE)) == ("unknown_refresh_token", [])


def test_a_session_ends_after_30_days_however_often_it_is_refreshed(sessions: Sessions) -> None:
    # Given a session that is refreshed every day
    newest = sessions.open()
    for _ in range(29):
        sessions.clock.advance(timedelta(days=1))
        newest = sessions.refresh(newest.refresh_token)
    # Then its last pair ends with the thirtieth day
    sessions.clock.advance(timedelta(days=1) - timedelta(minutes=1))
    newest = sessions.refresh(newest.refresh_token)
    assert (timedelta(days=30), newest.refresh_expires_at) == (SESSION_LIFETIME, FakeClock.now + SESSION_LIFETIME)
    assert sessions.who(newest.access_token) == ALICE
    sessions.clock.advance(timedelta(minutes=1))
    assert sessions.who(newest.access_token) is None
    assert sessions.refusal(newest.refresh_token) == "unknown_refresh_token"


def test_a_token_is_good_for_one_thing(sessions: Sessions) -> None:
    # Given both tokens of a session
    opened = sessions.open()
    # Then neither works in place of the other, nor renamed to the other's kind
    assert sessions.who(opened.refresh_token) is None
    assert sessions.who(opened.refresh_token.replace("ffr_", "ffa_")) is None
    assert sessions.refusal(opened.access_token) == "unknown_refresh_token"
    assert sessions.who(opened.access_token) == ALICE


def test_the_secret_of_a_token_is_checked(sessions: Sessions) -> None:
    # Given the address and the session id of another's token
    opened = sessions.open()
    forged = opened.access_token[:-64] + "0" * 64
    # Then a made-up secret opens nothing
    assert sessions.who(forged) is None


def test_a_token_of_one_account_names_no_session_of_another(sessions: Sessions) -> None:
    # Given a token of Bob, with Alice's address written into it
    bobs = sessions.open(BOB)
    sessions.open(ALICE)
    forged = bobs.access_token.replace(BOB.removeprefix("0x"), ALICE.removeprefix("0x"))
    assert forged != bobs.access_token
    assert sessions.who(forged) is None


@pytest.mark.parametrize(
    "token", ["", "ffa_", "\udcff", "x" * 10_000, "00" * 32, "ffa_00_00_00", f"ffa_{'0' * 16}_{'0' * 64}_{'0' * 64}"]
)
def test_what_is_no_token_of_ours_has_no_session(sessions: Sessions, token: str) -> None:
    sessions.open()
    assert sessions.who(token) is None
    assert sessions.refusal(token.replace("ffa", "ffr")) == "unknown_refresh_token"


def test_only_hashes_of_tokens_are_stored(sessions: Sessions) -> None:
    opened = sessions.open()
    [stored] = sessions.stored.sessions.values()
    hashes = (token_hash(opened.access_token), token_hash(opened.refresh_token))
    assert (stored.access_hash, stored.refresh_hash) == hashes
    for token in (opened.access_token, opened.refresh_token):
        assert token.rpartition("_")[2] not in repr(stored) + repr(opened)


def test_signing_out_ends_one_session_at_once(sessions: Sessions) -> None:
    laptop, phone = sessions.open(), sessions.open(client=PHONE)
    sessions.sign_out.one(ALICE, laptop.session_id)
    assert (sessions.who(laptop.access_token), sessions.who(phone.access_token)) == (None, ALICE)
    assert sessions.refusal(laptop.refresh_token) == "unknown_refresh_token"


def test_signing_out_everywhere_ends_all_sessions_of_the_account(sessions: Sessions) -> None:
    # Given sessions of two accounts
    laptop, phone, bobs = sessions.open(), sessions.open(client=PHONE), sessions.open(BOB)
    # When one of them signs out everywhere
    sessions.sign_out.everywhere(ALICE)
    # Then only the other's goes on
    assert [sessions.who(one.access_token) for one in (laptop, phone, bobs)] == [None, None, BOB]


def test_the_sockets_of_an_account_are_closed_when_a_session_of_it_is_ended(sessions: Sessions) -> None:
    # Given two sessions, one of which was refreshed a minute ago
    laptop, phone = sessions.open(), sessions.open(client=PHONE)
    sessions.refresh(laptop.refresh_token)
    sessions.clock.advance(REPEAT_LIFETIME)
    assert sessions.disconnected == []
    # When a token comes again, when one is signed out, and when all are, Then its sockets are closed each time
    sessions.refusal(laptop.refresh_token)
    sessions.sign_out.one(ALICE, phone.session_id)
    sessions.sign_out.everywhere(ALICE)
    assert sessions.disconnected == [ALICE] * 3


def test_a_sign_out_that_is_repeated_closes_the_sockets_that_were_left(sessions: Sessions) -> None:
    # Given a sign-out that ended the session, and could not close the sockets
    opened = sessions.open()
    sessions.stored.end(ALICE, opened.session_id)
    # When it is repeated, Then the session is unknown, and the sockets are closed
    with pytest.raises(NotFoundError):
        sessions.sign_out.one(ALICE, opened.session_id)
    assert sessions.disconnected == [ALICE]


def test_a_session_of_another_account_cannot_be_ended(sessions: Sessions) -> None:
    bobs = sessions.open(BOB)
    with pytest.raises(NotFoundError):
        sessions.sign_out.one(ALICE, bobs.session_id)
    assert sessions.who(bobs.access_token) == BOB


def test_an_account_sees_its_sessions_the_one_used_last_first(sessions: Sessions) -> None:
    # Given two sessions, the older of which was refreshed from elsewhere, and one of another account
    first = sessions.open()
    sessions.clock.advance(timedelta(hours=1))
    second = sessions.open(client=PHONE)
    sessions.open(BOB)
    sessions.clock.advance(timedelta(hours=1))
    sessions.refresh(first.refresh_token, Client("203.0.113.9", "a laptop, moved"))
    # When the second asks, Then it sees both, and which it is itself
    listed = sessions.of(ALICE, second.session_id)
    assert [(one.session_id, one.source_ip, one.user_agent, one.is_current) for one in listed] == [
        (first.session_id, "203.0.113.9", "a laptop, moved", False),
        (second.session_id, PHONE.source_ip, PHONE.user_agent, True),
    ]
    assert [one.refreshed_at - one.created_at for one in listed] == [timedelta(hours=2), timedelta(0)]


def test_one_session_too_many_ends_the_one_used_longest_ago(sessions: Sessions) -> None:
    # Given as many sessions as there may be, of which the first was refreshed last
    opened = []
    for _ in range(SESSIONS_MAX):
        opened.append(sessions.open())
        sessions.clock.advance(timedelta(seconds=1))
    opened[0] = sessions.refresh(opened[0].refresh_token)
    # When one more is opened
    newest = sessions.open()
    # Then the second is over
    living = [one for one in [*opened, newest] if sessions.who(one.access_token)]
    assert living == [opened[0], *opened[2:], newest]
