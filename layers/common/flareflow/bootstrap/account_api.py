"""Composition root of `account_api`."""

from functools import cache
from typing import TYPE_CHECKING

import boto3
from pydantic import PositiveInt

from flareflow.adapters.dynamodb.limits import DynamoRequestCounts
from flareflow.entrypoints.settings import Settings
from flareflow.limits import LimitRequests
from flareflow.time import Epochs, utc_now

if TYPE_CHECKING:
    from flareflow.accounts.costs import ReadCosts
    from flareflow.accounts.focus import Focus
    from flareflow.accounts.subscriptions import ReadJournal, ReadSubscriptions, ReadUsage
    from flareflow.accounts.usage_history import ReadHistory
    from flareflow.adapters.dynamodb.subscriptions import LedgerReader
    from flareflow.adapters.dynamodb.usage_history import DynamoUsageHistory
    from flareflow.adapters.dynamodb.usage_reader import UsageReader
    from flareflow.realtime.tickets import GiveTicket


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
def ledger() -> "LedgerReader":
    from flareflow.adapters.dynamodb.subscriptions import LedgerReader

    return LedgerReader(boto3.resource("dynamodb").Table(settings().ledger_table))


@cache
def usage() -> "UsageReader":
    from flareflow.adapters.dynamodb.usage_reader import UsageReader

    return UsageReader(boto3.resource("dynamodb").Table(settings().usage_table))


@cache
def read_subscriptions() -> "ReadSubscriptions":
    from flareflow.accounts.subscriptions import ReadSubscriptions
    from flareflow.adapters.dynamodb.rates import DynamoRates
    from flareflow.adapters.dynamodb.standings import DynamoStandings

    table = boto3.resource("dynamodb").Table(settings().ledger_table)
    return ReadSubscriptions(ledger(), usage(), DynamoRates(table), DynamoStandings(table))


@cache
def read_journal() -> "ReadJournal":
    from flareflow.accounts.subscriptions import ReadJournal

    return ReadJournal(ledger())


@cache
def read_usage() -> "ReadUsage":
    from flareflow.accounts.subscriptions import ReadUsage

    return ReadUsage(ledger(), usage())


@cache
def usage_history() -> "DynamoUsageHistory":
    from flareflow.adapters.dynamodb.usage_history import DynamoUsageHistory

    return DynamoUsageHistory(boto3.resource("dynamodb").Table(settings().usage_table))


@cache
def read_history() -> "ReadHistory":
    from flareflow.accounts.usage_history import ReadHistory

    return ReadHistory(ledger(), usage_history(), utc_now)


@cache
def read_costs() -> "ReadCosts":
    from flareflow.accounts.costs import ReadCosts
    from flareflow.adapters.dynamodb.rates import DynamoRates

    rates = DynamoRates(boto3.resource("dynamodb").Table(settings().ledger_table))
    return ReadCosts(ledger(), ledger(), usage_history(), rates, utc_now)


@cache
def focus() -> "Focus":
    from flareflow.accounts.focus import Focus

    return Focus(settings().token_symbol, Epochs(settings().epoch_seconds))


@cache
def give_ticket() -> "GiveTicket":
    from flareflow.adapters.dynamodb.connections import DynamoTickets
    from flareflow.credentials import random_token
    from flareflow.realtime.tickets import GiveTicket

    tickets = DynamoTickets(boto3.resource("dynamodb").Table(settings().realtime_table))
    return GiveTicket(tickets, random_token, utc_now)


@cache
def limit_requests() -> LimitRequests:
    return LimitRequests(DynamoRequestCounts(boto3.resource("dynamodb").Table(settings().limits_table)), utc_now)
