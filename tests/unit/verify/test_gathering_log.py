"""The log of statements, read from its tiles on the statements' host."""

from collections.abc import Callable
from copy import copy
from dataclasses import replace

import httpx
import pytest

from flareflow.transparency.notes import SignedCheckpoint
from flareflow.transparency.tiles import CHECKPOINT, LOG_PATH
from flareflow_verify.bundle import Bundle
from flareflow_verify.checking import Exit, Outcome, check
from flareflow_verify.evidence import Link, Trust
from flareflow_verify.gathering import Wanted
from flareflow_verify.sources.http import SourceError
from tests.support.bills import FIRST_EPOCH, SUBSCRIPTION, World
from tests.support.public_sources import PublicSources
from tests.support.statement_logs import EARLIER, StatementLogs

EPOCH = FIRST_EPOCH + 1


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture
def sources(world: World) -> PublicSources:
    """Sources with a log that a test may change."""
    changed = copy(world)
    changed.log = StatementLogs(dict(world.statements.kept))
    return PublicSources(changed)


def gathered(sources: PublicSources, trust: Trust | None = None, epoch: int | None = None) -> Bundle:
    return sources.gather(trust=trust or sources.world.trust_with_log).run(Wanted(SUBSCRIPTION, epoch))


def outcomes(bundle: Bundle, trust: Trust) -> dict[Link, Outcome]:
    return {finding.link: finding.outcome for finding in check(bundle, trust).findings}


def test_a_statement_is_found_in_the_log_with_both_proofs(sources: PublicSources) -> None:
    bundle = gathered(sources)
    assert bundle.log == sources.world.log.in_log
    assert check(bundle, sources.world.trust_with_log).exit is Exit.VERIFIED


def test_an_earlier_statement_is_found_by_its_epoch(sources: PublicSources) -> None:
    bundle = gathered(sources, epoch=FIRST_EPOCH)
    assert bundle.log is not None
    assert bundle.log.index == EARLIER
    assert outcomes(bundle, sources.world.trust_with_log)[Link.LOG_ENTRY] is Outcome.VERIFIED


def test_the_log_is_not_read_for_a_reader_without_a_policy(sources: PublicSources) -> None:
    assert gathered(sources, sources.world.trust).log is None
    assert not [path for path in sources.requests if LOG_PATH in path]


def test_a_host_without_a_log_is_not_called_verified(sources: PublicSources) -> None:
    sources.world.log.files.kept.clear()
    found = outcomes(gathered(sources), sources.world.trust_with_log)
    assert {found[link] for link in Link if link.startswith("log-")} == {Outcome.UNCHECKED}


def test_a_log_that_ends_before_the_statement_is_not_called_verified(sources: PublicSources) -> None:
    # Given a host whose checkpoint is that of the epoch before, for a reader who has seen just that
    log = sources.world.log
    log.files.kept[CHECKPOINT] = log.seen.text.encode()
    found = outcomes(gathered(sources), sources.world.trust_with_log)
    assert (found[Link.LOG_ENTRY], found[Link.LOG_GROWTH]) == (Outcome.UNCHECKED, Outcome.VERIFIED)


def test_a_log_that_has_shrunk_is_a_difference(sources: PublicSources) -> None:
    log = sources.world.log
    log.files.kept[CHECKPOINT] = log.seen.text.encode()
    seen_more = replace(sources.world.trust_with_log, seen=log.newest.checkpoint)
    assert outcomes(gathered(sources, seen_more), seen_more)[Link.LOG_GROWTH] is Outcome.DIFFERS


def test_a_statement_that_was_left_out_of_the_log_is_a_difference(sources: PublicSources, world: World) -> None:
    # Given a log that has the newest statement, and not the one before it
    sources.world.log = StatementLogs({EPOCH: world.statements.kept[EPOCH]})
    trust = replace(world.trust_with_log, seen=None)
    assert outcomes(gathered(sources, trust, FIRST_EPOCH), trust)[Link.LOG_ENTRY] is Outcome.DIFFERS


def _other_tile(content: bytes) -> bytes:
    return bytes(len(content))


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/000.p/7", "tile/entries/000.p/7"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda _: b"", id="nothing"),
        pytest.param(lambda content: content[:-1], id="cut off"),
        pytest.param(lambda content: content + b"\x00\x00", id="longer"),
        pytest.param(_other_tile, id="zeros"),
        pytest.param(lambda content: content.replace(b"\n7\n", b"\n999999999999999999\n"), id="another size"),
    ],
)
def test_a_file_of_another_form_is_said_or_found(
    sources: PublicSources, path: str, change: Callable[[bytes], bytes]
) -> None:
    kept = sources.world.log.files.kept
    if change(kept[path]) == kept[path]:
        return
    kept[path] = change(kept[path])
    try:
        bundle = gathered(sources)
    except SourceError:
        return
    assert check(bundle, sources.world.trust_with_log).exit is not Exit.VERIFIED


def test_an_outage_of_the_log_is_said(sources: PublicSources) -> None:
    sources.answers[f"{LOG_PATH}/{CHECKPOINT}"] = httpx.Response(503)
    with pytest.raises(SourceError, match="503"):
        gathered(sources)


def test_a_bundle_has_the_log_for_any_reader(sources: PublicSources) -> None:
    bundle = sources.gather().run(Wanted(SUBSCRIPTION, is_with_log=True))
    assert bundle.log is not None
    assert SignedCheckpoint.parse(bundle.log.checkpoint) == sources.world.log.newest
    assert Bundle.parse(bundle.text.encode()) == bundle
    no_growth = replace(sources.world.trust_with_log, seen=None)
    assert check(bundle, replace(no_growth, policy_hash=None)).exit is Exit.VERIFIED
