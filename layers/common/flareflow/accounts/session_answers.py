"""Answers of the HTTP API about sign-ins and sessions."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Self

from flareflow.answers import Address, Answer, KeyHash, Moment, shown

if TYPE_CHECKING:
    from flareflow.accounts.operators import Operators
    from flareflow.accounts.sessions import SignedIn


class NonceAnswer(Answer):
    """64 hex digits for one account proof, which has to come before `expires_at`."""

    nonce: KeyHash
    expires_at: Moment


class SignedInAnswer(Answer):
    """A session with new tokens, which are in no later answer. Send `access_token` as `Authorization: Bearer`.

    `expires_at` is the end of the access token, `refresh_expires_at` that of the refresh token. `is_operator`: the
    account may use the routes of the operators' page, `/v1/console/…`.
    """

    session_id: Annotated[str, shown("c1" * 32)]
    address: Address
    access_token: Annotated[str, shown("ffa_01cf0e2f2f715450_" + "c1" * 32 + "_" + "7e" * 32)]
    expires_at: Moment
    refresh_token: Annotated[str, shown("ffr_01cf0e2f2f715450_" + "c1" * 32 + "_" + "8d" * 32)]
    refresh_expires_at: Moment
    is_operator: bool

    @classmethod
    def given(cls, signed_in: "SignedIn", operators: "Operators") -> Self:
        return cls(**asdict(signed_in), is_operator=operators.include(signed_in.address))


class SessionAnswer(Answer):
    """A session of the account; `is_current` is the one that asks."""

    session_id: Annotated[str, shown("c1" * 32)]
    created_at: Moment
    refreshed_at: Moment
    expires_at: Moment
    user_agent: Annotated[str, shown("Mozilla/5.0 (X11; Linux x86_64)")]
    source_ip: Annotated[str, shown("192.0.2.1")]
    is_current: bool


class SessionsAnswer(Answer):
    """All sessions of the account; it has at most 20."""

    items: list[SessionAnswer]
