"""`doctor`: whether everything answers and is up to date, and what to do if not."""

import json
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from flareflow_verify import doctor_command
from flareflow_verify.__main__ import main
from flareflow_verify.sources.http import Budget
from infra.openapi.examples import example_of
from tests.support.bills import EPOCHS, FIRST_EPOCH, World
from tests.support.openapi import document
from tests.support.public_sources import FLARE, FLOW, HOST, PublicSources
from tests.support.statement_logs import POLICY_TEXT

NOW: Final = EPOCHS.end(FIRST_EPOCH + 1) + timedelta(seconds=20)
DOCUMENTED: Final = example_of({"$ref": "#/components/schemas/Deployment"}, document()["components"]["schemas"])
DEPLOYMENT: Final = {
    **DOCUMENTED,
    "flow": {**DOCUMENTED["flow"], "access_node": FLOW},
    "flare": {**DOCUMENTED["flare"], "rpc": FLARE, "registry": "0xaD67FE66660Fb8dFE9d6b1b4240d8650e30F6019"},
    "models_url": "https://models.example/v1",
    "epoch_seconds": "300",
}
CREDITS: Final = {"standing": "active", "left": "7", "key": {"cap": None, "left": None}, "top_up_url": "https://a"}


class Everything:
    """All servers, each of which can be made to answer otherwise by its path."""

    def __init__(self) -> None:
        self.sources = PublicSources(World())
        self.is_silent = False
        self.answers: dict[str, httpx.Response] = {
            "/v1/deployment": httpx.Response(200, json=DEPLOYMENT),
            "/v1/health": httpx.Response(200, json={}, headers={"date": format_datetime(NOW, usegmt=True)}),
            "/v1/blocks": self.block(NOW),
            "/rpc": self.flare(NOW),
            "/v1/credits": httpx.Response(200, json=CREDITS),
            "/v1/subscriptions": httpx.Response(200, json={"items": [], "next_cursor": None}),
        }

    @staticmethod
    def block(moment: datetime) -> httpx.Response:
        header = {"id": "ab", "height": "9", "timestamp": moment.isoformat()}
        return httpx.Response(200, json=[{"header": header}])

    @staticmethod
    def flare(moment: datetime) -> httpx.Response:
        block = {"number": "0x9", "timestamp": hex(int(moment.timestamp()))}
        return httpx.Response(200, json={"jsonrpc": "2.0", "id": 1, "result": block})

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.is_silent:
            raise httpx.ConnectError("connection refused")
        kept = self.answers.get(request.url.path)
        is_view = request.url.path == "/rpc" and b'"eth_call"' in request.content
        return self.sources.answer(request) if is_view or not kept else kept


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> Everything:
    everything = Everything()

    class Known(Budget):
        def client(self, base_url: str = "", transport: httpx.BaseTransport | None = None) -> httpx.Client:
            return super().client(base_url, transport or httpx.MockTransport(everything.answer))

    monkeypatch.setattr(doctor_command, "Budget", Known)
    monkeypatch.setattr(doctor_command, "utc_now", lambda: NOW)
    monkeypatch.setenv("FLAREFLOW_HOST", HOST)
    monkeypatch.setenv("FLAREFLOW_KEY", "sk-1")
    monkeypatch.setenv("FLAREFLOW_SESSION", "a session")
    return everything


def look(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, Any]]:
    status = main(["doctor", "--json", *options])
    return status, {one["name"]: one for one in json.loads(capsys.readouterr().out)}


@pytest.mark.usefixtures("everything")
def test_where_all_is_well_everything_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = tmp_path / "policy"
    policy.write_text(POLICY_TEXT)
    status, found = look(capsys, "--policy", str(policy))
    assert (status, {one["state"] for one in found.values()}) == (0, {"fine"})
    assert list(found) == ["command", "statements", "clock", "log", "flow", "flare", "models", "session"]


LATE: Final = NOW - timedelta(minutes=10)


@pytest.mark.parametrize(
    ("name", "said", "broken"),
    [
        ("statements", "502", {"/v1/deployment": httpx.Response(502)}),
        (
            "statements",
            "230 minutes old",
            {"/v1/statements": httpx.Response(200, json={"statements": [{"epoch": "5812300"}]})},
        ),
        ("clock", "600 s", {"/v1/health": httpx.Response(200, headers={"date": format_datetime(LATE, usegmt=True)})}),
        ("log", "has no", {"/v1/log/checkpoint": httpx.Response(404)}),
        ("flow", "600 s old", {"/v1/blocks": Everything.block(LATE)}),
        ("flow", "503", {"/v1/blocks": httpx.Response(503)}),
        ("flare", "600 s old", {"/rpc": Everything.flare(LATE)}),
        ("models", "refused", {"/v1/credits": httpx.Response(401, json={})}),
        ("session", "refused", {"/v1/subscriptions": httpx.Response(401, json={})}),
    ],
)
def test_what_is_wrong_is_named_with_what_to_do_and_the_rest_is_still_looked_at(
    everything: Everything,
    name: str,
    said: str,
    broken: dict[str, httpx.Response],
    capsys: pytest.CaptureFixture[str],
) -> None:
    everything.answers |= broken
    status, found = look(capsys)
    assert (status, found[name]["state"]) == (1, "wrong")
    assert said in found[name]["said"]
    assert found[name]["advice"]
    assert [other for other, one in found.items() if one["state"] == "wrong"] == [name]


def test_a_registry_that_does_not_know_the_relay_is_wrong(
    everything: Everything, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a registry that is named, and that the node has no contract of
    asked: list[str] = []

    def view(contract: str, data: str, world: World) -> str:
        asked.append(contract)
        return f"0x{0:064x}"

    monkeypatch.setattr(everything.sources.flare, "_view", view)
    # When the doctor looks
    status, found = look(capsys, "--flare", FLARE, "--flare-registry", "0x12")
    # Then this registry was asked, and is wrong
    assert (status, found["flare"]["state"], asked) == (1, "wrong", ["0x12"])
    assert "the registry 0x12 knows no Relay" in found["flare"]["said"]


@pytest.mark.parametrize("name", ["statements", "clock", "log"])
def test_a_host_that_does_not_answer_is_no_matter_of_the_clock(
    everything: Everything, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    everything.is_silent = True
    status, found = look(capsys)
    assert (status, found[name]["state"]) == (1, "wrong")
    assert found[name]["advice"] == "see whether --host is right and the network works"


def test_a_log_without_the_quorum_is_wrong(
    everything: Everything, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert everything.answers
    policy = tmp_path / "policy"
    policy.write_text(POLICY_TEXT.replace(" 1 first", " 3 first"))
    status, found = look(capsys, "--policy", str(policy))
    assert (status, found["log"]["state"]) == (1, "wrong")
    assert "quorum" in found["log"]["said"]


@pytest.mark.usefixtures("everything")
def test_what_is_not_named_is_absent_and_nothing_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("HOST", "KEY", "SESSION"):
        monkeypatch.delenv(f"FLAREFLOW_{name}")
    status, found = look(capsys)
    assert status == 0
    assert {one["state"] for name, one in found.items() if name != "command"} == {"absent"}


@pytest.mark.usefixtures("everything")
def test_lines_are_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("✓ statements  https://statements.example, newest statement of epoch")
