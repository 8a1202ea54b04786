"""`flareflow audit` with receipts: what the operator signed beside what it bills."""

import json
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from unittest.mock import ANY

import pytest

from flareflow.metering.calls import Tokens
from flareflow_verify import commands
from flareflow_verify.__main__ import main
from flareflow_verify.output import Progress
from tests.support.bills import EPOCHS, FIRST_EPOCH, SUBSCRIPTION, World
from tests.support.public_sources import SESSION, PublicSources
from tests.support.signed_receipts import PROMISED, STRANGER, keys, signed, world_with_keys

WORLD: Final = world_with_keys()
EVERY: Final = [*WORLD.events_of(FIRST_EPOCH), *WORLD.events]
SOURCES: Final = ("--host", "https://statements.example", "--flow", "https://flow.example")
UNBILLED: Final = EVERY[0].replace(f"{FIRST_EPOCH}-{SUBSCRIPTION}-0", "a call that is not billed")

type Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Audit a log of these lines at the public sources of a world; exit status and what was found."""

    def run(lines: Sequence[str], *options: str, world: World = WORLD) -> tuple[int, Any]:
        @contextmanager
        def gathering(_: object, __: object, progress: Progress) -> Any:
            yield PublicSources(world).gather(progress.say)

        monkeypatch.setattr(commands, "_gathering", gathering)
        monkeypatch.setenv("FLAREFLOW_SESSION", SESSION)
        log = tmp_path / "log.jsonl"
        log.write_text("\n".join(lines))
        status = main(["audit", str(SUBSCRIPTION), "--log", str(log), "--json", *SOURCES, *options])
        return status, json.loads(capsys.readouterr().out)

    return run


def kinds(found: Any) -> list[tuple[str, str]]:
    return [(one["kind"], one["event_id"]) for one in found["deviations"]]


def test_receipts_of_every_billed_call_agree(audit: Run) -> None:
    # When the user names no epochs
    status, found = audit(list(map(signed, EVERY)))
    # Then all bills in which the calls may be are compared, up to the newest statement that was attested
    assert (status, found["deviations"]) == (0, [])
    assert (found["billed"], found["with_receipt"], found["through_epoch"]) == (6, 6, str(FIRST_EPOCH + 1))


def test_a_call_that_is_billed_for_a_token_more_than_was_signed_is_named_with_its_money(audit: Run) -> None:
    # Given a receipt for one token of answer less, which weighs 1.5 rated tokens at 0.015 FLOW for 1,000
    event = json.loads(EVERY[3])
    fewer = Tokens(prompt=int(event["tokens"]["prompt"]), completion=4_999)
    less = int(event["rated_microtokens"]) - 1_500_000
    lines = [*map(signed, EVERY[:3]), signed(EVERY[3], tokens=fewer, rated_microtokens=less), *map(signed, EVERY[4:])]
    # When the log is audited
    status, found = audit(lines)
    # Then the call is overbilled by them
    assert (status, kinds(found)) == (1, [("overbilled", event["event_id"])])
    assert found["deviations"][0]["rated_microtokens"] == "1500000"
    assert int(found["deviations"][0]["worth_ufix64"]) == 2_250


def test_more_that_was_billed_for_an_estimate_is_said_to_be_one(audit: Run) -> None:
    lines = [signed(EVERY[0], rated_microtokens=1, tokens_are_estimated=True), *map(signed, EVERY[1:])]
    status, found = audit(lines)
    assert status == 1
    assert found["deviations"][0]["said"].endswith("which it calls an estimate")


def test_less_than_was_signed_is_told_and_is_no_fault(audit: Run) -> None:
    weight = json.loads(EVERY[0])["rated_microtokens"]
    status, found = audit([signed(EVERY[0], rated_microtokens=int(weight) + 5), *map(signed, EVERY[1:])])
    assert (status, kinds(found)[0][0]) == (0, "less")


@pytest.mark.parametrize("changes", [{"key_hash": "cd" * 32}, {"tokens": Tokens(prompt=1, completion=2)}])
def test_a_call_of_another_key_or_other_tokens_of_the_same_weight_is_different(
    changes: dict[str, Any], audit: Run
) -> None:
    status, found = audit([signed(EVERY[0], **changes), *map(signed, EVERY[1:])])
    assert (status, kinds(found)[0][0]) == (1, "different")


def test_a_promise_that_is_broken_is_named_with_what_nobody_was_charged(audit: Run) -> None:
    # Given a receipt that promises a call by the epoch of the newest statement
    status, found = audit([*map(signed, EVERY), signed(UNBILLED)])
    # Then it is broken, since no statement has the call
    assert (status, kinds(found)) == (1, [("promise-broken", "a call that is not billed")])
    assert f"in no statement up to epoch {FIRST_EPOCH + 1}" in found["deviations"][0]["said"]
    assert int(found["deviations"][0]["worth_ufix64"]) > 0


def test_a_promise_that_is_not_yet_due_is_not_broken(audit: Run) -> None:
    status, found = audit([*map(signed, EVERY), signed(UNBILLED, counted_until_epoch=PROMISED + 1)])
    assert (status, kinds(found)) == (0, [("missing", "a call that is not billed")])
    assert found["deviations"][0]["said"].endswith(f"promised by epoch {PROMISED + 1}")


def test_a_promise_is_not_called_broken_where_earlier_calls_are_unknown(audit: Run) -> None:
    # Given bills of the second epoch alone: the call may be in the first
    status, found = audit([*map(signed, EVERY[3:]), signed(UNBILLED)], "--epoch", str(FIRST_EPOCH + 1))
    # Then it is only missing
    assert (status, kinds(found)) == (0, [("missing", "a call that is not billed")])


def test_a_promise_is_judged_where_all_is_known_since_an_hour_before_the_call(audit: Run) -> None:
    # Given bills of the second epoch alone, and calls that began an hour after the first, or a second less
    for seconds, kind in ((0, "promise-broken"), (-1, "missing")):
        began = EPOCHS.end(FIRST_EPOCH) + timedelta(hours=1, seconds=seconds)
        unbilled = signed(UNBILLED, started_at=began, ended_at=began)
        _, found = audit([*map(signed, EVERY[3:]), unbilled], "--epoch", str(FIRST_EPOCH + 1))
        assert kinds(found) == [(kind, "a call that is not billed")]


def test_two_receipts_that_differ_are_named_and_two_signatures_of_one_are_not(audit: Run) -> None:
    # Given the same receipt signed twice, and another one that says something else of the same call
    lines = [*map(signed, EVERY), signed(EVERY[0])]
    assert audit(lines)[0] == 0
    status, found = audit([*lines, signed(EVERY[0], rated_microtokens=5)])
    # Then the one that differs is named, and that it signs less than is billed
    event_id = json.loads(EVERY[0])["event_id"]
    assert (status, kinds(found)) == (1, [("two-receipts", event_id), ("overbilled", event_id)])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(signed(EVERY[0], STRANGER), "which the statement does not name", id="another key"),
        pytest.param(
            signed(EVERY[0], STRANGER, rated_microtokens=5),
            "which the statement does not name",
            id="for less than billed",
        ),
        pytest.param(signed(EVERY[0])[:-4] + "AAAA", "the signature is not that of the key", id="another signature"),
        pytest.param(
            ".".join([*signed(EVERY[0], model="another").split(".")[:2], signed(EVERY[0]).split(".")[2]]),
            "the signature is not that of the key",
            id="another payload",
        ),
        pytest.param(
            signed(EVERY[0], ended_at=EPOCHS.start(FIRST_EPOCH) - timedelta(seconds=1)),
            f"ended in epoch {FIRST_EPOCH - 1}; its key is valid from epoch {FIRST_EPOCH}",
            id="before the key is valid",
        ),
    ],
)
def test_a_receipt_that_no_valid_key_has_signed_is_named_and_counts_for_nothing(
    line: str, reason: str, audit: Run
) -> None:
    status, found = audit([line, *map(signed, EVERY[1:])])
    assert (status, kinds(found)) == (1, [("bad-receipt", json.loads(EVERY[0])["event_id"])])
    assert reason in found["deviations"][0]["said"]


def test_a_key_signs_nothing_after_its_last_epoch(audit: Run) -> None:
    world = world_with_keys(keys(valid_until_epoch=FIRST_EPOCH))
    late = signed(EVERY[0], ended_at=EPOCHS.end(FIRST_EPOCH))
    status, found = audit([late, *map(signed, EVERY[1:])], world=world)
    assert (status, kinds(found)[0][0]) == (1, "bad-receipt")
    assert found["deviations"][0]["said"].endswith(f"valid from epoch {FIRST_EPOCH} to {FIRST_EPOCH}")


def test_without_keys_in_the_statement_no_receipt_counts(audit: Run) -> None:
    status, found = audit([signed(EVERY[0]), *map(signed, EVERY[1:])], world=World())
    assert (status, {kind for kind, _ in kinds(found)}) == (1, {"bad-receipt"})


@pytest.mark.parametrize(("seconds", "kind", "status"), [(60, "another-book", 1), (59, "later-book", 0)])
def test_a_book_that_was_in_force_when_another_one_was_signed_is_named(
    seconds: int, kind: str, status: int, audit: Run
) -> None:
    # Given a receipt that names another book, of a call that ended a minute after a statement's epoch began, or less
    ended = EPOCHS.start(FIRST_EPOCH) + timedelta(seconds=seconds)
    promised = signed(EVERY[0], price_book_hash=f"0x{'12' * 32}", rated_microtokens=5, ended_at=ended)
    # Then the book was backdated; or it came into force after the gate had read the one before
    found = audit([promised, *map(signed, EVERY[1:])])
    assert (found[0], kinds(found[1])) == (status, [(kind, json.loads(EVERY[0])["event_id"])])


def test_a_call_that_is_billed_in_two_statements_is_named(audit: Run) -> None:
    class Twice(World):
        def _seal(self, epoch: int) -> None:
            if epoch == FIRST_EPOCH + 1:
                first = self.usage.kept[FIRST_EPOCH][SUBSCRIPTION][0]
                self.usage.kept[epoch][SUBSCRIPTION].append(first)
            super()._seal(epoch)

    status, found = audit(list(map(signed, EVERY)), world=Twice(receipt_keys=WORLD.receipt_keys))
    assert (status, kinds(found)) == (1, [("billed-twice", f"{FIRST_EPOCH}-{SUBSCRIPTION}-0")])


def test_calls_before_the_first_of_the_log_are_not_called_extra(audit: Run) -> None:
    # Given a log that begins a second after the calls that are billed
    assert json.loads(EVERY[3])["started_at"] == "2026-11-24T12:00:00.000000Z"
    times: dict[str, Any] = {"started_at": "2026-11-24T12:00:01Z", "ended_at": "2026-11-24T12:00:02Z"}
    later = signed(UNBILLED, **times, counted_until_epoch=10**7)
    # Then they are left out, unless the user names the epochs, whose calls are all to be compared
    assert audit([later]) == (0, ANY)
    status, found = audit([later], "--from", str(FIRST_EPOCH), "--to", str(FIRST_EPOCH + 1))
    assert (status, {kind for kind, _ in kinds(found)}) == (1, {"extra", "missing"})
    # When it begins with them, one that it lacks is extra
    status, found = audit([signed(EVERY[3], started_at="2026-11-24T12:00:00Z", ended_at="2026-11-24T12:00:02Z")])
    assert (status, [kind for kind, _ in kinds(found)]) == (1, ["extra", "extra"])
