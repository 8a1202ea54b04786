"""Composition root of `public_api`."""

from functools import cache

import boto3

from flareflow.adapters.dynamodb.attestations import DynamoAttestations
from flareflow.adapters.dynamodb.plans import DynamoPlans
from flareflow.adapters.dynamodb.price_books import DynamoPriceBooks
from flareflow.adapters.dynamodb.rates import DynamoRates
from flareflow.adapters.dynamodb.statements import DynamoStatements
from flareflow.attestation.progress import ReadProgress
from flareflow.entrypoints.settings import Settings
from flareflow.metering.price_book import PriceBook
from flareflow.settlement.quotes import ReadPlans
from flareflow.statements.public_view import ListStatements


class PublicApiSettings(Settings):
    """Environment of the function."""

    usage_table: str
    statements_table: str
    ledger_table: str
    token_symbol: str


@cache
def settings() -> PublicApiSettings:
    return PublicApiSettings.from_environment()


@cache
def list_statements() -> ListStatements:
    return ListStatements(DynamoStatements(boto3.resource("dynamodb").Table(settings().statements_table)))


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
