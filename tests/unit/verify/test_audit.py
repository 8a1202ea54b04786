"""`flareflow audit`: a user's own log beside the calls that were billed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from flareflow_verify.__main__ import main
from flareflow_verify.audit.log import LogError, Tokens, read_log
from tests.support.bills import World
from tests.support.signed_receipts import keys, signed, world_with_keys

WORLD: Final = World()
EVENTS: Final = [json.loads(text) for text in WORLD.events]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bill with the owner's calls."""
    path = tmp_path / "bill.json"
    path.write_text(WORLD.bundle().text)
    return path


def line(event: Any, **changes: int) -> dict[str, Any]:
    """What the user of a call logged of it."""
    tokens = {kind: int(amount) for kind, amount in event["tokens"].items()}
    usage = {"prompt_tokens": tokens["prompt"], "completion_tokens": tokens["completion"]} | changes
    return {"event_id": event["event_id"], "response": {"model": event["model"], "usage": usage}}


def audit(bundle: Path, lines: list[dict[str, Any]], *options: str) -> int:
    log = bundle.with_name("log.jsonl")
    log.write_text("".join(json.dumps(one) + "\n" for one in lines))
    try:
        return main(["audit", "--offline", str(bundle), "--log", str(log), *options])
    except SystemExit as ended:
        assert isinstance(ended.code, int)
        return ended.code


def test_a_log_with_every_billed_call_agrees(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(bundle, [line(event) for event in EVENTS]) == 0
    assert capsys.readouterr().out == "3 calls billed, 3 as in the log of 3 calls.\n"


def test_a_call_that_was_never_made_is_named_with_its_money(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Given a log without the last call of 17,007 tokens, 4,646.2 of which lie above the first 100,000
    assert audit(bundle, [line(event) for event in EVENTS[:-1]]) == 1
    out = capsys.readouterr().out
    # Then it is extra, and costs what the bill would be lower by
    assert f"extra          {EVENTS[-1]['event_id']}  billed: unnamed, 12,007 tokens in and 5,000 out" in out
    assert "17,007 rated tokens, 0.31690900 FLOW" in out


def test_a_call_that_was_billed_for_more_tokens_is_named(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line(EVENTS[0], completion_tokens=4_999), *map(line, EVENTS[1:])]
    assert audit(bundle, lines, "--json") == 1
    (found,) = json.loads(capsys.readouterr().out)["deviations"]
    assert (found["kind"], found["event_id"]) == ("different", EVENTS[0]["event_id"])
    assert "the log has 10,007 in and 4,999 out" in found["said"]


def test_a_call_that_is_not_billed_is_told_and_costs_nothing(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = {"x-flareflow-event-id": "another", "usage": {"prompt_tokens": 5, "completion_tokens": 6}}
    assert audit(bundle, [*map(line, EVENTS), other]) == 0
    assert "missing        another  not billed: 5 tokens in and 6 out\n" in capsys.readouterr().out


def test_a_bill_that_is_not_verified_is_not_audited(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle.write_text(bundle.read_text().replace('"owed_ufix64": "0"', '"owed_ufix64": "1"'))
    assert audit(bundle, [line(event) for event in EVENTS]) == 1
    assert "NOT verified" in capsys.readouterr().out
    # And as JSON it is the report of `verify`
    assert audit(bundle, [line(event) for event in EVENTS], "--json") == 1
    assert json.loads(capsys.readouterr().out)["result"] == "difference"


def test_a_bundle_without_calls_cannot_be_audited(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    public = WORLD.bundle().model_copy(update={"events": None})
    bundle.write_text(public.text)
    assert audit(bundle, []) == 2
    assert "has no calls" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrapped",
    [
        pytest.param(lambda usage: {"event_id": "one", "usage": usage}, id="flat"),
        pytest.param(lambda usage: {"event_id": "one", "response": {"usage": usage}}, id="beside the answer"),
        pytest.param(
            lambda usage: {"response": {"headers": {"x-flareflow-event-id": "one"}, "body": {"usage": usage}}},
            id="headers and body",
        ),
    ],
)
def test_logs_of_several_forms_are_read(wrapped: Callable[[dict[str, int]], dict[str, Any]]) -> None:
    text = json.dumps(wrapped({"prompt_tokens": 3, "completion_tokens": 4}))
    (call,) = read_log([text, "", "\n"]).values()
    assert (call.event_id, call.tokens) == ("one", Tokens(3, 4))


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"event_id": "one"}',
        '{"event_id": 1, "usage": {"prompt_tokens": 1}}',
        '{"event_id": "one", "usage": {"prompt_tokens": "1"}}',
        '{"event_id": "one", "usage": {"prompt_tokens": 1.5}}',
        '{"event_id": "one", "usage": {"prompt_tokens": -1}}',
        '{"event_id": "one", "usage": {"prompt_tokens": true}}',
        "[" * 100_000,
    ],
)
def test_a_line_that_cannot_be_used_is_named(text: str) -> None:
    with pytest.raises(LogError, match="line 2"):
        read_log(["", text])


def test_a_call_that_stands_in_the_log_twice_with_other_tokens_is_an_error() -> None:
    first, second = (json.dumps({"event_id": "one", "usage": {"prompt_tokens": count}}) for count in (1, 2))
    assert len(read_log([first, first])) == 1
    with pytest.raises(LogError, match="twice"):
        read_log([first, second])


def test_a_proof_is_written_for_each_fault_and_can_be_checked(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a log without one call, and with another that was billed for more
    lines = [line(EVENTS[1], completion_tokens=4_999), line(EVENTS[2])]
    folder = tmp_path / "proofs"
    # When it is audited
    assert audit(bundle, lines, "--proofs", str(folder)) == 1
    # Then each line names its proof, which shows it to whoever has no log
    assert {file.name for file in folder.iterdir()} == {"001-extra.json", "002-different.json"}
    assert f"[{folder}/001-extra.json]" in capsys.readouterr().out
    for file in folder.iterdir():
        assert main(["audit", "--check", str(file)]) == 0
        out = capsys.readouterr().out
        assert "Believed without a proof:" in out
        assert out.endswith(f"Shown: {file.stem[4:]}, call {EVENTS[0 if 'extra' in file.name else 1]['event_id']}.\n")


def test_a_proof_that_does_not_hold_ends_with_1(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audit(bundle, [line(event) for event in EVENTS[:2]], "--proofs", str(tmp_path / "proofs"))
    (file,) = (tmp_path / "proofs").iterdir()
    file.write_text(file.read_text().replace('"extra"', '"overbilled"'))
    capsys.readouterr()
    assert main(["audit", "--check", str(file), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["result"], found["shown"]) == ("difference", None)


def test_a_receipt_needs_the_keys_that_the_statement_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Given a bundle of a statement that names keys, and a log of receipts
    world = world_with_keys()
    bundle, log, names = tmp_path / "bill.json", tmp_path / "log", tmp_path / "keys.json"
    bundle.write_text(world.bundle().text)
    log.write_text("\n".join(map(signed, world.events)))
    names.write_text(keys().canonical_json)
    command = ["audit", "--offline", str(bundle), "--log", str(log)]
    # Then it cannot be audited without them, and can be with them
    assert main(command) == 2
    assert "the document of the receipt keys" in capsys.readouterr().err
    assert main([*command, "--receipt-keys", str(names)]) == 0
    assert "3 calls with a receipt." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "one of the arguments --log --check is required"),
        (["--log", "a", "--check", "b"], "not allowed with"),
        (["--check", "/does/not/exist"], "cannot be read"),
        (["--log", "/does/not/exist", "--offline", "x"], "is no log of calls"),
        (["--log", __file__, "--offline", "x"], "is no log of calls: line 1"),
        (["--log", "/dev/null"], "set FLAREFLOW_SESSION"),
    ],
)
def test_what_cannot_be_audited_ends_with_2_and_says_why(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert_ended(["audit", *arguments], reason, capsys)


@pytest.mark.parametrize(("arguments", "reason"), [([], "name a subscription"), (["7", "--host", "h"], "name --flow")])
def test_an_audit_by_a_session_needs_a_subscription_and_sources(
    arguments: list[str], reason: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLAREFLOW_SESSION", "a session")
    assert_ended(["audit", *arguments, "--log", "/dev/null"], reason, capsys)


def assert_ended(arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The command cannot be run, and says why."""
    try:
        status: int | str | None = main(arguments)
    except SystemExit as ended:
        status = ended.code
    assert status == 2
    assert reason in capsys.readouterr().err
