"""Sign-in: a nonce, then an account proof over it, then a session."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flareflow.accounts.models import AccountProof
from flareflow.accounts.proof import ProveAccount
from flareflow.accounts.sessions import OpenSession, SignedIn
from flareflow.accounts.sign_in_ports import Nonces
from flareflow.credentials import TokenFactory
from flareflow.errors import ForbiddenError, UnauthenticatedError
from flareflow.inputs import Client
from flareflow.time import Clock

NONCE_LIFETIME: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Nonce:
    """64 hex digits for one account proof."""

    nonce: str
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
    prove: ProveAccount
    origins: frozenset[str]
    open_session: OpenSession
    clock: Clock

    def run(self, proof: AccountProof, client: Client) -> SignedIn:
        """Raises ForbiddenError `foreign_origin`, UnauthenticatedError `unknown_nonce` or `invalid_proof`."""
        if proof.origin not in self.origins:
            raise ForbiddenError("foreign_origin", "The account proof was made for another site.")
        if not self.nonces.consume(proof.nonce.hex(), self.clock()):
            raise UnauthenticatedError("unknown_nonce", "The nonce is unknown, used or expired.")
        self.prove.run(proof)
        return self.open_session.run(proof.address, client)
