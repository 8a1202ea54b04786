"""HTTP API without sign-in: prices, the list of statements, and how far attestations have come.

Statements and everything needed to verify them are documents, which no function serves.
"""

from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.public_api import list_statements, price_books, read_plans, read_progress
from flareflow.entrypoints.http import answer, cursor, http_api, parse_number, published

FIVE_MINUTES: Final = "public, max-age=300"

logger = Logger()
app = http_api()


@app.get("/v1/health")
def health() -> Response[str]:
    return answer({"status": "ok", "newest_statement": list_statements().newest_epoch()})


@app.get("/v1/statements")
def statements() -> Response[str]:
    before = cursor(app)
    return answer(list_statements().newest_first(None if before is None else parse_number(before, "cursor")))


@app.get("/v1/attestations/<epoch>")
def attestation(epoch: str) -> Response[str]:
    return answer(read_progress().of(parse_number(epoch, "epoch")))


@app.get("/v1/plans")
def plans() -> Response[str]:
    return answer(read_plans().run())


@app.get("/v1/price-book")
def price_book() -> Response[str]:
    return published(price_books().newest().canonical_json, FIVE_MINUTES)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
