"""Composition root of `session_authorizer`."""

from functools import cache

import boto3

from flareflow.accounts.sessions import FindSession
from flareflow.adapters.dynamodb.accounts import DynamoSessions
from flareflow.entrypoints.settings import Settings
from flareflow.time import utc_now


class SessionAuthorizerSettings(Settings):
    """Environment of the function."""

    accounts_table: str


@cache
def find_session() -> FindSession:
    settings = SessionAuthorizerSettings.from_environment()
    return FindSession(DynamoSessions(boto3.resource("dynamodb").Table(settings.accounts_table)), utc_now)
