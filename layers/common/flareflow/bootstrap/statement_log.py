"""Composition root of `statement_log`."""

from functools import cache

import boto3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from flareflow.adapters.aws.log_files import S3LogFiles
from flareflow.adapters.aws.secrets import secret
from flareflow.adapters.dynamodb.statements import DynamoStatements
from flareflow.adapters.witness.client import HttpWitness
from flareflow.entrypoints.settings import Settings
from flareflow.transparency.notes import KeyKind
from flareflow.transparency.publishing import PublishLog, log_name
from flareflow.transparency.signing import NoteSigner


class StatementLogSettings(Settings):
    """Environment of the function. `witnesses`: for each its key, a space and its URL; separated by commas."""

    statements_table: str
    documents_bucket: str
    statement_url_prefix: str
    statement_log_key_secret: str
    witnesses: str


@cache
def settings() -> StatementLogSettings:
    return StatementLogSettings.from_environment()


@cache
def publish_log() -> PublishLog:
    seed = bytes.fromhex(secret(settings().statement_log_key_secret)())
    name = log_name(settings().statement_url_prefix)
    return PublishLog(
        statements=DynamoStatements(boto3.resource("dynamodb").Table(settings().statements_table)),
        files=S3LogFiles(boto3.client("s3"), settings().documents_bucket),
        signer=NoteSigner(name, KeyKind.LOG, Ed25519PrivateKey.from_private_bytes(seed)),
        witnesses=[HttpWitness.at(given) for given in settings().witnesses.split(",") if given.strip()],
    )
