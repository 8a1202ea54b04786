"""What is refused before anything begins: configurations, templates and rights that could not work."""

from dataclasses import replace

import pytest

from flareflow.adapters.flow.json_cdc import ufix64, uint64
from infra.deploy import contracts as deploy
from infra.deploy.sending import TransactionFailedError
from tests.support.flow_emulator import FLOW, NOTICES, Chain, flare_of_tests

pytestmark = pytest.mark.stack


@pytest.mark.parametrize(("roots", "window"), [(0, 1), (1, 0)])
def test_a_light_client_that_would_forget_at_once_is_refused(chain: Chain, roots: int, window: int) -> None:
    flare = replace(flare_of_tests(), roots_kept=roots, message_window=window)
    refusal = f"roots are kept for at least one round and messages for one reward epoch, not for {roots} and {window}"
    with pytest.raises(TransactionFailedError, match=f"FlareOracleVerifier.init: {refusal}"):
        chain.deployed_again(flare)


def test_an_epoch_without_length_is_refused(chain: Chain) -> None:
    with pytest.raises(TransactionFailedError, match=r"FlareFDCTriggers.init: an epoch has a length"):
        chain.deployed_again(notices=replace(NOTICES, epoch=0))


def test_a_flat_price_beyond_what_a_total_can_cost_is_refused(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "FLAT_PRICE_UFIX64", 10 * FLOW + 1)
    with pytest.raises(TransactionFailedError, match=r"GraduatedPricing: a price is at most 10\.0+, not 10\.00000001"):
        chain.deployed_again()


@pytest.mark.parametrize(
    ("source", "words", "refusal"),
    [
        ("", 9, "FlareFDCTriggers.Request: the name of a source has 1 to 32 bytes, not 0"),
        ("s" * 33, 9, "FlareFDCTriggers.Request: the name of a source has 1 to 32 bytes, not 33"),
        ("PublicWeb2", 0, "FlareFDCTriggers.Request: at least the epoch is attested, not 0 words"),
    ],
)
def test_a_request_that_attests_nothing_is_refused(chain: Chain, source: str, words: int, refusal: str) -> None:
    code = f"""
        import "FlareFDCTriggers"
        transaction {{
            execute {{
                FlareFDCTriggers.Request(
                    source: "{source}", urlPrefix: "https://", postProcessJq: ".", abiSignature: "uint256", words: {words}
                )
            }}
        }}
    """
    with pytest.raises(TransactionFailedError, match=refusal):
        chain.flow.run_code(chain.provider, code)


def test_a_plan_whose_last_tier_ends_is_refused(chain: Chain) -> None:
    code = """
        import "GraduatedPricing"
        import "UsageBasedSubscriptions"
        transaction {
            prepare(signer: auth(BorrowValue) &Account) {
                signer.storage.borrow<auth(UsageBasedSubscriptions.Operate) &UsageBasedSubscriptions.Admin>(
                    from: UsageBasedSubscriptions.AdminStoragePath
                )!.addPlan(
                    planId: 1,
                    isInDollars: false,
                    tiers: [GraduatedPricing.Tier(endTokens: 5, price: 1.0)],
                    minimumDeposit: 0.0,
                    lowBalance: 0.0
                )
            }
        }
    """
    with pytest.raises(TransactionFailedError, match="GraduatedPricing: the last tier must have no end"):
        chain.flow.run_code(chain.provider, code)


def test_what_is_not_there_is_named(chain: Chain) -> None:
    chain.refuses_to_tell(
        "SubscriptionPlans.quote: there is no plan 9", "subscriptions/get_quote.cdc", uint64(9), uint64(1)
    )
    chain.refuses(
        "SimpleUsageSubscriptions: there is no account 9",
        "simple/top_up.cdc",
        uint64(9),
        ufix64(FLOW),
    )


def test_the_first_version_of_a_trigger_needs_a_handler(chain: Chain) -> None:
    code = """
        import "FlareFDCTriggers"
        transaction {
            prepare(signer: auth(BorrowValue) &Account) {
                signer.storage.borrow<auth(FlareFDCTriggers.Announce) &FlareFDCTriggers.Admin>(
                    from: FlareFDCTriggers.AdminStoragePath
                )!.announce(
                    name: "other",
                    request: FlareFDCTriggers.Request(
                        source: "PublicWeb2", urlPrefix: "https://", postProcessJq: ".", abiSignature: "uint256", words: 1
                    ),
                    handler: nil
                )
            }
        }
    """
    with pytest.raises(TransactionFailedError, match="the first version of other needs a handler"):
        chain.flow.run_code(chain.provider, code)
