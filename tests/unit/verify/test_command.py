"""The command `flareflow`: exit status, JSON, colours, bundles, and how fast it answers."""

import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from flareflow_verify import commands
from flareflow_verify.__main__ import _parser, main
from flareflow_verify.checking import Exit, check, check_all, worst
from flareflow_verify.output import Paper, Progress, print_report
from infra.paths import ROOT
from tests.support.bills import CONTRACT, FIRST_EPOCH, SUBSCRIPTION, World
from tests.support.public_sources import SESSION, PublicSources

HEAVY: Final = ("httpx", "pydantic", "Crypto", "websockets", "flareflow")
MODULES_MAX: Final = 120
"""That `--help` imports, the interpreter's own among them."""
SOURCES: Final = ("--host", "https://statements.example", "--flow", "https://flow.example")


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture
def bundle(world: World, tmp_path: Path) -> Path:
    """The file of a good bundle."""
    path = tmp_path / "bill.json"
    path.write_text(world.bundle().text)
    return path


@pytest.fixture
def online(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command reaches the sources of the world, whatever it is told."""

    @contextmanager
    def gathering(_: object, __: object, progress: Progress) -> Any:
        yield PublicSources(world).gather(progress.say)

    monkeypatch.setattr(commands, "_gathering", gathering)


def run(arguments: Sequence[str]) -> int:
    try:
        return main(arguments)
    except SystemExit as ended:
        assert isinstance(ended.code, int)
        return ended.code


def _commands() -> list[str]:
    """The names of all commands."""
    parser = _parser()
    (action,) = (one for one in parser._actions if one.dest == "command")
    return list(action.choices or ())


def changed(path: Path, old: str, new: str) -> Path:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return path


def test_a_good_bundle_is_verified(bundle: Path, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    trusted = f"0x{(world.trust.policy_hash or b'').hex()}"
    assert run(["verify", "--offline", str(bundle), "--trusted-policy", trusted, "--contract", CONTRACT]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Subscription {SUBSCRIPTION}, epoch {world.statement.epoch}"
    assert lines[1].startswith(" 1 ✓ policy ")
    assert lines[-1] == "Verified: 21 of 21 steps."


def test_a_difference_ends_with_1_and_names_the_link(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed(bundle, '"owed_ufix64": "0"', '"owed_ufix64": "1"')
    assert run(["verify", "--offline", str(bundle)]) == 1
    assert "NOT verified: price, charge differ" in capsys.readouterr().out


def test_what_is_missing_ends_with_2(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed(bundle, '"is_pending": false', '"is_pending": true')
    assert run(["verify", "--offline", str(bundle)]) == 2
    out = capsys.readouterr().out
    assert "? response         not checked: no trigger on Flow attests the fields" in out
    assert "could not be checked. Of what could be, nothing differs." in out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["verify"], "name a subscription"),
        (["verify", "7"], "name --host and --flow"),
        (["verify", "7", "--host", "https://statements.example"], "name --flow"),
        (["verify", "--offline", "/does/not/exist"], "is no bundle"),
        (["verify", "seven"], "is not a number"),
        (["verify", "7", "--trusted-policy", "0x12"], "64 hex digits"),
        (["verify", "7", *SOURCES, "--event", "one"], "set FLAREFLOW_SESSION"),
        (["audit", "7", *SOURCES, "--event", "one", "--log", "x"], "unrecognized arguments"),
        ([], "required"),
        (["unknown"], "invalid choice"),
    ],
)
def test_what_cannot_be_run_ends_with_2_and_says_why(
    arguments: Sequence[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert reason in capsys.readouterr().err


def test_a_bundle_of_another_subscription_is_refused(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "8", "--offline", str(bundle)]) == 2
    assert "is of subscription 7, not of 8" in capsys.readouterr().err


def test_json_has_every_step(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "--offline", str(bundle), "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    (bill,) = content["bills"]
    assert (content["result"], bill["result"], bill["subscription_id"]) == ("verified", "verified", "7")
    assert [step["step"] for step in bill["steps"]] == list(range(1, 22))
    assert {step["outcome"] for step in bill["steps"]} == {"verified"}
    assert bill["believed"]


@pytest.mark.usefixtures("online")
def test_one_call_has_no_range_of_bills(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FLAREFLOW_SESSION", SESSION)
    assert run(["verify", "7", *SOURCES, "--event", "one", "--from", "5", "--to", "6"]) == 2
    assert "--event is one call" in capsys.readouterr().err


@pytest.mark.usefixtures("online")
def test_every_bill_of_a_range_is_verified(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    # Given a subscription that used something in two epochs
    epochs = ["--from", str(FIRST_EPOCH - 100), "--to", str(FIRST_EPOCH + 100)]
    # When the bills of a range around them are checked
    assert run(["verify", "7", *SOURCES, *epochs, "--json"]) == 0
    # Then both are verified
    bills = json.loads(capsys.readouterr().out)["bills"]
    assert [bill["epoch"] for bill in bills] == [str(FIRST_EPOCH), str(world.statement.epoch)]
    assert {bill["result"] for bill in bills} == {"verified"}


@pytest.mark.usefixtures("online")
@pytest.mark.parametrize(
    ("epochs", "reason"),
    [
        (["--from", "5"], "both --from and --to"),
        (["--from", "5", "--to", "6", "--epoch", "5"], "both --from and --to"),
        (["--from", "5", "--to", "6"], "used nothing from epoch 5 to 6"),
        (["--from", str(FIRST_EPOCH + 2), "--to", str(FIRST_EPOCH + 3)], "used nothing"),
    ],
)
def test_a_range_without_bills_is_said(epochs: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "7", *SOURCES, *epochs]) == 2
    assert reason in capsys.readouterr().err


def test_usage_that_no_epoch_names_is_a_difference(world: World) -> None:
    # Given the bills of a range of which one before the last is left out
    bundle = world.bundle()
    # When they are checked together
    reports = check_all([bundle, bundle], world.trust)
    # Then the last does not begin where the one before it ends
    assert [report.exit for report in reports] == [Exit.VERIFIED, Exit.DIFFERENCE]
    assert worst(reports) is Exit.DIFFERENCE


def test_what_a_terminal_would_obey_is_not_printed(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Given a transaction id that moves the cursor and hides what follows
    changed(bundle, f'"{"7b" * 32}"', '"\\u001b[2J\\u202eid"')
    # When the report is printed
    assert run(["verify", "--offline", str(bundle)]) == 0
    # Then its characters are replaced
    assert "in transaction ?[2J?id" in capsys.readouterr().out


@pytest.mark.usefixtures("online")
def test_a_bundle_that_was_packed_is_verified_without_any_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = tmp_path / "packed.json"
    assert run(["bundle", "7", "-o", str(packed), *SOURCES]) == 0
    assert run(["verify", "7", "--offline", str(packed)]) == 0
    offline = capsys.readouterr().out
    assert run(["verify", "7", *SOURCES]) == 0
    assert capsys.readouterr().out == offline


def test_colours_are_for_terminals_only(world: World) -> None:
    for is_coloured in (True, False):
        paper = io.StringIO()
        print_report(check(world.bundle()), Paper(paper, is_coloured))
        assert ("\033[32m✓\033[0m" in paper.getvalue()) is is_coloured


def test_lines_fit_the_terminal_and_no_hash_is_broken(world: World) -> None:
    # Given a terminal of 80 columns
    paper = io.StringIO()
    # When a report is printed
    print_report(check(world.bundle()), Paper(paper, is_coloured=False, columns=80))
    # Then only lines with a hash alone are wider
    wide = [line for line in paper.getvalue().splitlines() if len(line) > 80]
    assert all(len(line.split()) <= 2 for line in wide)
    assert f"0x{world.statement.hash.hex()}" in paper.getvalue()


def test_progress_is_for_terminals_only() -> None:
    for is_shown in (True, False):
        stream = io.StringIO()
        progress = Progress(stream, is_shown)
        progress.say("reading")
        progress.end()
        assert bool(stream.getvalue()) is is_shown


COMMANDS: Final = tuple(sorted(_commands()))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_page_and_is_listed(name: str) -> None:
    page = ROOT / "docs" / "verify" / f"{name}.md"
    assert page.read_text().startswith(f"# `flareflow {name}`\n")
    assert f"| [`{name}`](verify/{name}.md) |" in (ROOT / "docs" / "verify.md").read_text()


def examples() -> list[str]:
    """What the pages on the command and the README show as typed."""
    pages = [ROOT / "README.md", ROOT / "docs" / "verify.md", *sorted((ROOT / "docs" / "verify").glob("*.md"))]
    return [line[2:] for page in pages for line in page.read_text().splitlines() if line.startswith("$ flareflow ")]


@pytest.mark.parametrize("example", examples())
def test_an_example_of_the_documents_is_one_that_the_command_takes(
    example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {name: number for number, name in enumerate(COMMANDS)}
    monkeypatch.setattr(commands, "run", lambda given: names[given.command])
    assert run(shlex.split(example)[1:]) == names[example.split()[1]]


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_imports_nothing_that_is_slow(command: list[str]) -> None:
    # When help is asked for
    asked = [sys.executable, "-X", "importtime", "-m", "flareflow_verify", *command, "--help"]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'verify'}:{ROOT / 'layers' / 'common'}"}
    ended = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True, timeout=240)
    # Then it comes without any library, and with few modules at all
    assert "usage: flareflow" in ended.stdout
    modules = [line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()]
    assert not {module.split(".")[0] for module in modules} & set(HEAVY)
    assert len(modules) < MODULES_MAX
