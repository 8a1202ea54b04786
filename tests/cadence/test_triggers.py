"""What may be attested, to the byte, and to whom it is handed."""

from dataclasses import replace

import pytest

from flareflow.adapters.flow.cadence import resolve_imports
from flareflow.adapters.flow.contracts import STATEMENT_TRIGGER
from flareflow.adapters.flow.json_cdc import Argument, array, string, uint64, uint256
from flareflow.attestation.request import (
    ATTESTED_FIELDS,
    NO_TIMESTAMP,
    AttestationTarget,
)
from flareflow.keccak import keccak256
from infra.deploy.contracts import STATEMENT_HANDLER, announce_statements
from infra.deploy.sending import TransactionFailedError
from infra.local.flow.contracts import LocalDeployer
from tests.cadence.flare import CONFIRM
from tests.support.flow_emulator import (
    DELIVER,
    FIRST_ROUND,
    TARGET,
    Attested,
    Chain,
    words_of,
)

pytestmark = pytest.mark.stack

ROOT = keccak256(b"a settlement root")
HANDLER = """
    import "FlareFDCTriggers"
    import "UsageBasedSubscriptions"

    access(all) contract Stranger {
        access(all) resource Handler: FlareFDCTriggers.Handler {
            access(FlareFDCTriggers.Notify) fun announced(triggerId: String, effectiveAt: UFix64) {}
            access(all) fun handle(delivery: &FlareFDCTriggers.Delivery) {
                let other = Stranger.account.capabilities.storage
                    .issue<&{FlareFDCTriggers.Handler}>(/storage/usageBasedSubscriptionsHandler)
                    .borrow()!
                other.handle(delivery: delivery)
            }
        }
        init() {
            self.account.storage.save(<-create Handler(), to: /storage/stranger)
        }
    }
"""
DEPLOY = """
    transaction(name: String, code: String) {
        prepare(signer: auth(AddContract) &Account) {
            signer.contracts.add(name: name, code: code.utf8)
        }
    }
"""


def attested(epoch: int = 7) -> Attested:
    return Attested(epoch, words_of(epoch, ROOT), FIRST_ROUND + epoch)


def whole(told: Attested) -> list[Argument]:
    return [*told.confirming(), *told.delivering()]


def rendered(chain: Chain, told: Attested) -> object:
    return chain.script(
        "fdc/render_response.cdc",
        string(STATEMENT_TRIGGER),
        uint64(told.round),
        uint64(told.timestamp),
        uint64(told.epoch),
        array(uint256, told.words),
    )


@pytest.mark.parametrize(
    "told",
    [
        attested(),
        Attested(9_999_999_999, (9_999_999_999, *([2**256 - 1] * (len(ATTESTED_FIELDS) - 1))), 2**32 - 1, timestamp=0),
        Attested(0, (0,) * len(ATTESTED_FIELDS), 0, timestamp=NO_TIMESTAMP),
    ],
    ids=["usual", "largest", "smallest"],
)
def test_the_rendered_response_is_what_flare_encodes(chain: Chain, told: Attested) -> None:
    assert rendered(chain, told) == told.response.hex()


def test_an_attested_statement_is_handed_over_once(chain: Chain) -> None:
    # When a statement is delivered
    told = attested()
    result = chain.run(DELIVER, *whole(told))
    # Then the contract of subscriptions has its settlement root
    assert [name for name, _ in chain.events(result)] == ["RootConfirmed", "Delivered", "StatementConfirmed"]
    assert chain.events(result)[-1][1] == {"epoch": 7, "settlementRoot": ROOT.hex()}
    delivered = chain.script("fdc/get_delivered.cdc", string(STATEMENT_TRIGGER), uint64(7))
    assert delivered is True


def test_delivering_again_changes_nothing(chain: Chain) -> None:
    told = attested()
    chain.run(DELIVER, *whole(told))
    # When the whole transaction comes again
    # Then it succeeds and says nothing
    assert chain.events(chain.run(DELIVER, *whole(told))) == []


def test_a_replay_to_the_contract_itself_is_refused(chain: Chain) -> None:
    # Given a delivered epoch, attested once more in another round
    chain.run(DELIVER, *whole(attested()))
    again = replace(attested(), round=FIRST_ROUND + 50)
    chain.run(CONFIRM, *again.confirming())
    # Then it is not handed over a second time
    code = """
        import "FlareFDCTriggers"
        transaction(t: String, r: UInt64, l: UInt64, e: UInt64, w: [UInt256], p: [String]) {
            execute {
                FlareFDCTriggers.deliver(
                    triggerId: t, votingRound: r, lowestUsedTimestamp: l, epoch: e, words: w, proof: p
                )
            }
        }
    """
    with pytest.raises(
        TransactionFailedError,
        match="FlareFDCTriggers: epoch 7 of statement/1 is delivered already, or a later one has its place",
    ):
        chain.flow.run_code(chain.provider, code, *again.delivering())


def refused_as_foreign(chain: Chain, told: Attested, words: tuple[int, ...] | None = None) -> None:
    chain.run(CONFIRM, *told.confirming())
    chain.refuses(
        f"FlareOracleVerifier.verify: the response does not belong to the root of round {told.round}",
        DELIVER,
        *told.confirming(),
        *told.delivering(words),
    )


@pytest.mark.parametrize("position", range(1, len(ATTESTED_FIELDS)))
def test_a_changed_word_is_refused(chain: Chain, position: int) -> None:
    words = list(attested().words)
    words[position] += 1
    refused_as_foreign(chain, attested(), tuple(words))


@pytest.mark.parametrize(
    "target",
    [
        AttestationTarget("PublicWeb2", "https://statements.flareflow.tesu/v1/statements/"),
        AttestationTarget("PublicWeb2", "https://statements.flareflow.test/v2/statements/"),
        AttestationTarget("PublicWeb2", "https://evil.test/statements.flareflow.test/v1/statements/"),
        AttestationTarget("testIgnite", TARGET.url_prefix),
    ],
    ids=["another host", "another path", "another url", "another source"],
)
def test_a_statement_from_elsewhere_is_refused(chain: Chain, target: AttestationTarget) -> None:
    # Given that Flare attested the right words of a wrong request
    refused_as_foreign(chain, replace(attested(), target=target))


def test_another_timestamp_than_the_attested_one_is_refused(chain: Chain) -> None:
    told = attested()
    chain.run(CONFIRM, *told.confirming())
    arguments = told.delivering()
    arguments[2] = uint64(0)
    chain.refuses("the response does not belong to the root", DELIVER, *told.confirming(), *arguments)


def test_the_epoch_in_the_url_and_the_attested_epoch_must_agree(chain: Chain) -> None:
    # Given that a statement's words name another epoch than its url
    told = replace(attested(), words=words_of(8, ROOT))
    chain.refuses("FlareFDCTriggers: the first attested word is 8, not the epoch 7", DELIVER, *whole(told))


def test_an_epoch_of_eleven_digits_is_refused(chain: Chain) -> None:
    chain.refuses_to_tell(
        "FlareFDCTriggers: an epoch has at most ten digits, not 10000000000",
        "fdc/render_response.cdc",
        string(STATEMENT_TRIGGER),
        uint64(FIRST_ROUND),
        uint64(NO_TIMESTAMP),
        uint64(10**10),
        array(uint256, words_of(10**10, ROOT)),
    )


def test_an_epoch_that_had_not_begun_when_its_round_ended_takes_no_place(chain: Chain) -> None:
    # Given the epoch in which a round ends, and the one after it
    round_end = 1_658_430_000 + (FIRST_ROUND + 1) * 90
    running = round_end // 300
    early, due = (
        Attested(epoch, words_of(epoch, ROOT), FIRST_ROUND + ahead) for epoch, ahead in ((running + 1, 0), (running, 0))
    )
    # Then the next one is refused, though Flare attested it, and the running one is not
    chain.run(CONFIRM, *early.confirming())
    chain.refuses(
        f"FlareFDCTriggers: epoch {running + 1} had not begun when voting round {FIRST_ROUND} ended",
        DELIVER,
        *whole(early),
    )
    later = replace(due, round=FIRST_ROUND + 1)
    chain.run(DELIVER, *whole(later))


def test_too_few_words_are_refused(chain: Chain) -> None:
    told = replace(attested(), words=attested().words[:10])
    arguments = [*attested().confirming(), *attested().delivering(told.words)]
    chain.refuses("FlareFDCTriggers: trigger statement/1 attests 11 words, not 10", DELIVER, *arguments)


def test_an_unknown_trigger_is_refused(chain: Chain) -> None:
    chain.refuses(
        "FlareFDCTriggers: there is no trigger statement/2",
        DELIVER,
        *attested().confirming(),
        *attested().delivering(trigger_id="statement/2"),
    )


def test_anyone_may_ask_for_an_epoch_that_is_due(chain: Chain) -> None:
    result = chain.run("fdc/request_epoch.cdc", string(STATEMENT_TRIGGER), uint64(7))
    assert chain.events(result) == [("EpochRequested", {"triggerId": STATEMENT_TRIGGER, "epoch": 7})]
    chain.attest(7, ROOT)
    chain.refuses(
        "FlareFDCTriggers: epoch 7 of statement/1 is delivered already, or a later one has its place",
        "fdc/request_epoch.cdc",
        string(STATEMENT_TRIGGER),
        uint64(7),
    )


def test_a_new_version_stands_beside_the_old_one(chain: Chain) -> None:
    # Given a second version with another url
    moved = AttestationTarget("PublicWeb2", "https://statements.flareflow.test/v2/statements/")
    announce_statements(LocalDeployer(chain.flow, chain.provider), moved, "statement/2")
    # Then each takes its own statements
    told = replace(attested(8), target=moved)
    chain.run(DELIVER, *told.confirming(), *told.delivering(trigger_id="statement/2"))
    chain.run(DELIVER, *whole(attested(7)))
    # And announcing it again changes nothing
    announce_statements(LocalDeployer(chain.flow, chain.provider), TARGET, "statement/2")
    assert rendered(chain, attested()) == attested().response.hex()


def test_an_epoch_gets_one_settlement_root_whatever_the_version(chain: Chain) -> None:
    # Given two versions that attest to the same epoch
    moved = AttestationTarget("PublicWeb2", "https://statements.flareflow.test/v2/statements/")
    announce_statements(LocalDeployer(chain.flow, chain.provider), moved, "statement/2")
    chain.run(DELIVER, *whole(attested(7)))
    # Then the second does not replace the first
    told = replace(attested(7), target=moved, round=FIRST_ROUND + 100)
    chain.refuses(
        "SettlementPages: epoch 7 comes too late, the place is taken by epoch 7",
        DELIVER,
        *told.confirming(),
        *told.delivering(trigger_id="statement/2"),
    )


def test_a_handler_cannot_pass_its_delivery_on(chain: Chain) -> None:
    # Given a trigger whose handler hands everything on to the contract of subscriptions
    chain.flow.run_code(chain.provider, DEPLOY, string("Stranger"), string(code_of(chain, HANDLER)))
    announce_statements(LocalDeployer(chain.flow, chain.provider), TARGET, "stranger/1", "stranger")
    told = attested()
    # Then that contract gets no words
    chain.refuses(
        "FlareFDCTriggers.Delivery.wordsFor: the delivery is for resource",
        DELIVER,
        *told.confirming(),
        *told.delivering(trigger_id="stranger/1"),
    )


def code_of(chain: Chain, code: str) -> str:
    return resolve_imports(code, chain.flow.addresses)


def test_the_handler_is_where_deployment_says(chain: Chain) -> None:
    code = """
        import "UsageBasedSubscriptions"
        access(all) fun main(): String { return UsageBasedSubscriptions.HandlerStoragePath.toString() }
    """
    assert chain.evaluate(code) == f"/storage/{STATEMENT_HANDLER}"
