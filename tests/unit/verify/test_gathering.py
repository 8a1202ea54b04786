"""Evidence from public sources: what they publish is gathered, and what they garble is said."""

import itertools
from copy import copy
from dataclasses import replace

import httpx
import pytest

from flareflow.statements.documents import attestation_path, index_path, price_book_path, statement_path
from flareflow.statements.models import PageKind
from flareflow_verify.bundle import Bundle, OnFlare
from flareflow_verify.checking import Exit, Outcome, check
from flareflow_verify.evidence import Link, Trust
from flareflow_verify.gathering import Wanted
from flareflow_verify.sources.http import Budget, SourceError
from tests.fakes.statements import FakeDocuments
from tests.support.bills import BOOK, CHARGE_HEIGHT, CONTRACT, FIRST_EPOCH, SUBSCRIPTION, World
from tests.support.public_sources import SESSION, PublicSources

EPOCH = FIRST_EPOCH + 1


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture
def sources(world: World) -> PublicSources:
    """Sources whose documents a test may take away."""
    sources = PublicSources(copy(world))
    sources.world.documents = FakeDocuments(kept=dict(world.documents.kept))
    return sources


def gathered(sources: PublicSources, epoch: int | None = None, session: str | None = SESSION) -> Bundle:
    return sources.gather().run(Wanted(SUBSCRIPTION, epoch, session))


def test_the_last_charge_is_gathered_whole(sources: PublicSources) -> None:
    # When the evidence of the last charge is gathered
    bundle = gathered(sources)
    # Then it is all that there is; the policy of the round is known, and none before it
    wanted = sources.world.bundle().model_copy(update={"event": None})
    assert bundle == wanted.model_copy(
        update={"policies": (wanted.policies[-1].model_copy(update={"signatures": b""}),)}
    )
    assert check(bundle).exit is Exit.VERIFIED


@pytest.mark.parametrize("blocks_at_once", [30, 10**6])
def test_the_policies_since_the_trusted_one_are_found_on_flare(sources: PublicSources, blocks_at_once: int) -> None:
    # Given a reader who trusts the policy before that of the round, and nodes that search few blocks or all
    sources.flare.blocks_at_once = blocks_at_once
    trust = sources.world.trust
    # When the bill is gathered and checked
    bundle = sources.gather(trust=trust).run(Wanted(SUBSCRIPTION, session_token=SESSION))
    # Then the policy of the round is rolled from the trusted one
    assert bundle.policies == sources.world.policies
    assert check(bundle, trust).exit is Exit.VERIFIED


def test_a_node_without_the_policy_of_the_round_is_an_error(sources: PublicSources) -> None:
    sources.flare.has_policies = False
    with pytest.raises(SourceError, match="no signing policy of reward epoch 5"):
        sources.gather(trust=sources.world.trust).run(Wanted(SUBSCRIPTION))


def test_a_trusted_policy_that_flare_never_had_is_an_error(sources: PublicSources) -> None:
    trust = Trust(policy_hash=bytes(32))
    with pytest.raises(SourceError, match="no signing policy from reward epoch 4 on has the trusted hash, and Flare's"):
        sources.gather(trust=trust).run(Wanted(SUBSCRIPTION))


def test_another_statement_in_the_place_of_the_wanted_one_is_an_error(sources: PublicSources) -> None:
    documents = sources.world.documents.kept
    documents[statement_path(EPOCH)] = documents[statement_path(FIRST_EPOCH)]
    with pytest.raises(SourceError, match="another statement"):
        gathered(sources)


@pytest.mark.parametrize("trust", [Trust(), Trust(contract=CONTRACT)])
def test_a_host_without_statements_is_an_error(sources: PublicSources, trust: Trust) -> None:
    sources.answers["/v1/statements"] = httpx.Response(200, json={"statements": []})
    with pytest.raises(SourceError, match="no statement"):
        sources.gather(trust=trust).run(Wanted(SUBSCRIPTION))


def test_a_bill_takes_few_requests(sources: PublicSources) -> None:
    gathered(sources, session=None)
    assert len(sources.requests) <= 30


def test_the_next_bill_takes_fewer_requests(sources: PublicSources) -> None:
    # Given a bill that was gathered
    gather = sources.gather()
    gather.run(Wanted(SUBSCRIPTION, FIRST_EPOCH))
    sources.requests.clear()
    # When the next one is
    gather.run(Wanted(SUBSCRIPTION, EPOCH))
    # Then neither the newest statement's contract nor what both bills share is asked for again
    documents = [path for path in sources.requests if "statements.example" in path]
    assert not {f"statements.example{path}" for path in (statement_path(FIRST_EPOCH), statement_path(EPOCH))} & set(
        documents
    )
    assert f"statements.example{price_book_path(BOOK.hash)}" not in documents
    assert len(sources.requests) <= 20
    # And the node of Flare tells the Relay, its root and its policy, and not again its chain
    assert sources.requests.count("flare.example/rpc") == 3


def test_a_node_of_another_chain_is_an_error(sources: PublicSources) -> None:
    sources.answers["/rpc"] = httpx.Response(200, json={"jsonrpc": "2.0", "id": 1, "result": "0x72"})
    with pytest.raises(SourceError, match="is of chain 114, and the contract on Flow takes the signatures of chain"):
        gathered(sources)


def test_a_node_without_the_registry_is_an_error(sources: PublicSources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources.flare, "_view", lambda *_: "0x")
    with pytest.raises(SourceError, match=r"is no contract with getContractAddressByName\(string\)"):
        gathered(sources)


def test_a_node_of_flow_without_the_contract_is_an_error(sources: PublicSources) -> None:
    sources.answers["/v1/scripts"] = httpx.Response(400, json={"message": "cannot find declaration"})
    with pytest.raises(SourceError, match="is it a node of the network with the contract 0x"):
        gathered(sources)


@pytest.mark.parametrize("is_named", [True, False], ids=["its epoch named", "its epoch looked for"])
@pytest.mark.parametrize("epoch", [EPOCH, FIRST_EPOCH], ids=["attested", "proven by a later statement"])
def test_one_call_is_gathered_with_its_path_and_without_the_others(
    sources: PublicSources, epoch: int, is_named: bool
) -> None:
    # Given the id of one of the owner's calls
    event_id = f"{epoch}-{SUBSCRIPTION}-1"
    # When it is gathered
    bundle = sources.gather().run(Wanted(SUBSCRIPTION, epoch if is_named else None, SESSION, event_id))
    # Then the calls of its epoch are read once, one on each page
    of_calls = f"statements.example/v1/subscriptions/{SUBSCRIPTION}/usage/{epoch}"
    assert sources.requests.count(of_calls) == sources.world.calls
    # And it is proven in the statement that counted it, and the other calls stay with their owner
    assert (bundle.epoch, bundle.events) == (epoch, None)
    assert bundle.event is not None
    assert f'"event_id":"{event_id}"' in bundle.event.text
    assert check(bundle).exit is Exit.VERIFIED


@pytest.mark.parametrize(("epoch", "advice"), [(EPOCH, "without --epoch"), (None, "no statement has")])
def test_a_call_that_is_not_the_owners_is_an_error(sources: PublicSources, epoch: int | None, advice: str) -> None:
    with pytest.raises(SourceError, match=advice):
        sources.gather().run(Wanted(SUBSCRIPTION, epoch, SESSION, event_id="another"))


def test_a_call_is_looked_for_in_a_bounded_number_of_epochs(
    sources: PublicSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flareflow_verify.gathering.EPOCHS_MAX", 1)
    with pytest.raises(SourceError, match="in the last 1 epochs with usage; name one with --epoch"):
        sources.gather().run(Wanted(SUBSCRIPTION, session_token=SESSION, event_id=f"{FIRST_EPOCH}-{SUBSCRIPTION}-1"))


def test_without_a_session_nothing_of_the_owner_is_asked_for(sources: PublicSources) -> None:
    bundle = gathered(sources, session=None)
    assert bundle.events is None
    assert not [path for path in sources.requests if "subscriptions" in path]


def test_an_epoch_that_a_later_statement_proves_is_verified_without_its_charge(sources: PublicSources) -> None:
    # Given a statement that was not attested, because the one after it was
    assert attestation_path(FIRST_EPOCH) not in sources.world.documents.kept
    # When it is gathered and checked
    bundle = gathered(sources, epoch=FIRST_EPOCH, session=None)
    found = check(bundle, Trust())
    # Then the chain of statements leads to it, and the charge is that of the later one
    assert len(bundle.sealed) == 2
    assert found.exit is Exit.VERIFIED
    assert Link.USAGE_PAGE in {finding.link for finding in found.findings}
    assert Link.CHARGE not in {finding.link for finding in found.findings}


def test_a_charge_whose_earlier_state_is_gone_is_not_called_verified(sources: PublicSources) -> None:
    # Given a node that has the state of the charge's block and none before
    sources.keeps_state_from = CHARGE_HEIGHT
    # When the bill is checked
    found = check(gathered(sources))
    # Then all is verified but this one charge
    assert found.exit is Exit.UNCHECKED
    assert [one.link for one in found.findings if one.outcome is not Outcome.VERIFIED] == [Link.CHARGE]


def test_a_node_that_has_the_newest_state_alone_still_proves_the_whole_bill(sources: PublicSources) -> None:
    sources.keeps_state_from = CHARGE_HEIGHT + 1
    found = {finding.link: finding.outcome for finding in check(gathered(sources)).findings}
    assert (found[Link.PRICE], found[Link.CHARGE]) == (Outcome.VERIFIED, Outcome.UNCHECKED)


def test_what_the_contracts_no_longer_keep_is_told_by_their_events(sources: PublicSources) -> None:
    # Given a bill of more than a week ago, of which the contracts have forgotten root and statement
    sources.forgets_roots = True
    # When it is checked
    bundle = gathered(sources)
    found = check(bundle)
    # Then both are verified by the events of then; only the total is not known any more
    assert bundle.on_flow is not None
    assert (bundle.on_flow.root, bundle.on_flow.total_microtokens) == (sources.world.on_flow.root, None)
    assert found.exit is Exit.VERIFIED


def test_another_root_in_an_event_is_a_difference(sources: PublicSources) -> None:
    # Given events that tell other roots than the voters have signed and the statement has
    sources.forgets_roots = True
    other = {"root": bytes(32), "settlement_root": bytes(32)}
    sources.world.__dict__["on_flow"] = sources.world.on_flow.model_copy(update=other)
    found = {finding.link: finding.outcome for finding in check(gathered(sources)).findings}
    assert (found[Link.FLOW_ROOT], found[Link.FLOW_STATEMENT]) == (Outcome.DIFFERS, Outcome.DIFFERS)


def test_the_data_availability_layer_stands_in_for_a_node_of_flare(sources: PublicSources) -> None:
    # When a bill is gathered without a node, and with the data availability layer
    gather = replace(sources.gather(), flare=None, da=sources.da())
    bundle = gather.run(Wanted(SUBSCRIPTION))
    # Then its proof leads to the root, and nothing is known of the policy in the Relay
    assert bundle.on_flare == OnFlare(root=sources.world.on_flare.root, policy_hash=None)
    found = {finding.link: finding for finding in check(bundle).findings}
    assert "data availability layer" in found[Link.FLARE_ROOT].said
    assert check(bundle).exit is Exit.VERIFIED
    assert Bundle.parse(bundle.text.encode()) == bundle


def test_another_attestation_in_the_data_availability_layer_is_a_difference(sources: PublicSources) -> None:
    gather = replace(sources.gather(), flare=None, da=sources.da(response_hex="0x" + "00" * 2_080))
    found = {finding.link: finding.outcome for finding in check(gather.run(Wanted(SUBSCRIPTION))).findings}
    assert found[Link.FLARE_ROOT] is Outcome.DIFFERS


@pytest.mark.parametrize("status", [400, 500])
def test_a_data_availability_layer_without_the_attestation_is_an_error(sources: PublicSources, status: int) -> None:
    gather = replace(sources.gather(), flare=None, da=sources.da(status=status))
    with pytest.raises(SourceError, match="data availability layer"):
        gather.run(Wanted(SUBSCRIPTION))


@pytest.fixture
def listed_singly(sources: PublicSources) -> PublicSources:
    """A host that lists one statement at a time, of which the older one was attested."""
    kept, sources.statements_listed = sources.world.documents.kept, 1
    kept[attestation_path(FIRST_EPOCH)] = kept.pop(attestation_path(EPOCH))
    return sources


def test_the_newest_attested_statement_is_found_however_few_a_list_has(listed_singly: PublicSources) -> None:
    assert listed_singly.gather().newest_attested().epoch == FIRST_EPOCH


def test_only_so_many_statements_are_asked_for_until_one_was_attested(
    listed_singly: PublicSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flareflow_verify.gathering.NEWEST_MAX", 1)
    with pytest.raises(SourceError, match="none of the newest 1 statements"):
        listed_singly.gather().newest_attested()


def test_a_statement_without_any_attestation_is_not_called_verified(sources: PublicSources) -> None:
    del sources.world.documents.kept[attestation_path(EPOCH)]
    found = check(gathered(sources))
    assert found.exit is Exit.UNCHECKED
    assert Outcome.DIFFERS not in {finding.outcome for finding in found.findings}


@pytest.mark.parametrize(
    "path",
    [
        "/v1/statements",
        statement_path(EPOCH),
        statement_path(FIRST_EPOCH),
        index_path(EPOCH, PageKind.USAGE),
        index_path(EPOCH, PageKind.SETTLEMENT),
        attestation_path(EPOCH),
        price_book_path(BOOK.hash),
        f"/v1/subscriptions/{SUBSCRIPTION}/usage/{EPOCH}",
        "/v1/blocks",
        "/v1/events",
        "/v1/scripts",
        "/rpc",
    ],
)
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(httpx.Response(500), id="an outage"),
        pytest.param(httpx.Response(302, headers={"location": "https://elsewhere.example"}), id="a redirect"),
        pytest.param(httpx.Response(200, text="<html>"), id="a page for people"),
        pytest.param(httpx.Response(200, json={"unknown": "form"}), id="an unknown form"),
        pytest.param(httpx.Response(200, json=[[[]]]), id="a list"),
        pytest.param(httpx.Response(200, content=b"\xff\xfe"), id="no text"),
    ],
)
def test_an_answer_that_cannot_be_used_is_said_or_found(
    sources: PublicSources, path: str, answer: httpx.Response
) -> None:
    # Given a source that answers one of the requests like this
    sources.answers[path] = httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
    # When the bill is gathered and checked
    try:
        found = check(gathered(sources))
    except SourceError:
        return
    # Then it is never verified
    assert found.exit is not Exit.VERIFIED


def test_what_a_source_sends_beyond_the_limit_is_not_read(
    sources: PublicSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flareflow_verify.sources.host.TEXT_CHARACTERS_MAX", 100)
    with pytest.raises(SourceError, match="100 bytes"):
        gathered(sources)


def test_an_answer_that_comes_drop_by_drop_ends(sources: PublicSources, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a clock that goes on by a second with every look at it
    ticks = itertools.count()
    monkeypatch.setattr("flareflow_verify.sources.http.REQUEST_SECONDS_MAX", 0.5)
    sources.budget = Budget(clock=lambda: float(next(ticks)))
    # Then the first answer takes too long
    with pytest.raises(SourceError, match="took more than"):
        gathered(sources)


def test_the_number_of_requests_is_bounded(sources: PublicSources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flareflow_verify.sources.http.REQUESTS_MAX", 5)
    with pytest.raises(SourceError, match="5 requests"):
        gathered(sources)
