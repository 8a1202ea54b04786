"""Ports of sign-in and sessions. Adapters raise UnavailableError when their outside system gives no usable answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from flareflow.accounts.models import AccountKey, AccountProof, Session


class Nonces(Protocol):
    """Nonces that were given out and not used yet."""

    def put(self, nonce: str, expires_at: datetime) -> None: ...

    def consume(self, nonce: str, now: datetime) -> bool:
        """Use up the nonce. Return True to exactly one caller; False if it is unknown, used or expired."""


class Sessions(Protocol):
    """The sessions of accounts, each with the hashes of its tokens. What has been written is found by the next read."""

    def open(self, session: Session) -> None: ...

    def find(self, address: str, session_id: str) -> Session | None: ...

    def refresh(self, before: Session, after: Session) -> bool:
        """Store `after`; return False, without a change, when the session has another refresh token than `before`."""

    def confirm(self, session: Session) -> None:
        """Forget the refresh token that the session's newest one has replaced, unless it was refreshed since."""

    def of(self, address: str) -> Sequence[Session]:
        """All sessions of an account that did not end, in no particular order."""

    def end(self, address: str, session_id: str) -> bool:
        """Delete a session; return whether there was one."""


class AccountKeys(Protocol):
    """The keys of Flow accounts."""

    def of(self, address: str) -> Sequence[AccountKey]:
        """Every key with supported algorithms, including revoked ones; none for an unknown account.

        Raises FlowUnavailableError.
        """


class ProofVerifier(Protocol):
    """Checks the signatures of account proofs."""

    def holds(self, key: AccountKey, proof: AccountProof, signature: bytes) -> bool:
        """True when `signature` (r and s, 64 bytes) is the key's over the proof; False for malformed ones too."""
