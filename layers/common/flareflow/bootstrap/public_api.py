"""Composition root of `public_api`."""

from functools import cache
from typing import TYPE_CHECKING

import boto3

from flareflow.adapters.dynamodb.limits import DynamoRequestCounts
from flareflow.bootstrap.status import StatusSettings, read_status_over
from flareflow.limits import LimitRequests
from flareflow.settlement.deployment_answers import (
    DeploymentAnswer,
    FlareAnswer,
    FlareExplorerAnswer,
    FlareNetwork,
    FlowAnswer,
    FlowExplorerAnswer,
    FlowNetwork,
    TokenAnswer,
)
from flareflow.time import Epochs, utc_now

if TYPE_CHECKING:
    from flareflow.accounts.quoting import QuoteCalls
    from flareflow.adapters.dynamodb.attestations import DynamoAttestations
    from flareflow.adapters.dynamodb.price_books import DynamoPriceBooks
    from flareflow.attestation.progress import ReadProgress
    from flareflow.settlement.epochs import ReadEpochs
    from flareflow.settlement.quotes import ReadPlans
    from flareflow.settlement.statistics import ReadStatistics
    from flareflow.settlement.status import ReadStatus
    from flareflow.statements.public_view import ListStatements


class PublicApiSettings(StatusSettings):
    """Environment of the function."""

    limits_table: str
    token_symbol: str
    token_contract: str
    statement_url_prefix: str
    flare_network: FlareNetwork
    flare_rpc_url: str
    flare_registry_address: str
    flare_explorer_url: str
    flow_network: FlowNetwork
    flow_rest_url: str
    flow_contract_address: str
    flow_explorer_url: str
    wallet_discovery_url: str
    models_url: str
    live_url: str
    source_url: str


@cache
def settings() -> PublicApiSettings:
    return PublicApiSettings.from_environment()


@cache
def limit_requests() -> LimitRequests:
    return LimitRequests(DynamoRequestCounts(boto3.resource("dynamodb").Table(settings().limits_table)), utc_now)


@cache
def list_statements() -> "ListStatements":
    from flareflow.adapters.dynamodb.statements import DynamoStatements
    from flareflow.statements.public_view import ListStatements

    return ListStatements(DynamoStatements(boto3.resource("dynamodb").Table(settings().statements_table)))


@cache
def price_books() -> "DynamoPriceBooks":
    from flareflow.adapters.dynamodb.price_books import DynamoPriceBooks
    from flareflow.metering.price_book import PriceBook

    return DynamoPriceBooks(boto3.resource("dynamodb").Table(settings().usage_table), PriceBook.load())


@cache
def read_plans() -> "ReadPlans":
    from flareflow.adapters.dynamodb.plans import DynamoPlans
    from flareflow.adapters.dynamodb.rates import DynamoRates
    from flareflow.settlement.quotes import ReadPlans

    table = boto3.resource("dynamodb").Table(settings().ledger_table)
    return ReadPlans(DynamoPlans(table), DynamoRates(table), settings().token_symbol)


@cache
def quote_calls() -> "QuoteCalls":
    from flareflow.accounts.quoting import QuoteCalls
    from flareflow.adapters.dynamodb.plans import DynamoPlans
    from flareflow.adapters.dynamodb.rates import DynamoRates

    table = boto3.resource("dynamodb").Table(settings().ledger_table)
    return QuoteCalls(price_books(), DynamoPlans(table), DynamoRates(table), settings().token_symbol, utc_now)


@cache
def attestations() -> "DynamoAttestations":
    from flareflow.adapters.dynamodb.attestations import DynamoAttestations

    return DynamoAttestations(boto3.resource("dynamodb").Table(settings().statements_table))


@cache
def read_progress() -> "ReadProgress":
    from flareflow.attestation.progress import ReadProgress

    return ReadProgress(attestations())


@cache
def read_epochs() -> "ReadEpochs":
    from flareflow.adapters.dynamodb.ledger import DynamoOutbox
    from flareflow.adapters.dynamodb.statements import DynamoStatements
    from flareflow.settlement.epochs import Explorers, ReadEpochs

    tables, given = boto3.resource("dynamodb"), settings()
    return ReadEpochs(
        statements=DynamoStatements(tables.Table(given.statements_table)),
        attestations=attestations(),
        outbox=DynamoOutbox(tables.Table(given.ledger_table)),
        explorers=Explorers(given.statement_url_prefix, given.flare_explorer_url, given.flow_explorer_url),
        epochs=Epochs(given.epoch_seconds),
        clock=utc_now,
    )


@cache
def read_status() -> "ReadStatus":
    return read_status_over(settings())


@cache
def read_statistics() -> "ReadStatistics":
    from flareflow.adapters.dynamodb.statements import DynamoStatements
    from flareflow.adapters.dynamodb.statistics import DynamoStatistics
    from flareflow.settlement.statistics import ReadStatistics

    tables, given = boto3.resource("dynamodb"), settings()
    return ReadStatistics(
        status=read_status(),
        statements=DynamoStatements(tables.Table(given.statements_table)),
        attestations=attestations(),
        price_books=price_books(),
        kept=DynamoStatistics(tables.Table(given.usage_table)),
        clock=utc_now,
    )


@cache
def deployment() -> DeploymentAnswer:
    from flareflow.metering.calls import COUNTED_WITHIN

    given = settings()
    return DeploymentAnswer(
        flow=_flow(given),
        flare=FlareAnswer(
            network=given.flare_network,
            chain_id=given.flare_network.chain_id,
            rpc=given.flare_rpc_url,
            registry=given.flare_registry_address,
            explorer=FlareExplorerAnswer.at(given.flare_explorer_url),
        ),
        models_url=given.models_url,
        live_url=given.live_url,
        statements_url=given.statement_url_prefix,
        epoch_seconds=given.epoch_seconds,
        counted_within_seconds=int(COUNTED_WITHIN.total_seconds()),
        source_url=given.source_url or None,
    )


def _flow(given: PublicApiSettings) -> FlowAnswer:
    from flareflow.adapters.flow.cadence import contract_names, dependency_addresses

    dependencies = {name: f"0x{address}" for name, address in dependency_addresses(given.flow_network).items()}
    return FlowAnswer(
        network=given.flow_network,
        access_node=given.flow_rest_url,
        wallet_discovery=given.wallet_discovery_url,
        contracts=dict.fromkeys(contract_names(), given.flow_contract_address),
        dependencies=dependencies,
        token=TokenAnswer(
            symbol=given.token_symbol,
            contract=given.token_contract,
            address=dependencies[given.token_contract],
        ),
        explorer=FlowExplorerAnswer.at(given.flow_explorer_url),
    )
