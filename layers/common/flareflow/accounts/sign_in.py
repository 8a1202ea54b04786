"""Sign-in: a nonce, then an account proof over it, then a session token."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from flareflow.accounts.models import AccountProof, Session
from flareflow.accounts.ports import Nonces, Sessions
from flareflow.accounts.proof import ProveAccount
from flareflow.credentials import TokenFactory, token_hash
from flareflow.errors import ForbiddenError, UnauthenticatedError
from flareflow.time import Clock

NONCE_LIFETIME: Final = timedelta(minutes=5)
SESSION_LIFETIME: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Nonce:
    """64 hex digits for one account proof."""

    nonce: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session; `token` is in no later answer."""

    token: str = field(repr=False)
    address: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class GiveNonce:
    """Give out a nonce for one account proof within five minutes."""

    nonces: Nonces
    token: TokenFactory
    clock: Clock

    def run(self) -> Nonce:
        nonce = Nonce(self.token(), self.clock() + NONCE_LIFETIME)
        self.nonces.put(nonce.nonce, nonce.expires_at)
        return nonce


@dataclass(frozen=True, slots=True)
class SignIn:
    """Create a session for a valid account proof.

    The nonce is used up before the proof is checked, so that nobody can try two proofs with one nonce.
    """

    nonces: Nonces
    sessions: Sessions
    prove: ProveAccount
    origins: frozenset[str]
    token: TokenFactory
    clock: Clock

    def run(self, proof: AccountProof) -> SignedIn:
        """Raises ForbiddenError `foreign_origin`, UnauthenticatedError `unknown_nonce` or `invalid_proof`."""
        if proof.origin not in self.origins:
            raise ForbiddenError("foreign_origin", "The account proof was made for another site.")
        now = self.clock()
        if not self.nonces.consume(proof.nonce.hex(), now):
            raise UnauthenticatedError("unknown_nonce", "The nonce is unknown, used or expired.")
        self.prove.run(proof)
        session = Session(proof.address, now + SESSION_LIFETIME)
        token = self.token()
        self.sessions.put(token_hash(token), session)
        return SignedIn(token, session.address, session.expires_at)


@dataclass(frozen=True, slots=True)
class FindSession:
    """Find the session of a token; None when the token is unknown or the session over."""

    sessions: Sessions
    clock: Clock

    def run(self, token: str) -> Session | None:
        session = self.sessions.find(token_hash(token))
        return session if session and self.clock() < session.expires_at else None
