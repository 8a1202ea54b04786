"""How triggers are announced: in readable form, in time to leave, by nobody but the administrator."""

import pytest

from flareflow.adapters.flow.json_cdc import Argument, Value, array, ufix64, uint64, uint256
from flareflow.attestation.request import (
    ABI_SIGNATURE,
    ATTESTED_FIELDS,
    POST_PROCESS_JQ,
    AttestationTarget,
    RequestBody,
    encode_response,
)
from flareflow.keccak import keccak256
from infra.deploy.contracts import Notices, announce_statements
from infra.deploy.sending import TransactionFailedError
from infra.local.flow.contracts import LocalDeployer
from tests.support.flow_emulator import (
    FIRST_ROUND,
    FLOW,
    LONG_NOTICES,
    SHORT_NOTICES,
    TARGET,
    Attested,
    Chain,
    words_of,
)

pytestmark = pytest.mark.stack

HOUR = 3_600
DAY = 24 * HOUR
DAYS = Notices(trigger=7 * DAY, plan=7 * DAY, exit=DAY)
MOVED = AttestationTarget("PublicWeb2", "https://statements.flareflow.test/v2/statements/")
PUBLISHED = r"""
    transaction {
        prepare(signer: auth(Capabilities) &Account) {
            signer.storage.forEachPublic(fun (path: PublicPath, type: Type): Bool {
                assert(
                    !type.identifier.contains("FlareFDCTriggers"),
                    message: "\(path) publishes \(type.identifier)"
                )
                return true
            })
            assert(
                signer.capabilities.storage.getControllers(forPath: /storage/flareFDCTriggersAdmin).length == 0,
                message: "there is a capability for the administrator"
            )
        }
    }
"""
RENDERED = """
    import "FlareFDCTriggers"
    access(all) fun main(words: [UInt256]): String {
        return FlareFDCTriggers.Template(FlareFDCTriggers.Request(
            source: "SOURCE", urlPrefix: "PREFIX", postProcessJq: "JQ", abiSignature: "uint256", words: words.length
        )).render(votingRound: 1, lowestUsedTimestamp: 2, epoch: 3, words: words)
    }
"""


def announce(chain: Chain, target: AttestationTarget = MOVED, trigger_id: str = "statement/2") -> None:
    announce_statements(LocalDeployer(chain.flow, chain.provider), target, trigger_id)


def attested(epoch: int = 7) -> Attested:
    return Attested(epoch, words_of(epoch, keccak256(b"a settlement root")), FIRST_ROUND + epoch)


def whole(told: Attested) -> list[Argument]:
    return [*told.confirming(), *told.delivering()]


def test_what_will_be_attested_is_announced_in_readable_form(chain: Chain) -> None:
    # When a trigger for another url is announced
    moved = AttestationTarget("PublicWeb2", "https://statements.flareflow.test/v2/statements/")
    first = chain.flow.rest.latest_sealed_block().height + 1
    announce_statements(LocalDeployer(chain.flow, chain.provider), moved, "statement/2")
    # Then everybody can read what its responses will be
    last = chain.flow.rest.latest_sealed_block().height
    kind = f"A.{chain.provider.address}.FlareFDCTriggers.TriggerAnnounced"
    (announced,) = [event for block in chain.flow.rest.events(kind, first, last) for event in block.events]
    fields = announced.fields()
    assert isinstance(fields, dict)
    assert fields["request"] == {
        "source": "PublicWeb2",
        "urlPrefix": moved.url_prefix,
        "postProcessJq": POST_PROCESS_JQ,
        "abiSignature": ABI_SIGNATURE,
        "words": len(ATTESTED_FIELDS),
    }


def test_only_the_administrator_announces_a_trigger(chain: Chain) -> None:
    stranger = chain.flow.create_account(10**8)
    with pytest.raises(TransactionFailedError, match="the signer has no rights over the triggers"):
        announce_statements(LocalDeployer(chain.flow, stranger), TARGET, "statement/2")


def test_versions_are_announced_in_order(chain: Chain) -> None:
    with pytest.raises(TransactionFailedError, match="the next version is statement/2, not statement/3"):
        announce_statements(LocalDeployer(chain.flow, chain.provider), TARGET, "statement/3")


def test_a_trigger_without_a_handler_is_refused(chain: Chain) -> None:
    with pytest.raises(TransactionFailedError, match="there is no handler behind the capability"):
        announce_statements(LocalDeployer(chain.flow, chain.provider), TARGET, "other/1", "nothing")


def test_a_trigger_counts_after_its_notice(chain: Chain) -> None:
    soon = chain.with_own_clock(notices=SHORT_NOTICES)
    soon.wait(SHORT_NOTICES.trigger)
    soon.attest(7, bytes(32))


def test_a_trigger_does_not_count_before_its_notice_ends(chain: Chain) -> None:
    later = chain.deployed_again(notices=LONG_NOTICES)
    told = attested()
    later.refuses_to_tell(
        "FlareFDCTriggers: trigger statement/1 takes effect at",
        "fdc/render_response.cdc",
        *[whole(told)[position] for position in (3, 4, 5, 6, 7)],
    )


def triggers(chain: Chain) -> list[dict[str, Value]]:
    told = chain.script("fdc/get_triggers.cdc")
    assert isinstance(told, list)
    return [dict(one) for one in told if isinstance(one, dict)]


def test_pending_triggers_are_listed_with_what_they_attest(chain: Chain) -> None:
    # Given a deployment whose first triggers are in effect
    client = chain.with_own_clock(notices=DAYS)
    client.wait(7 * DAY)
    # When another version is announced
    announce(client)
    # Then a list says of every trigger what it attests, and which one is pending until when
    told = triggers(client)
    assert [(one["triggerId"], one["isPending"]) for one in told] == [
        ("statement/1", False),
        ("simple-statement/1", False),
        ("statement/2", True),
    ]
    pending = told[-1]
    assert int(str(pending["effectiveAt"])) - int(str(pending["announcedAt"])) == 7 * DAY * FLOW
    assert {name: pending[name] for name in ("source", "urlPrefix", "postProcessJq", "abiSignature", "words")} == {
        "source": "PublicWeb2",
        "urlPrefix": MOVED.url_prefix,
        "postProcessJq": POST_PROCESS_JQ,
        "abiSignature": ABI_SIGNATURE,
        "words": len(ATTESTED_FIELDS),
    }
    assert pending["handler"] == f"0x{client.provider.address}"
    # And it is no longer pending once it is in effect
    client.wait(7 * DAY)
    assert not any(one["isPending"] for one in triggers(client))


@pytest.mark.parametrize("length", [10, 11, 31, 32, 33, 64])
def test_texts_of_any_length_are_encoded_as_in_solidity(chain: Chain, length: int) -> None:
    # Given texts that end before, at and after the end of a word, and one that is longer than its number of characters
    prefix, jq = "https://ä.test/".ljust(length, "x"), "." * length
    body = RequestBody(f"{prefix}0000000003", "GET", "", "", "", jq, "uint256")
    words = (3, 4)
    encoded = encode_response("S" * min(length, 32), body, b"".join(word.to_bytes(32) for word in words), 1, 2)
    # Then the contract renders what Flare encodes
    code = RENDERED.replace("SOURCE", "S" * min(length, 32)).replace("PREFIX", prefix).replace("JQ", jq)
    assert chain.evaluate(code, array(uint256, words)) == encoded.hex()


def open_all(chain: Chain) -> None:
    """Open a subscription in either contract."""
    account, _ = chain.subscriber()
    chain.run("simple/open.cdc", ufix64(FLOW), signer=account)


def test_nobody_opens_what_could_not_be_left_before_a_trigger_takes_effect(chain: Chain) -> None:
    # Given new triggers of both contracts with a notice of seven days, where leaving takes a day, and in
    # `UsageBasedSubscriptions` an hour more, in which confirmed statements can be settled
    client = chain.with_own_clock(notices=DAYS)
    client.wait(7 * DAY)
    announce(client)
    announce(client, TARGET, "simple-statement/2")
    # When somebody opens a subscription twice that time before it takes effect
    client.wait(5 * DAY - 2 * HOUR)
    account, subscription = client.subscriber()
    # Then there is time to leave
    client.run("subscriptions/request_exit.cdc", uint64(subscription), signer=account)
    # And nobody opens one later, until it is in effect
    late = "{}.open: trigger {} takes effect before an owner who opens now could leave"
    not_here = late.format("SubscriptionPlans", "statement/2")
    nor_there = late.format("SimpleUsageSubscriptions", "simple-statement/2")
    opening = "subscriptions/open_subscription.cdc", uint64(0), uint64(1), ufix64(FLOW)
    client.wait(1)
    client.refuses(not_here, *opening, signer=account)
    client.wait(2 * HOUR - 1)
    client.run("simple/open.cdc", ufix64(FLOW), signer=account)
    client.wait(1)
    client.refuses(not_here, *opening, signer=account)
    client.refuses(nor_there, "simple/open.cdc", ufix64(FLOW), signer=account)
    client.wait(DAY - 2 * HOUR - 1)
    client.run("subscriptions/close_subscription.cdc", uint64(subscription), signer=account)
    client.wait(DAY + 2 * HOUR)
    open_all(client)


def test_a_trigger_of_one_contract_keeps_nobody_from_opening_in_another(chain: Chain) -> None:
    client = chain.with_own_clock(notices=DAYS)
    client.wait(7 * DAY)
    announce(client, TARGET, "simple-statement/2")
    client.wait(6 * DAY)
    client.subscriber()


def test_the_first_trigger_keeps_nobody_from_opening(chain: Chain) -> None:
    # Given a deployment whose first triggers take effect in a moment
    client = chain.with_own_clock(notices=DAYS)
    client.wait(7 * DAY - 1)
    # Then subscriptions are opened, since nothing else could be attested for them
    open_all(client)


def test_of_several_pending_triggers_the_nearest_keeps_from_opening(chain: Chain) -> None:
    # Given two new triggers, the second announced a day before the first takes effect
    client = chain.with_own_clock(notices=DAYS)
    client.wait(7 * DAY)
    announce(client)
    client.wait(6 * DAY)
    announce(client, TARGET, "statement/3")
    # Then the first of them is named
    account = client.flow.create_account(10 * FLOW)
    client.refuses(
        "SubscriptionPlans.open: trigger statement/2 takes effect before an owner who opens now could leave",
        "subscriptions/open_subscription.cdc",
        *(uint64(0), uint64(1), ufix64(FLOW)),
        signer=account,
    )
    # And between the two there is time
    client.wait(DAY)
    open_all(client)
    # And a trigger that is in effect is forgotten when the next one is announced
    announce(client, TARGET, "statement/4")
    open_all(client)


def test_the_provider_publishes_no_right_over_triggers(chain: Chain) -> None:
    chain.flow.run_code(chain.provider, PUBLISHED)
