"""HTTP API: an account's subscriptions, journal and usage, and tickets for the WebSocket."""

from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.accounts.exports import events_csv
from flareflow.accounts.subscription_answers import (
    CountedEventAnswer,
    StatedEventAnswer,
    SubscriptionAnswer,
    SummedUsageAnswer,
)
from flareflow.accounts.usage_queries import Dimension, Span
from flareflow.answers import CsvText, Page
from flareflow.bootstrap.account_api import (
    focus,
    give_ticket,
    limit_requests,
    read_costs,
    read_history,
    read_journal,
    read_subscriptions,
    read_usage,
)
from flareflow.entrypoints.http import (
    ListCursor,
    NumberInPath,
    Since,
    Until,
    answers_csv,
    caller,
    http_api,
    refuses,
    table,
)
from flareflow.realtime.answers import TicketAnswer
from flareflow.settlement.answers import EntryAnswer

logger = Logger()
app = http_api(limit_requests)

Dimensions = Annotated[tuple[Dimension, ...], Query(max_length=3, description="What usage is summed by; all together.")]


@app.get("/v1/subscriptions")
@refuses("invalid_cursor")
def subscriptions(cursor: ListCursor = None) -> Page[SubscriptionAnswer]:
    """List the account's subscriptions, each with its balances and usage now."""
    return Page[SubscriptionAnswer].of(read_subscriptions().all(caller(app), cursor))


@app.get("/v1/subscriptions/<subscription_id>")
@refuses("subscription_not_found")
def subscription(subscription_id: NumberInPath) -> SubscriptionAnswer:
    """Read one subscription with its balances and usage now."""
    return SubscriptionAnswer.of(read_subscriptions().one(caller(app), subscription_id))


@app.get("/v1/subscriptions/<subscription_id>/journal")
@refuses("subscription_not_found", "invalid_cursor")
def journal(subscription_id: NumberInPath, cursor: ListCursor = None) -> Page[EntryAnswer]:
    """List the journal of a subscription, newest entry first."""
    return Page[EntryAnswer].of(read_journal().run(caller(app), subscription_id, cursor))


@app.get("/v1/subscriptions/<subscription_id>/usage/<epoch>")
@refuses("subscription_not_found", "invalid_cursor")
def usage(subscription_id: NumberInPath, epoch: NumberInPath, cursor: ListCursor = None) -> Page[CountedEventAnswer]:
    """List the calls of a subscription that were counted under one epoch, in the order in which they were counted.

    All of them together are what the subscription's `events_root` in the statement of the epoch is made of.
    """
    return Page[CountedEventAnswer].of(read_usage().run(caller(app), subscription_id, epoch, cursor))


@app.get("/v1/subscriptions/<subscription_id>/usage")
@refuses("subscription_not_found", "invalid_cursor")
def summed_usage(
    subscription_id: NumberInPath,
    by: Dimensions = (),
    since: Since = None,
    until: Until = None,
    cursor: ListCursor = None,
) -> SummedUsageAnswer:
    """Sum the usage of a window of time by key, model, day or hour, newest first; pending, sealed and settled apart.

    The window is the last 30 days unless `from` and `to` say otherwise. A group may go on in the next part of the list:
    add what has the same group.
    """
    sums = read_history().sums(caller(app), subscription_id, frozenset(by), Span(since, until), cursor)
    return SummedUsageAnswer.of(sums)


@app.get("/v1/subscriptions/<subscription_id>/events")
@refuses("subscription_not_found", "invalid_cursor")
def events(
    subscription_id: NumberInPath, since: Since = None, until: Until = None, cursor: ListCursor = None
) -> Page[StatedEventAnswer]:
    """List the billed calls that began in a window of time, newest first, and how far each is.

    Calls that began within ten minutes of each other may change places.
    """
    page = read_history().list(caller(app), subscription_id, Span(since, until), cursor)
    return Page[StatedEventAnswer].of(page)


@app.get("/v1/subscriptions/<subscription_id>/exports/usage")
@refuses("subscription_not_found", "invalid_cursor")
@answers_csv
def usage_table(
    subscription_id: NumberInPath, since: Since = None, until: Until = None, cursor: ListCursor = None
) -> Response[CsvText]:
    """Export the billed calls that began in a window of time as CSV, newest first; `Link` leads to the next part."""
    page = read_history().export(caller(app), subscription_id, Span(since, until), cursor)
    return table(app, events_csv(page.items), page.next_cursor)


@app.get("/v1/subscriptions/<subscription_id>/exports/focus")
@refuses("subscription_not_found", "invalid_cursor", "rate_unknown")
@answers_csv
def focus_table(
    subscription_id: NumberInPath, since: Since = None, until: Until = None, cursor: ListCursor = None
) -> Response[CsvText]:
    """Export what settled calls of a window of time have cost as FOCUS 1.2 (CSV); `Link` leads to the next part.

    A line is what the calls of one epoch, key and model have cost. The pricing currency is that of the plan, the
    billing currency USD; costs in the token are valued at the last known rate, which is in the line.
    """
    page = read_costs().run(caller(app), subscription_id, Span(since, until), cursor)
    return table(app, focus().table(caller(app), subscription_id, page.items), page.next_cursor)


@app.post("/v1/websocket-tickets", status_code=HTTPStatus.CREATED)
def ticket() -> TicketAnswer:
    """Give a ticket that opens one WebSocket connection within half a minute."""
    return TicketAnswer.of(give_ticket().run(caller(app)))


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
