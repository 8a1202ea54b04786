"""Puts together what `public_api` runs."""

from functools import cache

import boto3

from flareflow.adapters.documents import S3Documents
from flareflow.adapters.dynamodb.attestations import DynamoAttestations
from flareflow.adapters.dynamodb.statements import DynamoStatements
from flareflow.attestation.reading import ReadProgress
from flareflow.settings import Settings
from flareflow.statements.reading import ReadStatements


class PublicApiSettings(Settings):
    """Environment of the function."""

    statements_table: str
    documents_bucket: str


@cache
def settings() -> PublicApiSettings:
    return PublicApiSettings.from_environment()


@cache
def read_statements() -> ReadStatements:
    table = boto3.resource("dynamodb").Table(settings().statements_table)
    return ReadStatements(DynamoStatements(table), S3Documents(boto3.client("s3"), settings().documents_bucket))


@cache
def read_progress() -> ReadProgress:
    return ReadProgress(DynamoAttestations(boto3.resource("dynamodb").Table(settings().statements_table)))
