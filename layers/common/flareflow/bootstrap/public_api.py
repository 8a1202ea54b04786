"""Composition root of `public_api`."""

from functools import cache

import boto3

from flareflow.adapters.aws.documents import S3Documents
from flareflow.adapters.dynamodb.attestations import DynamoAttestations
from flareflow.adapters.dynamodb.plans import DynamoPlans
from flareflow.adapters.dynamodb.price_books import DynamoPriceBooks
from flareflow.adapters.dynamodb.rates import DynamoRates
from flareflow.adapters.dynamodb.statements import DynamoStatements
from flareflow.attestation.progress import ReadProgress
from flareflow.entrypoints.settings import Settings
from flareflow.metering.price_book import PriceBook
from flareflow.settlement.quotes import ReadPlans
from flareflow.statements.public_view import ReadStatements


class PublicApiSettings(Settings):
    """Environment of the function."""

    usage_table: str
    statements_table: str
    ledger_table: str
    documents_bucket: str
    token_symbol: str


@cache
def settings() -> PublicApiSettings:
    return PublicApiSettings.from_environment()


@cache
def read_statements() -> ReadStatements:
    table = boto3.resource("dynamodb").Table(settings().statements_table)
    return ReadStatements(DynamoStatements(table), S3Documents(boto3.client("s3"), settings().documents_bucket))


@cache
def price_books() -> DynamoPriceBooks:
    return DynamoPriceBooks(boto3.resource("dynamodb").Table(settings().usage_table), PriceBook.load())


@cache
def read_plans() -> ReadPlans:
    table = boto3.resource("dynamodb").Table(settings().ledger_table)
    return ReadPlans(DynamoPlans(table), DynamoRates(table), settings().token_symbol)


@cache
def read_progress() -> ReadProgress:
    return ReadProgress(DynamoAttestations(boto3.resource("dynamodb").Table(settings().statements_table)))
