"""`keys`, `usage` and `balance`: asked with a virtual key or a session from the environment, and with nothing else."""

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

import httpx
import pytest

from flareflow.metering.price_book import Price
from flareflow_gate.key_reports import KeyReport, credits_answer, usage_answer
from flareflow_gate.model_list import pricing
from flareflow_verify import own_commands
from flareflow_verify.__main__ import main
from flareflow_verify.sources.http import Budget
from infra.paths import ROOT

OPENAPI: Final = json.loads((ROOT / "docs" / "openapi.json").read_text())
HOST: Final = "https://api.example"
MODELS: Final = "https://models.flareflow.example"
KEY: Final = "sk-of-a-user"
SESSION: Final = "a session"
REPORT: Final = KeyReport.model_validate(
    {
        "limits": {"models": ["gpt-4o"], "requests_per_minute": 60},
        "cap_microtokens": "5000000",
        "key_left_microtokens": "1500000",
        "standing": "warned",
        "left_microtokens": "2000000",
        "total": {"requests": 3, "rated_microtokens": "3500000"},
        "days": [{"day": "2026-11-24", "requests": 3, "rated_microtokens": "3500000"}],
    }
)


def example(method: str, path: str) -> Any:
    """What the API answers, as its document shows it."""
    answers = OPENAPI["paths"][path][method]["responses"]
    return next(answers[status] for status in ("200", "201") if status in answers)["content"]["application/json"][
        "example"
    ]


class Servers:
    """The API and the gate, with the answers that their documents and code give."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.answers: dict[str, httpx.Response] = {}

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path in self.answers:
            return self.answers[request.url.path]
        wanted = KEY if request.url.host == "models.flareflow.example" else SESSION
        is_public = request.url.path == "/v1/deployment"
        if not is_public and request.headers.get("authorization") != f"Bearer {wanted}":
            return httpx.Response(401, json={"error": {"message": "There is no such key."}})
        return self._gate(request) if wanted == KEY else self._api(request)

    def _gate(self, request: httpx.Request) -> httpx.Response:
        models = {
            "data": [
                {"id": "gpt-4o", "object": "model", "pricing": pricing(Price(prompt=1_500_000, completion=1_500_000))}
            ]
        }
        answers = {
            "/v1/usage": usage_answer(REPORT),
            "/v1/credits": credits_answer(REPORT, "https://flareflow.example/#/deposit"),
            "/v1/models": json.dumps(models).encode(),
        }
        return httpx.Response(200, content=answers[request.url.path])

    def _api(self, request: httpx.Request) -> httpx.Response:
        path = (
            request.url.path.replace("/1250000", "/7")
            .replace("/7", "/{subscription_id}")
            .replace("9b" * 32, "{key_hash}")
        )
        if request.method == "DELETE":
            return httpx.Response(204)
        content = example(request.method.lower(), path)
        if "next_cursor" in content and "cursor" in request.url.params:
            content = {**content, "next_cursor": None}
        return httpx.Response(201 if request.method == "POST" else 200, json=content)


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Servers:
    servers = Servers()

    class Known(Budget):
        def client(self, base_url: str = "", transport: httpx.BaseTransport | None = None) -> httpx.Client:
            return super().client(base_url, transport or httpx.MockTransport(servers.answer))

    monkeypatch.setattr(own_commands, "Budget", Known)
    monkeypatch.setenv("FLAREFLOW_HOST", HOST)
    return servers


@pytest.fixture
def as_key(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Servers:
    monkeypatch.setenv("FLAREFLOW_KEY", KEY)
    return servers


@pytest.fixture
def as_owner(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Servers:
    monkeypatch.setenv("FLAREFLOW_SESSION", SESSION)
    return servers


type Printed = Callable[[Sequence[str]], str]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    def run(arguments: Sequence[str]) -> str:
        assert main(arguments) == 0
        return capsys.readouterr().out

    return run


@pytest.mark.usefixtures("as_key")
def test_a_key_tells_what_it_has_used_and_what_is_left(printed: Printed) -> None:
    assert printed(["usage"]) == "2026-11-24  3 calls  3.5 rated tokens\nIn all: 3 calls, 3.5 rated tokens\n"
    balance = printed(["balance"])
    assert "warned: 2 rated tokens can still be paid for" in balance
    assert "of which this key may use 1.5" in balance
    keys = printed(["keys"])
    assert "1.5 of 5 rated tokens left" in keys
    assert "60 requests a minute" in keys
    assert "gpt-4o  1.5  1.5" in keys


def test_where_models_are_called_is_told_by_the_host_unless_it_is_named(as_key: Servers, printed: Printed) -> None:
    printed(["usage"])
    assert [str(one.url) for one in as_key.requests] == [f"{HOST}/v1/deployment", f"{MODELS}/v1/usage"]
    as_key.requests.clear()
    printed(["usage", "--models", f"{MODELS}/v1/"])
    assert [str(one.url) for one in as_key.requests] == [f"{MODELS}/v1/usage"]


@pytest.mark.parametrize("command", ["keys", "usage", "balance"])
def test_an_owner_is_told_of_all_subscriptions_or_of_one(command: str, as_owner: Servers, printed: Printed) -> None:
    assert printed([command, "7"])
    assert all("/7" in one.url.path for one in as_owner.requests)
    assert printed([command])
    assert "/v1/subscriptions" in {one.url.path for one in as_owner.requests}


@pytest.mark.usefixtures("as_owner")
def test_pending_and_proven_usage_stand_apart(printed: Printed) -> None:
    lines = printed(["usage", "7", "--by", "day"]).splitlines()
    assert [line.split()[0] for line in lines[2:5]] == ["settled", "sealed", "pending"]


@pytest.mark.parametrize("command", ["keys", "usage", "balance"])
def test_json_has_no_number_that_javascript_would_change(command: str, as_owner: Servers, printed: Printed) -> None:
    content = json.loads(printed([command, "7", "--json"]))
    assert '"1250000"' in json.dumps(content)
    assert as_owner.requests


def test_a_key_is_made_once_and_its_secret_is_printed(as_owner: Servers, printed: Printed) -> None:
    out = printed(["keys", "7", "--new", "laptop", "--cap", "1000"])
    assert out.splitlines()[0] == "sk-7Qm2vJ4cX1"
    (request,) = as_owner.requests
    assert json.loads(request.content) == {"subscription_id": "7", "alias": "laptop", "cap_rated_tokens": "1000"}
    assert len(request.headers["idempotency-key"]) == 32


def test_a_key_is_rotated_or_deleted_by_its_hash(as_owner: Servers, printed: Printed) -> None:
    hash_text = "9b" * 32
    assert "sk-" in printed(["keys", "--rotate", hash_text])
    assert "is deleted" in printed(["keys", "--delete", hash_text])
    assert [(one.method, one.url.path) for one in as_owner.requests] == [
        ("POST", f"/v1/keys/{hash_text}/rotations"),
        ("DELETE", f"/v1/keys/{hash_text}"),
    ]


@pytest.mark.usefixtures("servers")
def test_without_a_credential_the_variables_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["balance"]) == 2
    told = capsys.readouterr().err
    assert "FLAREFLOW_KEY" in told
    assert "FLAREFLOW_SESSION" in told


@pytest.mark.parametrize("option", ["--key", "--session", "--token"])
@pytest.mark.parametrize(
    "command", [["balance", "7"], ["verify", "7"], ["bundle", "7", "-o", "x"], ["audit", "7", "--log", "x"]]
)
def test_no_secret_is_taken_from_the_command_line(
    command: list[str], option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, option, KEY])
    assert ended.value.code == 2
    assert f"unrecognized arguments: {option}" in capsys.readouterr().err


def test_no_secret_is_sent_in_the_clear(as_key: Servers, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["usage", "--models", "http://models.example/v1"]) == 2
    assert "is not https" in capsys.readouterr().err
    assert as_key.requests == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(401, json={"error": {"message": "There is no such key."}}), "no such key"),
        (httpx.Response(503, json={"detail": "Not now.", "what_to_do": "Try again."}), "Not now. Try again."),
        (httpx.Response(200, text="<html>"), "unknown form"),
        (httpx.Response(502, text="<html>"), "502"),
    ],
)
def test_what_a_server_refuses_is_said(
    answer: httpx.Response, reason: str, as_key: Servers, capsys: pytest.CaptureFixture[str]
) -> None:
    as_key.answers["/v1/usage"] = answer
    assert main(["usage"]) == 2
    assert reason in capsys.readouterr().err
