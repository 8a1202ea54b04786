"""The log of statements on the whole local stack, read as a stranger reads it."""

import pytest

from flareflow.statements.models import Statement
from flareflow.transparency.notes import NoteKey, SignedCheckpoint
from flareflow.transparency.proofs import check_inclusion, leaf_hash
from flareflow.transparency.tiles import CHECKPOINT, KEY, LOG_PATH, TileTree
from infra.local.demo import job
from infra.local.demo.api import Api
from infra.local.demo.customer import Subscriber
from infra.local.demo.run import DEPOSIT_UFIX64, Stack
from infra.local.launch import Facts
from infra.waiting import until
from tests.e2e.test_credit import call

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


def test_every_statement_is_in_the_log_which_its_witness_has_cosigned(running: Facts) -> None:
    with Stack.of(running) as stack:
        # Given a log, and a call after it
        subscriber = Subscriber.open(stack.flow, DEPOSIT_UFIX64)
        with job.signed_in(stack, subscriber) as api, Api.at(running["api_url"]) as public:
            secret, _ = subscriber.make_key(api)
            before = size(public)
            assert call(running, secret) == 200
            # When the log has grown by its statement, and a witness has signed
            signed = until(lambda: grown(public, running, before), job.WAIT_SECONDS_MAX)
            # Then the checkpoint's tree proves the public statement of that epoch
            tree = TileTree(signed.checkpoint.size, lambda tile: content(public, tile.path))
            assert tree.root == signed.checkpoint.root
            index = tree.size - 1
            [entry] = tree.entries(index, index + 1)
            epoch = Statement.parse(entry.decode()).epoch
            assert public.text(f"/v1/statements/{epoch:010}") == entry.decode()
            check_inclusion(leaf_hash(entry), index, tree.size, tree.inclusion_proof(index), signed.checkpoint.root)


def content(public: Api, path: str) -> bytes:
    return public.http.get(f"{LOG_PATH}/{path}").raise_for_status().content


def checkpoint(public: Api) -> SignedCheckpoint:
    signed = SignedCheckpoint.parse(content(public, CHECKPOINT).decode())
    signed.check(NoteKey.parse(content(public, KEY).decode().strip()))
    return signed


def size(public: Api) -> int:
    """How many statements the log has; the stack publishes it within a tick."""
    is_there = lambda: public.http.get(f"{LOG_PATH}/{CHECKPOINT}").is_success or None  # noqa: E731
    until(is_there, job.WAIT_SECONDS_MAX)
    return checkpoint(public).checkpoint.size


def grown(public: Api, facts: Facts, before: int) -> SignedCheckpoint | None:
    """The checkpoint, once it is of a larger tree and the witness has signed it."""
    signed = checkpoint(public)
    witness = NoteKey.parse(facts["witness_key"])
    is_cosigned = any(line.is_by(witness) for line in signed.signatures)
    if signed.checkpoint.size <= before or not is_cosigned:
        return None
    signed.check(witness)
    return signed
