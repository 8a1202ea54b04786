"""HTTP API for operators: open cases, price books, margins, queues, keys, and what pays and signs on the chains.

IAM decides who may call `/v1/operator`, by the signature of each request. `/v1/console` is for the operators' page: it
takes sessions of listed accounts, and has no price books. Whoever decides something is noted with it.
"""

from http import HTTPStatus
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler.api_gateway import Router
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
    read_payers,
    read_policies,
    read_subscription,
)
from flareflow.entrypoints.http import CaseCursor, CaseId, DayInPath, ListCursor, NumberInPath, http_api, refuses
from flareflow.entrypoints.requests import CONSOLE, operator_of
from flareflow.metering.operator_answers import (
    BookPutAnswer,
    CaseAnswer,
    MarginsAnswer,
    QueuesAnswer,
    RedrivenAnswer,
)
from flareflow.metering.operator_requests import CaseDecisionRequest, PriceBookRequest, RedriveRequest
from flareflow.settlement.operator_answers import PayersAnswer, PoliciesAnswer
from flareflow.time import utc_now

BODY_CHARACTERS_MAX: Final = 2_000_000
"""A price book of all models that LiteLLM knows has half a million."""

logger = Logger()
app = http_api(limit_requests, operator_of, BODY_CHARACTERS_MAX)
routes = Router()  # type: ignore[no-untyped-call]
"""What can be done in both ways."""

UNDECIDED: Final = (
    *("case_not_found", "case_decided", "case_is_no_difference", "case_is_a_tally"),
    *("row_unreadable", "row_not_billable"),
)
"""Why a decision is not carried out."""


def who() -> str:
    """The operator: an ARN of IAM, or a Flow address."""
    return operator_of(app.current_event)


@routes.get("/cases")
@refuses("case_not_found")
def cases(case: CaseId = None, cursor: CaseCursor = None) -> Page[CaseAnswer]:
    """List the open cases, or show one: rows that nobody was billed for, and differences between what was counted."""
    return Page[CaseAnswer].of(list_cases().run(case, cursor))


@routes.post("/case-decisions")
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


@routes.get("/subscriptions/<subscription_id>")
@refuses("subscription_not_found")
def subscription(subscription_id: NumberInPath) -> OperatorSubscriptionAnswer:
    """Show the standing and the balances of a subscription, whoever owns it."""
    return OperatorSubscriptionAnswer.of(read_subscription().run(subscription_id))


@routes.get("/margins/<day>")
def margins(day: DayInPath) -> MarginsAnswer:
    """Tell what each model brought and cost on a day in UTC."""
    return MarginsAnswer.of_day(day, list(read_margins().of(day)))


@routes.get("/queues")
def depths() -> QueuesAnswer:
    """Tell how full each queue is, those of dead letters among them."""
    return QueuesAnswer.of({"queues": queues().depths()})


@routes.post("/redrives")
def redrive(request: RedriveRequest) -> RedrivenAnswer:
    """Move up to 200 dead letters back to the queues that they came from. It can be repeated."""
    logger.info("dead letters driven again", who=who(), queue=request.queue)
    return RedrivenAnswer.of(queues().redrive(request.queue))


@routes.get("/key-differences")
@refuses("invalid_cursor")
def key_differences(cursor: ListCursor = None) -> Page[KeyDifferenceAnswer]:
    """Compare the keys of the next ten subscriptions with LiteLLM, and list those that differ. Nothing is changed."""
    return Page[KeyDifferenceAnswer].of(compare_keys().run(cursor))


@routes.get("/payers")
def payers() -> PayersAnswer:
    """Tell what the accounts that pay for transactions on Flow and on Flare have left."""
    return PayersAnswer.of_payers(read_payers().run())


@routes.get("/signing-policies")
def signing_policies() -> PoliciesAnswer:
    """Tell how far the newest signing policies of Flare are on their way to Flow."""
    return PoliciesAnswer.of(read_policies().run())


app.include_router(routes, "/v1/operator")
app.include_router(routes, CONSOLE)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
