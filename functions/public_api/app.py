"""HTTP API without sign-in: prices, statements and everything needed to verify them."""

from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.public_api import price_books, read_plans, read_progress, read_statements
from flareflow.entrypoints.http import answer, cursor, http_api, parse_number, published
from flareflow.json_format import to_json

FOREVER: Final = "public, max-age=31536000, immutable"
FIVE_MINUTES: Final = "public, max-age=300"

logger = Logger()
app = http_api()


@app.get("/v1/health")
def health() -> Response[str]:
    return answer({"status": "ok", "newest_statement": read_statements().newest_epoch()})


@app.get("/v1/statements")
def statements() -> Response[str]:
    before = cursor(app)
    return answer(read_statements().newest_first(None if before is None else parse_number(before, "cursor")))


@app.get("/v1/statements/<epoch>")
def statement(epoch: str) -> Response[str]:
    return published(read_statements().statement(parse_number(epoch, "epoch")).statement.body, FOREVER)


@app.get("/v1/statements/<epoch>/pages/<page>")
def page(epoch: str, page: str) -> Response[str]:
    found = read_statements().page(parse_number(epoch, "epoch"), parse_number(page, "page"))
    return published(to_json({"text": found.page.text, "hash": found.page.hash, "path": found.path}), FOREVER)


@app.get("/v1/statements/<epoch>/leaves/<subscription_id>")
def leaf(epoch: str, subscription_id: str) -> Response[str]:
    numbers = parse_number(epoch, "epoch"), parse_number(subscription_id, "subscription_id")
    found = read_statements().leaf(*numbers)
    return published(to_json({"leaf": found.leaf, "hash": found.leaf.hash, "proof": found.proof}), FOREVER)


@app.get("/v1/statements/<epoch>/attestation")
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
