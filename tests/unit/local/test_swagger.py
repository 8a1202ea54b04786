"""Swagger UI of the API's document."""

import asyncio
import re
from collections.abc import Coroutine

import pytest
from aiohttp.test_utils import TestClient, TestServer

from infra.local import ports
from infra.local.swagger import app
from tests.support.openapi import document

pytestmark = pytest.mark.allow_hosts([ports.HOST])


async def answers(*paths: str) -> list[tuple[int, str, str]]:
    """Status, type and text of each path."""
    async with TestClient(TestServer(app(), host=ports.HOST)) as client:
        found = []
        for path in paths:
            async with client.get(path) as answer:
                found.append((answer.status, answer.content_type, await answer.text()))
        return found


async def document_told() -> object:
    async with TestClient(TestServer(app(), host=ports.HOST)) as client, client.get("/openapi.json") as answer:
        return await answer.json()


def run[T](work: Coroutine[object, object, T]) -> T:
    return asyncio.run(work)


def test_the_page_loads_nothing_from_elsewhere() -> None:
    # Given the page
    [(status, kind, page)] = run(answers("/"))
    assert (status, kind) == (200, "text/html")
    # Then all that it names is served beside it
    assert "//" not in page.replace("<!doctype html>", "")
    named = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(named) == 2
    assert [status for status, _, _ in run(answers(*named))] == [200, 200]


def test_it_shows_the_committed_document() -> None:
    assert run(document_told()) == document()


def test_without_a_stack_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAREFLOW_PORT_GATEWAY_HTTP", "1")
    [(status, _, text)] = run(answers("/v1/health"))
    assert status == 502
    assert "make up" in text
