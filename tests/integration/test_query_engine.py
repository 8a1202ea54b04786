"""The stand-in for Prisma's query engine, asked over HTTP as Prisma's client does, before LiteLLM's real database."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from infra.local.litellm import servers
from infra.local.ports import HOST, port
from infra.local.server import Server, answers

pytestmark = pytest.mark.stack

PORT_BASE = "27500"
ENGINE_PORT = 27599


@dataclass(frozen=True, slots=True)
class Engine:
    """The running engine; queries are GraphQL, as Prisma's client writes them."""

    http: httpx.Client

    def ask(self, query: str, transaction: str | None = None) -> Any:
        headers = {"X-transaction-id": transaction} if transaction else {}
        return self.http.post("/", json={"query": query, "variables": {}}, headers=headers).json()

    def create(self, name: str, value: object, transaction: str | None = None) -> Any:
        data = f'param_name: "{name}", param_value: {json.dumps(json.dumps(value))}'
        selection = "{ param_name param_value reload_revision }"
        return self.ask(f"mutation {{ result: createOneLiteLLM_Config(data: {{{data}}}) {selection} }}", transaction)

    def find(self, name: str) -> Any:
        where = f'where: {{param_name: "{name}"}}'
        found = self.ask(f"query {{ result: findUniqueLiteLLM_Config({where}) {{ param_name param_value }} }}")
        return found["data"]["result"]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("FLAREFLOW_PORT_BASE", PORT_BASE)
        database = servers.postgres()
        environment = {
            **os.environ,
            **servers.query_engine(),
            "PRISMA_DML_PATH": str(servers.INSTALLED / "schema.prisma"),
            "DATABASE_URL": f"postgresql://litellm@{HOST}:{port('postgres')}/litellm",
        }
        program = environment["PRISMA_QUERY_ENGINE_BINARY"]
        url = f"http://{HOST}:{ENGINE_PORT}"
        server = Server(
            "query-engine", [program, "-p", str(ENGINE_PORT)], [], answers(f"{url}/status"), env=environment
        )
        for one in (database, server):
            stack.callback(one.stop)
            one.start()
        yield Engine(stack.enter_context(httpx.Client(base_url=url, timeout=240.0)))


@pytest.fixture
def name() -> str:
    return f"test-{uuid4()}"


def test_what_is_written_is_found_with_its_types(engine: Engine, name: str) -> None:
    # When a row with a JSON and a BigInt field is written
    made = engine.create(name, {"a": [1, "é"]})
    # Then it comes back as Prisma's client reads it: JSON as text, a small BigInt as a number
    assert made["data"]["result"] == {"param_name": name, "param_value": '{"a":[1,"é"]}', "reload_revision": 0}
    assert engine.find(name) == {"param_name": name, "param_value": '{"a":[1,"é"]}'}


def test_a_broken_rule_of_the_database_is_told_with_prismas_code(engine: Engine, name: str) -> None:
    engine.create(name, 1)
    [error] = engine.create(name, 2)["errors"]
    assert error["user_facing_error"]["error_code"] == "P2002"


def test_a_raw_query_gives_typed_cells(engine: Engine, name: str) -> None:
    engine.create(name, 1)
    sql = 'SELECT param_name, reload_revision, last_run_at FROM \\"LiteLLM_Config\\" WHERE param_name = $1'
    parameters = json.dumps(json.dumps([name]))
    found = engine.ask(f'query {{ result: queryRaw(query: "{sql}", parameters: {parameters}) }}')
    assert found["data"]["result"] == [
        {
            "param_name": {"prisma__type": "string", "prisma__value": name},
            "reload_revision": {"prisma__type": "bigint", "prisma__value": "0"},
            "last_run_at": {"prisma__type": "null", "prisma__value": None},
        }
    ]


def test_an_error_of_postgres_is_told_in_its_own_words(engine: Engine) -> None:
    [error] = engine.ask('query { result: queryRaw(query: "SELECT nothing", parameters: "[]") }')["errors"]
    assert 'column "nothing" does not exist' in error["user_facing_error"]["message"]


@pytest.mark.parametrize(("end", "is_kept"), [("commit", True), ("rollback", False)])
def test_a_transaction_is_kept_or_undone_as_a_whole(engine: Engine, name: str, end: str, is_kept: bool) -> None:
    # Given a transaction in which a row was written
    started = engine.http.post("/transaction/start", json={"max_wait": 5_000, "timeout": 60_000}).json()
    engine.create(name, 1, transaction=started["id"])
    # When it ends
    engine.http.post(f"/transaction/{started['id']}/{end}")
    # Then others see the row or not
    assert (engine.find(name) is not None) is is_kept


def test_a_batch_is_done_whole_or_not_at_all(engine: Engine, name: str) -> None:
    # Given two rows of the same name
    data = f'param_name: "{name}", param_value: "1"'
    create = {"query": f"mutation {{ result: createOneLiteLLM_Config(data: {{{data}}}) {{ param_name }} }}"}
    # When they are written in one transaction
    answer = engine.http.post("/", json={"batch": [create, create], "transaction": True}).json()
    # Then none is
    assert "P2002" in json.dumps(answer)
    assert engine.find(name) is None
