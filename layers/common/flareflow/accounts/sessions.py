"""Sessions: a short access token for requests, and a refresh token that works once and is exchanged for the next pair.

A session is one item, and each of its tokens names it: the account's address, the session's id and a secret, of which
only the hash is stored. So a request reads one item, signing out deletes it, and both count at once.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from flareflow.accounts.models import Session
from flareflow.accounts.sign_in_ports import Sessions
from flareflow.credentials import TokenFactory, token_hash
from flareflow.errors import NotFoundError, UnauthenticatedError
from flareflow.inputs import Client
from flareflow.time import Clock

ACCESS_LIFETIME: Final = timedelta(minutes=15)
IDLE_LIFETIME: Final = timedelta(days=7)
"""A session that is not refreshed for so long is over."""
SESSION_LIFETIME: Final = timedelta(days=30)
"""After that its account signs in again by wallet."""
REPEAT_LIFETIME: Final = timedelta(minutes=1)
"""For so long a refresh can be repeated whose answer was lost."""
SESSIONS_MAX: Final = 20
"""Of one account; one more ends those that were refreshed longest ago."""

ACCESS: Final = "ffa"
REFRESH: Final = "ffr"
_TRIES_MAX: Final = 2
"""A refresh that another one of the same token has overtaken is tried once more."""
_TOKEN: Final = re.compile(r"(ffa|ffr)_([0-9a-f]{16})_([0-9a-f]{64})_([0-9a-f]{64})")


type Disconnect = Callable[[str], None]
"""Closes the WebSocket connections of an account: they were opened by a session, and nobody knows by which."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session with new tokens, which are in no later answer. `expires_at` is the end of the access token,
    `refresh_expires_at` that of the refresh token.
    """

    session_id: str
    address: str
    access_token: str = field(repr=False)
    expires_at: datetime
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A session as its account sees it; `is_current` is the one that asks."""

    session_id: str
    created_at: datetime
    refreshed_at: datetime
    expires_at: datetime
    user_agent: str
    source_ip: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class _Tokens:
    """A pair of tokens, and the session with their hashes."""

    session: Session
    access_token: str
    refresh_token: str

    @classmethod
    def of(cls, session: Session, client: Client, token: TokenFactory, now: datetime) -> "_Tokens":
        """New tokens for a session, which lives on from `now`."""
        name = f"{session.address.removeprefix('0x')}_{session.session_id}"
        access, refresh = (f"{kind}_{name}_{token()}" for kind in (ACCESS, REFRESH))
        lives = replace(
            session,
            refreshed_at=now,
            expires_at=min(now + IDLE_LIFETIME, session.created_at + SESSION_LIFETIME),
            access_hash=token_hash(access),
            access_expires_at=now + ACCESS_LIFETIME,
            refresh_hash=token_hash(refresh),
            client=client,
        )
        return cls(lives, access, refresh)

    def given(self) -> SignedIn:
        session = self.session
        return SignedIn(
            session_id=session.session_id,
            address=session.address,
            access_token=self.access_token,
            expires_at=session.access_expires_at,
            refresh_token=self.refresh_token,
            refresh_expires_at=session.expires_at,
        )


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Open a session for an account that has proven itself."""

    sessions: Sessions
    token: TokenFactory
    clock: Clock

    def run(self, address: str, client: Client) -> SignedIn:
        now = self.clock()
        self._make_room(address)
        tokens = _Tokens.of(Session.new(self.token(), address, client, now), client, self.token, now)
        self.sessions.open(tokens.session)
        return tokens.given()

    def _make_room(self, address: str) -> None:
        oldest_first = sorted(self.sessions.of(address), key=lambda session: session.refreshed_at)
        for session in oldest_first[: max(0, len(oldest_first) - SESSIONS_MAX + 1)]:
            self.sessions.end(address, session.session_id)


@dataclass(frozen=True, slots=True)
class RefreshSession:
    """Exchange a refresh token for a new pair of tokens; both of the old pair end.

    The answer may be lost on its way. So the same token gives another new pair for a minute, as long as nothing of the
    first one was used; that one ends then. A refresh token that comes again otherwise was stolen, or its thief has used
    it first. Nobody can say which of the two asks, so the session ends for both, and its account signs in by wallet.
    """

    sessions: Sessions
    disconnect: Disconnect
    token: TokenFactory
    clock: Clock

    def run(self, refresh_token: str, client: Client) -> SignedIn:
        """Raises UnauthenticatedError `unknown_refresh_token` or `refresh_token_reused`."""
        now, presented = self.clock(), token_hash(refresh_token)
        session = self._living(refresh_token, now)
        for _ in range(_TRIES_MAX):
            if not session.takes(presented, now):
                break
            tokens = _Tokens.of(_replacing(session, presented, now), client, self.token, now)
            if self.sessions.refresh(session, tokens.session):
                return tokens.given()
            session = self._living(refresh_token, now)
        self.sessions.end(session.address, session.session_id)
        self.disconnect(session.address)
        reason = "The refresh token was used before, so its session has ended."
        raise UnauthenticatedError("refresh_token_reused", reason, account=session.address)

    def _living(self, refresh_token: str, now: datetime) -> Session:
        session = _named_by(refresh_token, REFRESH, self.sessions)
        if session is None or session.expires_at <= now:
            raise UnauthenticatedError("unknown_refresh_token", "The refresh token is unknown, or its session is over.")
        return session


@dataclass(frozen=True, slots=True)
class FindSession:
    """Find the session of an access token; None when the token is not a session's newest, or it is over.

    Whoever uses a new pair has got it, so the refresh token before it gives no other from then on.
    """

    sessions: Sessions
    clock: Clock

    def run(self, access_token: str) -> Session | None:
        session = _named_by(access_token, ACCESS, self.sessions)
        if session is None or session.access_hash != token_hash(access_token):
            return None
        if self.clock() >= min(session.access_expires_at, session.expires_at):
            return None
        if session.replaced_hash:
            self.sessions.confirm(session)
        return session


@dataclass(frozen=True, slots=True)
class ListSessions:
    """List an account's sessions, the one refreshed last first."""

    sessions: Sessions
    clock: Clock

    def run(self, address: str, current_id: str) -> Sequence[ListedSession]:
        now = self.clock()
        living = [session for session in self.sessions.of(address) if now < session.expires_at]
        living.sort(key=lambda session: session.refreshed_at, reverse=True)
        return [_listed(session, current_id) for session in living]


@dataclass(frozen=True, slots=True)
class SignOut:
    """End one session of an account, or all of them; their tokens stop working at once.

    A repetition after a failure also does what was left to do.
    """

    sessions: Sessions
    disconnect: Disconnect

    def one(self, address: str, session_id: str) -> None:
        """Raises NotFoundError `session_not_found`, also for a session of another account."""
        was_there = self.sessions.end(address, session_id)
        self.disconnect(address)
        if not was_there:
            raise NotFoundError("session_not_found", "You have no such session.")

    def everywhere(self, address: str) -> None:
        for session in self.sessions.of(address):
            self.sessions.end(address, session.session_id)
        self.disconnect(address)


def _named_by(token: str, kind: str, sessions: Sessions) -> Session | None:
    """The session that a token of this kind names. Whether the token is its own is for the caller to see."""
    named = _TOKEN.fullmatch(token)
    return sessions.find(f"0x{named[2]}", named[3]) if named and named[1] == kind else None


def _replacing(session: Session, presented: str, now: datetime) -> Session:
    """The session as it remembers the token that is exchanged; a repetition gets no longer than the first time."""
    if presented != session.refresh_hash:
        return session
    return replace(session, replaced_hash=presented, replaced_until=now + REPEAT_LIFETIME)


def _listed(session: Session, current_id: str) -> ListedSession:
    return ListedSession(
        session_id=session.session_id,
        created_at=session.created_at,
        refreshed_at=session.refreshed_at,
        expires_at=session.expires_at,
        user_agent=session.client.user_agent,
        source_ip=session.client.source_ip,
        is_current=session.session_id == current_id,
    )
