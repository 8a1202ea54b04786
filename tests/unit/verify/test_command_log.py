"""`flareflow verify --policy`: the log in a report, and the checkpoint that is kept for the next time."""

import json
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flareflow.time import Epochs
from flareflow.transparency.notes import SignedCheckpoint
from flareflow_verify import commands
from flareflow_verify.__main__ import main
from flareflow_verify.evidence import Trust
from flareflow_verify.output import Progress
from tests.support.bills import FIRST_EPOCH, World
from tests.support.public_sources import PublicSources
from tests.support.statement_logs import POLICY_TEXT

SOURCES = ("--host", "https://statements.example", "--flow", "https://flow.example")


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(autouse=True)
def online(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command reaches the sources of the world, whatever it is told."""

    @contextmanager
    def gathering(_: object, trust: Trust, progress: Progress) -> Any:
        yield PublicSources(world).gather(progress.say, trust)

    monkeypatch.setattr(commands, "_gathering", gathering)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy"
    path.write_text(POLICY_TEXT)
    return path


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Where the checkpoint will be kept."""
    return tmp_path / "checkpoint"


def steps(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str]]:
    status = main(["verify", "7", *SOURCES, "--json", *arguments])
    (bill,) = json.loads(capsys.readouterr().out)["bills"]
    return status, {step["link"]: step["outcome"] for step in bill["steps"]}


def test_what_was_seen_of_the_log_is_kept_and_must_still_be_there(
    world: World, policy: Path, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--policy", str(policy), "--checkpoint", str(kept)]
    # When a bill is checked for the first time, then there is nothing that the log could have grown from
    status, first = steps(options, capsys)
    assert (status, "log-growth" in first, first["log-entry"]) == (0, False, "verified")
    assert SignedCheckpoint.parse(kept.read_text()) == world.log.newest
    # When it is checked once more, then the log is compared with what was kept
    status, second = steps(options, capsys)
    assert (status, second["log-growth"]) == (0, "verified")


def test_a_smaller_checkpoint_is_replaced_by_the_newest(
    world: World, policy: Path, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept.write_text(world.log.seen.text)
    _, found = steps(["--policy", str(policy), "--checkpoint", str(kept)], capsys)
    assert found["log-growth"] == "verified"
    assert SignedCheckpoint.parse(kept.read_text()) == world.log.newest


def test_a_checkpoint_that_is_refused_is_not_kept(
    world: World, policy: Path, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a reader who asks for two witnesses
    policy.write_text(POLICY_TEXT.replace(" 1 first", " 2 first"))
    kept.write_text(world.log.seen.text)
    # When one has signed
    status, found = steps(["--policy", str(policy), "--checkpoint", str(kept)], capsys)
    # Then what was kept stays
    assert (status, found["log-witnesses"]) == (1, "differs")
    assert kept.read_text() == world.log.seen.text


@pytest.mark.parametrize(
    "command",
    [
        ["audit", "7", "--log", "calls"],
        ["receipt", "7", "--month", f"{Epochs().start(FIRST_EPOCH + 1):%Y-%m}"],
        ["recount", "7", "--log", "calls", "--tokenizer", "command:grep -c ."],
    ],
    ids=lambda given: given[0],
)
def test_every_command_that_checks_a_bill_keeps_what_was_seen_of_the_log(
    command: list[str], world: World, policy: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a checkpoint of before
    monkeypatch.setenv("FLAREFLOW_SESSION", "a session token")
    monkeypatch.chdir(policy.parent)
    Path("calls").write_text('{"event_id": "one", "usage": {"prompt_tokens": 1}, "prompt": "word"}\n')
    kept.write_text(world.log.seen.text)
    # When a bill is checked
    main([*command, *SOURCES, "--policy", str(policy), "--checkpoint", str(kept)])
    # Then the newest takes its place
    assert SignedCheckpoint.parse(kept.read_text()) == world.log.newest


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("policy", "log\n", "is no policy: line 1"),
        ("policy", None, "is no policy"),
        ("checkpoint", "size 7\n", "is no checkpoint that was kept"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    name: str, text: str | None, reason: str, policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, kept = policy.with_name(name), policy.with_name("checkpoint")
    path.unlink(missing_ok=True)
    if text is not None:
        path.write_text(text)
    assert main(["verify", "7", *SOURCES, "--policy", str(policy), "--checkpoint", str(kept)]) == 2
    assert reason in capsys.readouterr().err


def test_a_checkpoint_without_a_policy_is_refused(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "7", *SOURCES, "--checkpoint", str(kept)]) == 2
    assert "name --policy" in capsys.readouterr().err
