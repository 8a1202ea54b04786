"""Composition root of `wallet_auth`."""

from functools import cache
from typing import TYPE_CHECKING

import boto3

from flareflow.accounts.operators import Operators
from flareflow.adapters.dynamodb.accounts import DynamoNonces, DynamoSessions
from flareflow.adapters.dynamodb.limits import DynamoRequestCounts
from flareflow.credentials import random_token
from flareflow.entrypoints.settings import Settings
from flareflow.limits import LimitRequests
from flareflow.time import utc_now

if TYPE_CHECKING:
    from flareflow.accounts.sessions import ListSessions, RefreshSession, SignOut
    from flareflow.accounts.sign_in import GiveNonce, SignIn
    from flareflow.realtime.connections import CloseConnections


class WalletAuthSettings(Settings):
    """Environment of the function; `app_origins` and `operator_addresses` are separated by commas."""

    limits_table: str
    accounts_table: str
    app_origins: str
    operator_addresses: str
    flow_rest_url: str
    realtime_table: str
    websocket_url: str

    def origins(self) -> frozenset[str]:
        return frozenset(origin.strip() for origin in self.app_origins.split(",") if origin.strip())


@cache
def settings() -> WalletAuthSettings:
    return WalletAuthSettings.from_environment()


@cache
def nonces() -> DynamoNonces:
    return DynamoNonces(boto3.resource("dynamodb").Table(settings().accounts_table))


@cache
def sessions() -> DynamoSessions:
    return DynamoSessions(boto3.resource("dynamodb").Table(settings().accounts_table))


@cache
def operators() -> Operators:
    return Operators.listed(settings().operator_addresses)


@cache
def give_nonce() -> "GiveNonce":
    from flareflow.accounts.sign_in import GiveNonce

    return GiveNonce(nonces(), random_token, utc_now)


@cache
def sign_in() -> "SignIn":
    from flareflow.accounts.proof import ProveAccount
    from flareflow.accounts.sessions import OpenSession
    from flareflow.accounts.sign_in import SignIn
    from flareflow.adapters.flow.account_proof import EcdsaProofVerifier
    from flareflow.adapters.flow.accounts import FlowAccountKeys
    from flareflow.adapters.flow.rest import FlowRest, http_client

    keys = FlowAccountKeys(FlowRest(http_client(settings().flow_rest_url)))
    return SignIn(
        nonces=nonces(),
        prove=ProveAccount(keys, EcdsaProofVerifier()),
        origins=settings().origins(),
        open_session=OpenSession(sessions(), random_token, utc_now),
        clock=utc_now,
    )


@cache
def close_connections() -> "CloseConnections":
    from flareflow.adapters.aws.websocket import websocket_connections
    from flareflow.adapters.dynamodb.connections import DynamoConnections
    from flareflow.realtime.connections import CloseConnections

    connections = DynamoConnections(boto3.resource("dynamodb").Table(settings().realtime_table))
    return CloseConnections(connections, websocket_connections(settings().websocket_url), utc_now)


def disconnect(address: str) -> None:
    close_connections().run(address)


@cache
def refresh_session() -> "RefreshSession":
    from flareflow.accounts.sessions import RefreshSession

    return RefreshSession(sessions(), disconnect, random_token, utc_now)


@cache
def list_sessions() -> "ListSessions":
    from flareflow.accounts.sessions import ListSessions

    return ListSessions(sessions(), utc_now)


@cache
def sign_out() -> "SignOut":
    from flareflow.accounts.sessions import SignOut

    return SignOut(sessions(), disconnect)


@cache
def limit_requests() -> LimitRequests:
    return LimitRequests(DynamoRequestCounts(boto3.resource("dynamodb").Table(settings().limits_table)), utc_now)
