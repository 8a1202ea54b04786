"""HTTP API for operators: open cases, price books, margins, queues, and what LiteLLM says otherwise of keys.

IAM decides who may call it, by the signature of each request. Whoever that is, is noted with what they decide.
"""

from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.accounts.operator_answers import KeyDifferenceAnswer, OperatorSubscriptionAnswer
from flareflow.answers import Page
from flareflow.bootstrap.operator_api import (
    compare_keys,
    limit_requests,
    list_cases,
    operator,
    queues,
    read_margins,
    read_subscription,
)
from flareflow.entrypoints.http import ListCursor, NumberInPath, http_api, refuses
from flareflow.entrypoints.requests import operator_of
from flareflow.metering.operator_answers import (
    BookPutAnswer,
    CaseAnswer,
    MarginsAnswer,
    QueuesAnswer,
    RedrivenAnswer,
)
from flareflow.metering.operator_requests import CaseDecisionRequest, PriceBookRequest, RedriveRequest
from flareflow.time import utc_now

BODY_CHARACTERS_MAX: Final = 2_000_000
"""A price book of all models that LiteLLM knows has half a million."""

logger = Logger()
app = http_api(limit_requests, operator_of, BODY_CHARACTERS_MAX)

CaseId = Annotated[str | None, Query(alias="case", max_length=1_000, description="Only this case, as a whole.")]
CaseCursor = Annotated[
    str | None, Query(alias="cursor", max_length=1_000, description="`next_cursor` of the part before.")
]
Day = Annotated[date, Path(examples=["2026-11-24"])]


UNDECIDED: Final = (
    *("case_not_found", "case_decided", "case_is_no_difference", "case_is_a_tally"),
    *("row_unreadable", "row_not_billable"),
)
"""Why a decision is not carried out."""


def who() -> str:
    """The ARN of the operator."""
    return operator_of(app.current_event)


@app.get("/v1/operator/cases")
@refuses("case_not_found")
def cases(case: CaseId = None, cursor: CaseCursor = None) -> Page[CaseAnswer]:
    """List the open cases, or show one: rows that nobody was billed for, and differences between what was counted."""
    return Page[CaseAnswer].of(list_cases().run(case, cursor))


@app.post("/v1/operator/case-decisions")
@refuses(*UNDECIDED)
def decide_case(request: CaseDecisionRequest) -> CaseAnswer:
    """Decide a case. It can be repeated; what was decided once stays decided."""
    logger.info("case decided", who=who(), case=request.case, verdict=request.verdict)
    return CaseAnswer.of(request.command(who()).run(operator(), utc_now()))


@app.post("/v1/operator/price-books", status_code=HTTPStatus.CREATED)
@refuses("epoch_has_its_book")
def put_price_book(request: PriceBookRequest) -> BookPutAnswer:
    """Put a price book in force from an epoch on that is not open yet."""
    put = request.command(who()).run(operator(), utc_now())
    logger.info("price book put", who=who(), from_epoch=put.from_epoch, price_book_hash=put.price_book_hash.hex())
    return BookPutAnswer.of(put)


@app.get("/v1/operator/subscriptions/<subscription_id>")
@refuses("subscription_not_found")
def subscription(subscription_id: NumberInPath) -> OperatorSubscriptionAnswer:
    """Show the standing and the balances of a subscription, whoever owns it."""
    return OperatorSubscriptionAnswer.of(read_subscription().run(subscription_id))


@app.get("/v1/operator/margins/<day>")
def margins(day: Day) -> MarginsAnswer:
    """Tell what each model brought and cost on a day in UTC."""
    return MarginsAnswer.of_day(day, list(read_margins().of(day)))


@app.get("/v1/operator/queues")
def depths() -> QueuesAnswer:
    """Tell how full each queue is, those of dead letters among them."""
    return QueuesAnswer.of({"queues": queues().depths()})


@app.post("/v1/operator/redrives")
def redrive(request: RedriveRequest) -> RedrivenAnswer:
    """Move up to 200 dead letters back to the queues that they came from. It can be repeated."""
    logger.info("dead letters driven again", who=who(), queue=request.queue)
    return RedrivenAnswer.of(queues().redrive(request.queue))


@app.get("/v1/operator/key-differences")
@refuses("invalid_cursor")
def key_differences(cursor: ListCursor = None) -> Page[KeyDifferenceAnswer]:
    """Compare the keys of the next ten subscriptions with LiteLLM, and list those that differ. Nothing is changed."""
    return Page[KeyDifferenceAnswer].of(compare_keys().run(cursor))


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
