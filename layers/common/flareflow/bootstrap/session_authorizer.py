"""Composition root of `session_authorizer`."""

from functools import cache

import boto3

from flareflow.accounts.operators import Operators
from flareflow.accounts.sessions import FindSession
from flareflow.adapters.dynamodb.accounts import DynamoSessions
from flareflow.entrypoints.settings import Settings
from flareflow.time import utc_now


class SessionAuthorizerSettings(Settings):
    """Environment of the function; `operator_addresses` are separated by commas."""

    accounts_table: str
    operator_addresses: str


@cache
def settings() -> SessionAuthorizerSettings:
    return SessionAuthorizerSettings.from_environment()


@cache
def find_session() -> FindSession:
    return FindSession(DynamoSessions(boto3.resource("dynamodb").Table(settings().accounts_table)), utc_now)


@cache
def operators() -> Operators:
    return Operators.listed(settings().operator_addresses)
