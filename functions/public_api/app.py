"""HTTP API without sign-in: prices, the list of statements, and how far attestations have come.

Statements and everything needed to verify them are documents, which no function serves.
"""

from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.accounts.quote_answers import QuoteAnswer
from flareflow.accounts.quote_requests import QuoteRequest
from flareflow.attestation.answers import ProgressAnswer
from flareflow.bootstrap.public_api import (
    deployment,
    limit_requests,
    list_statements,
    price_books,
    quote_calls,
    read_epochs,
    read_plans,
    read_progress,
    read_statistics,
    read_status,
)
from flareflow.entrypoints.http import NumberCursor, NumberInPath, http_api, published, refuses
from flareflow.metering.answers import PriceBookText
from flareflow.settlement.answers import PlansAnswer
from flareflow.settlement.deployment_answers import DeploymentAnswer
from flareflow.settlement.epoch_answers import EpochAnswer, EpochsAnswer, StatusAnswer
from flareflow.settlement.statistics_answers import DaysOfStatusAnswer, StatisticsAnswer
from flareflow.statements.answers import LivenessAnswer, StatementsAnswer

FIVE_MINUTES: Final = "public, max-age=300"
TEN_SECONDS: Final = "public, max-age=10"

logger = Logger()
app = http_api(limit_requests)


@app.get("/v1/health")
def health() -> LivenessAnswer:
    """Whether the API answers, and the newest statement."""
    return LivenessAnswer(newest_statement=list_statements().newest_epoch())


@app.get("/v1/deployment")
def describe_deployment() -> Response[DeploymentAnswer]:
    """Describe this deployment: networks, contracts, explorers, and where models and live messages are."""
    return published(deployment(), FIVE_MINUTES)


@app.get("/v1/statements")
def statements(cursor: NumberCursor = None) -> StatementsAnswer:
    """List the statements, newest first."""
    return StatementsAnswer.of(list_statements().newest_first(cursor))


@app.get("/v1/attestations/<epoch>")
@refuses("attestation_not_begun")
def attestation(epoch: NumberInPath) -> ProgressAnswer:
    """Tell how far the attestation of an epoch's statement has come."""
    return ProgressAnswer.of(read_progress().of(epoch))


@app.get("/v1/epochs")
def epochs(cursor: NumberCursor = None) -> EpochsAnswer:
    """List the epochs that have a statement, newest first: how far each is, why, and where to look."""
    return EpochsAnswer.of(read_epochs().newest_first(cursor))


@app.get("/v1/epochs/<epoch>")
@refuses("statement_not_found")
def one_epoch(epoch: NumberInPath) -> EpochAnswer:
    """Tell how far one epoch is, with the transaction that delivered it to Flow."""
    return EpochAnswer.of(read_epochs().one(epoch))


@app.get("/v1/status")
def status() -> Response[StatusAnswer]:
    """Tell whether each outside system does its part now, and how far behind the pipeline is."""
    return published(StatusAnswer.of(read_status().run()), TEN_SECONDS)


@app.get("/v1/status/days")
def days_of_status() -> Response[DaysOfStatusAnswer]:
    """Tell how often each outside system did its part on each of the last 90 days."""
    return published(DaysOfStatusAnswer.of_days(read_statistics().days()), FIVE_MINUTES)


@app.get("/v1/statistics")
def statistics() -> Response[StatisticsAnswer]:
    """Tell what is deposited, charged and owed in all, what is attested, and which price books rate."""
    return published(StatisticsAnswer.of(read_statistics().run()), TEN_SECONDS)


@app.get("/v1/plans")
def plans() -> PlansAnswer:
    """List every version of every plan, and the rate of dollars."""
    return PlansAnswer.of(read_plans().run())


@app.post("/v1/quotes")
@refuses("not_priced")
def quote(request: QuoteRequest) -> QuoteAnswer:
    """Tell what calls would cost: in rated tokens, in the token, and in dollars where a rate is known."""
    calls = [one.planned() for one in request.calls]
    return QuoteAnswer.of(quote_calls().run(calls, request.after_microtokens))


@app.get("/v1/price-book")
def price_book() -> Response[PriceBookText]:
    """Give the newest price book, in the canonical text whose hash statements carry."""
    return published(price_books().newest().canonical_json, FIVE_MINUTES)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
