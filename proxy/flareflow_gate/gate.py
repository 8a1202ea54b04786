"""The ASGI application in front of LiteLLM's."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from flareflow_gate.answers import Answer
from flareflow_gate.asgi import (
    Asgi,
    Receive,
    Scope,
    Send,
    answer_json,
    answer_whole,
    close_websocket,
    refuse,
    rewritten,
    whole_body,
)
from flareflow_gate.bookkeeping import Bookkeeping, OpenCall
from flareflow_gate.callers import AUTHORIZATION, Caller, caller_of
from flareflow_gate.hanging_up import CallerLine
from flareflow_gate.key_reports import KeyReports, credits_answer, usage_answer
from flareflow_gate.model_list import ModelList
from flareflow_gate.models import CallableModels
from flareflow_gate.refusals import ErrorStyle, RefusedError
from flareflow_gate.requests import ModelCall, model_call
from flareflow_gate.routes import (
    LIVELINESS,
    MODELS,
    READINESS,
    Route,
    is_credits,
    is_model_list,
    is_usage,
    model_call_route,
    receipt_of,
)


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets model calls through to `litellm`, has each recorded, and hands out their receipts.

    What a key asks about itself is answered by `reports`.

    `is_management_key` says whether a hash is the master key's, which calls no models. A call that lasts longer than
    `call_seconds_max` is ended: polls of the spend log look back only so far.
    """

    litellm: Asgi
    bookkeeping: Bookkeeping
    models: CallableModels
    is_management_key: Callable[[str], bool]
    call_seconds_max: float
    reports: KeyReports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "lifespan":
                await self.litellm(scope, receive, send)
            case "websocket":
                await close_websocket(send)
            case "http":
                await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        route = model_call_route(path) if method == "POST" else None
        try:
            if route is not None:
                await self._call(route, scope, receive, send)
            elif method == "GET" and is_model_list(path):
                await self._list_models(scope, receive, send)
            elif method == "GET" and (event_id := receipt_of(path)):
                await self._receipt(event_id, scope, send)
            elif method == "GET" and is_usage(path):
                report = await self.reports.of(self._caller(scope).key_hash)
                await answer_json(send, HTTPStatus.OK, usage_answer(report))
            elif method == "GET" and is_credits(path):
                report = await self.reports.of(self._caller(scope).key_hash)
                await answer_json(send, HTTPStatus.OK, credits_answer(report, self.bookkeeping.credit.top_up_url))
            elif method == "GET" and path == LIVELINESS:
                await self.litellm(rewritten(scope, LIVELINESS, []), receive, send)
            elif method == "GET" and path == READINESS:
                self.models.check_prices()
                await answer_json(send, HTTPStatus.OK, b'{"status":"ready"}')
            else:
                raise RefusedError(HTTPStatus.NOT_FOUND, "unknown_route", f"There is no {method} {path[:200]} here.")
        except RefusedError as error:
            await refuse(send, error, route.style if route else ErrorStyle.OPENAI)

    async def _list_models(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = self._caller(scope)
        headers = [(AUTHORIZATION, f"Bearer {caller.key}".encode())]
        listed = ModelList(self.models)
        await self.litellm(rewritten(scope, MODELS, headers), receive, listed.send)
        if listed.refused_key is not None:
            raise await self.bookkeeping.credit.explain(caller.key_hash, listed.refused_key)
        await answer_json(send, listed.status, listed.body)

    async def _receipt(self, event_id: str, scope: Scope, send: Send) -> None:
        signed = self.bookkeeping.receipts.find(event_id, self._caller(scope).key_hash)
        await answer_whole(send, HTTPStatus.OK, signed.encode(), b"application/jose")

    def _caller(self, scope: Scope) -> Caller:
        caller = caller_of(scope["headers"])
        if self.is_management_key(caller.key_hash):
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "invalid_api_key", "This key calls no models.")
        return caller

    async def _call(self, route: Route, scope: Scope, receive: Receive, send: Send) -> None:
        caller = self._caller(scope)
        call = model_call(route, await whole_body(scope, receive), self.models)
        record = await self.bookkeeping.admit(caller, call)
        answer = Answer(call, record.event_id, send, OpenCall(self.bookkeeping, record, call))
        request = rewritten(scope, route.path, call.headers(caller, record.event_id))
        try:
            await self._forward(request, call, receive, answer)
        finally:
            if answer.is_refused or not answer.settled.is_set():
                await asyncio.shield(self.bookkeeping.settle_unended(record, call, answer))
        if answer.refused_key is not None:
            raise await self.bookkeeping.credit.explain(caller.key_hash, answer.refused_key)

    async def _forward(self, request: Scope, call: ModelCall, receive: Receive, answer: Answer) -> None:
        line = CallerLine(call.body, receive, answer, may_be_cut=call.may_be_cut)
        try:
            async with asyncio.timeout(self.call_seconds_max):
                await self.litellm(request, line.receive, answer.send)
        except TimeoutError as error:
            if not answer.has_sent:
                message = f"The call took longer than {self.call_seconds_max:.0f} seconds."
                raise RefusedError(HTTPStatus.GATEWAY_TIMEOUT, "timeout", message) from error
