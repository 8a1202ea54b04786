"""Composition root of `account_api`."""

from functools import cache

import boto3
from pydantic import PositiveInt

from flareflow.accounts.costs import ReadCosts
from flareflow.accounts.focus import Focus
from flareflow.accounts.subscriptions import ReadJournal, ReadSubscriptions, ReadUsage
from flareflow.accounts.usage_history import ReadHistory
from flareflow.adapters.dynamodb.connections import DynamoTickets
from flareflow.adapters.dynamodb.limits import DynamoRequestCounts
from flareflow.adapters.dynamodb.rates import DynamoRates
from flareflow.adapters.dynamodb.standings import DynamoStandings
from flareflow.adapters.dynamodb.subscriptions import LedgerReader, UsageReader
from flareflow.adapters.dynamodb.usage_history import DynamoUsageHistory
from flareflow.credentials import random_token
from flareflow.entrypoints.settings import Settings
from flareflow.limits import LimitRequests
from flareflow.realtime.tickets import GiveTicket
from flareflow.time import Epochs, utc_now


class AccountApiSettings(Settings):
    """Environment of the function."""

    limits_table: str
    usage_table: str
    ledger_table: str
    realtime_table: str
    epoch_seconds: PositiveInt
    token_symbol: str


@cache
def settings() -> AccountApiSettings:
    return AccountApiSettings.from_environment()


@cache
def ledger() -> LedgerReader:
    return LedgerReader(boto3.resource("dynamodb").Table(settings().ledger_table))


@cache
def usage() -> UsageReader:
    return UsageReader(boto3.resource("dynamodb").Table(settings().usage_table))


@cache
def read_subscriptions() -> ReadSubscriptions:
    table = boto3.resource("dynamodb").Table(settings().ledger_table)
    return ReadSubscriptions(ledger(), usage(), DynamoRates(table), DynamoStandings(table))


@cache
def read_journal() -> ReadJournal:
    return ReadJournal(ledger())


@cache
def read_usage() -> ReadUsage:
    return ReadUsage(ledger(), usage())


@cache
def usage_history() -> DynamoUsageHistory:
    return DynamoUsageHistory(boto3.resource("dynamodb").Table(settings().usage_table))


@cache
def read_history() -> ReadHistory:
    return ReadHistory(ledger(), usage_history(), utc_now)


@cache
def read_costs() -> ReadCosts:
    rates = DynamoRates(boto3.resource("dynamodb").Table(settings().ledger_table))
    return ReadCosts(ledger(), ledger(), usage_history(), rates, utc_now)


@cache
def focus() -> Focus:
    return Focus(settings().token_symbol, Epochs(settings().epoch_seconds))


@cache
def give_ticket() -> GiveTicket:
    tickets = DynamoTickets(boto3.resource("dynamodb").Table(settings().realtime_table))
    return GiveTicket(tickets, random_token, utc_now)


@cache
def limit_requests() -> LimitRequests:
    return LimitRequests(DynamoRequestCounts(boto3.resource("dynamodb").Table(settings().limits_table)), utc_now)
