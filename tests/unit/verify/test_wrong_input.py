"""What a command cannot use: it ends with 2, and says what is wrong and what to write instead."""

import os
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from flareflow_verify import commands
from flareflow_verify.__main__ import main
from flareflow_verify.output import Progress
from tests.support.bills import FIRST_EPOCH, World
from tests.support.public_sources import SESSION, PublicSources
from tests.support.signed_receipts import signed

SOURCES: Final = ("--host", "https://statements.example", "--flow", "https://flow.example")
WORLD: Final = World()
CALL: Final = '{"event_id": "one", "usage": {"prompt_tokens": 3}, "messages": ["a"]}\n'
COUNT: Final = ("--tokenizer", "command:wc -l")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, which is the current one, with a bundle of subscription 7 and a log."""
    (tmp_path / "bill.json").write_text(WORLD.bundle().text)
    (tmp_path / "calls.jsonl").write_text(CALL)
    (tmp_path / "empty").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> PublicSources:
    """The command reaches these sources, whatever it is told."""
    found = PublicSources(WORLD)

    @contextmanager
    def gathering(_: object, __: object, progress: Progress) -> Any:
        yield found.gather(progress.say)

    monkeypatch.setattr(commands, "_gathering", gathering)
    return found


def assert_refused(arguments: Sequence[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status: int | str | None = main(arguments)
    except SystemExit as ended:
        status = ended.code
    told = capsys.readouterr()
    assert (status, told.out) == (2, "")
    assert reason in told.err
    assert "Traceback" not in told.err


VERIFY, AUDIT = ("verify", "7", *SOURCES), ("audit", "7", *SOURCES, "--log", "calls.jsonl")


@pytest.mark.usefixtures("files", "online")
@pytest.mark.parametrize("command", [VERIFY, AUDIT])
@pytest.mark.parametrize(
    ("epochs", "reason"),
    [
        (["--from", "0"], "both --from and --to"),
        (["--to", "0"], "both --from and --to"),
        (["--epoch", "5", "--from", "0", "--to", "9"], "or --epoch"),
        (["--epoch", "0", "--from", "1", "--to", "9"], "or --epoch"),
        (["--from", "9", "--to", "5"], "--from 9 is after --to 5"),
    ],
)
def test_epochs_are_one_or_a_range(
    command: Sequence[str],
    epochs: list[str],
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FLAREFLOW_SESSION", "a session token")
    assert_refused([*command, *epochs], reason, capsys)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    "command",
    [["verify"], ["audit", "--log", "calls.jsonl"], ["recount", "--log", "calls.jsonl", *COUNT]],
    ids=lambda given: given[0],
)
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["8"], "the bundle is of subscription 7, not of 8"),
        (["--epoch", str(FIRST_EPOCH)], f"is of epoch {FIRST_EPOCH + 1}, not of {FIRST_EPOCH}"),
    ],
)
def test_a_bundle_of_another_bill_is_refused(
    command: list[str], options: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert_refused([*command, *options, "--offline", "bill.json"], reason, capsys)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["verify", "--offline", "bill.json", "--from", "0", "--to", "9"], "a bundle is one bill"),
        (["verify", "--offline", "bill.json", "--event", "one"], "a bundle is one bill"),
        (["verify", "--offline", "nothing"], "nothing is no bundle: No such file or directory"),
        (["verify", "--offline", "."], "is no bundle: Is a directory"),
        (["verify", "--offline", "empty"], "empty is no bundle: Invalid JSON"),
        (["audit", "--check", "empty"], "empty is no proof: Invalid JSON"),
        (["verify", "7", "--host", "ftp://a", "--flow", "https://b"], "'ftp://a' is no address; write it like https"),
        (["verify", "7", "--host", "https://a:b", "--flow", "https://b"], "'https://a:b' is no address"),
        (["verify", "7", "--host", "https://a", "--flow", "b"], "'b' is no address"),
        (["doctor", "--host", "statements.example"], "is no address"),
        (["recount", "--log", "empty", *COUNT], "empty has no call"),
        (["recount", "--log", "calls.jsonl", "--tokenizer", 'command:"'], "is no command: No closing quotation"),
        (["usage", "7", "--since", "yesterday"], "is no time as in 2026-11-01T00:00:00Z"),
        (["keys", "7", "--cap", "5"], "--cap is of a new key"),
    ],
)
def test_what_cannot_be_used_is_named(arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused(arguments, reason, capsys)


@pytest.mark.usefixtures("files", "online")
def test_a_bundle_that_cannot_be_written_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused(["bundle", "7", *SOURCES, "-o", "no/bill.json"], "no/bill.json cannot be written", capsys)


@pytest.mark.usefixtures("files")
def test_a_log_without_a_call_makes_every_billed_one_extra_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--log", "empty", "--offline", "bill.json"]) == 1
    assert "The log has no call, so every billed one is extra.\n" in capsys.readouterr().out


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    "command", [["audit", "--offline", "bill.json"], ["recount", *COUNT]], ids=lambda given: given[0]
)
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(f"\ufeff{CALL}".encode(), id="a byte order mark"),
        pytest.param(CALL.replace("\n", "\r\n").encode(), id="lines of Windows"),
        pytest.param(f"\n\n  \n{CALL}\n".encode(), id="empty lines"),
        pytest.param(CALL.replace('["a"]', f'["{"a" * 10**7}"]').encode(), id="a long line"),
    ],
)
def test_a_log_as_programs_write_it_is_read(
    command: list[str], content: bytes, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "written.jsonl").write_bytes(content)
    assert main([*command, "--log", "written.jsonl"]) in (0, 1)
    assert "1 call" in capsys.readouterr().out


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    "command", [["audit", "--offline", "bill.json"], ["recount", *COUNT]], ids=lambda given: given[0]
)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_a_log_in_another_encoding_is_named(
    command: list[str], encoding: str, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "written.jsonl").write_bytes(CALL.replace('["a"]', '["é"]').encode(encoding))
    assert_refused([*command, "--log", "written.jsonl"], "it is not in UTF-8", capsys)


@pytest.mark.usefixtures("files", "online")
@pytest.mark.parametrize(
    "month", ["2026-13", "2026-00", "2026-1", "26-01", "2026/01", "2026-01 ", "٢٠٢٦-01", "1969-12", ""]
)
def test_a_month_has_one_form(month: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused(["receipt", "7", *SOURCES, "--month", month], f"{month!r} is no month; write it as 2026-11", capsys)


@pytest.mark.parametrize("window", [{"window_end": 0}, {"window_end": 2**70}, {"window_start": 0}, {"window_start": 1}])
@pytest.mark.parametrize("command", ["audit", "receipt"])
def test_a_statement_with_the_window_of_another_epoch_gives_no_length_of_epochs(
    command: str,
    window: dict[str, int],
    files: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Given a host whose newest statement has another window than that of its epoch
    world = World()
    world.restate(**window)

    @contextmanager
    def gathering(_: object, __: object, progress: Progress) -> Any:
        yield PublicSources(world).gather(progress.say)

    monkeypatch.setattr(commands, "_gathering", gathering)
    monkeypatch.setenv("FLAREFLOW_SESSION", SESSION)
    (files / "receipts.jsonl").write_text(signed(world.events_of(FIRST_EPOCH)[0]))
    options = {"audit": ["--log", "receipts.jsonl"], "receipt": ["--month", "2025-04"]}
    # Then whoever needs the length of its epochs says so
    assert_refused([command, "7", *SOURCES, *options[command]], "another window than that of", capsys)


@pytest.mark.parametrize("variable", ["FLAREFLOW_KEY", "FLAREFLOW_SESSION"])
@pytest.mark.parametrize("text", ["one\ntwo", "clé"])
def test_a_malformed_credential_is_named_before_anything_is_sent(
    variable: str, text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, text)
    assert_refused(["balance", "--host", "https://nowhere.example"], f"{variable} is malformed", capsys)


@pytest.mark.parametrize("command", [["balance"], ["watch", "7"]])
def test_no_session_is_sent_to_what_is_no_address(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLAREFLOW_SESSION", "a session token")
    assert_refused([*command, "--host", "https://["], "'https://[' is no address: Invalid IPv6 URL", capsys)


@pytest.mark.parametrize("option", [["--new", "a"], ["--rotate", "b"], ["--delete", "c"], ["--delete", ""]])
def test_a_virtual_key_changes_no_key(
    option: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLAREFLOW_KEY", "sk-1")
    assert_refused(["keys", *option, "--host", "https://nowhere.example"], f"{option[0]} is not for", capsys)


def test_no_session_is_sent_in_the_clear(
    monkeypatch: pytest.MonkeyPatch, online: PublicSources, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a host that is named without https
    monkeypatch.setenv("FLAREFLOW_SESSION", "a session token")
    monkeypatch.setattr("tests.support.public_sources.HOST", "http://statements.example")
    # When the owner's calls are asked for
    assert_refused([*VERIFY], "http://statements.example is not https", capsys)
    # Then the session was not sent
    assert not [path for path in online.requests if "subscriptions" in path]


def test_a_variable_that_is_empty_is_as_if_it_was_not_set(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("TRUSTED_POLICY", "HOST", "POLICY", "CHECKPOINT"):
        monkeypatch.setenv(f"FLAREFLOW_{name}", "")
    assert main(["verify", "--offline", str(files / "bill.json")]) == 0
    capsys.readouterr()
    assert_refused(["verify", "7"], "name --host and --flow", capsys)


def test_an_error_that_nobody_thought_of_is_no_difference(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_: object) -> int:
        raise RuntimeError("a fault of the command")

    monkeypatch.setattr(commands, "run", fails)
    assert main(["doctor"]) == 2
    assert "RuntimeError: a fault of the command" in capsys.readouterr().err


def test_a_reader_that_stops_reading_ends_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a command whose output nobody reads any more
    def fails(_: object) -> int:
        raise BrokenPipeError

    monkeypatch.setattr(commands, "run", fails)
    silenced: list[int] = []
    monkeypatch.setattr(os, "dup2", lambda _, to: silenced.append(to))
    # Then it ends as a shell expects
    assert main(["doctor"]) == 141
    assert len(silenced) == 1
