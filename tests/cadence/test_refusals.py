"""What is refused before anything begins: configurations, templates and rights that could not work."""

from dataclasses import replace

import pytest

from flareflow.adapters.flow.json_cdc import ufix64, uint64
from infra.deploy import contracts as deploy
from infra.deploy.sending import TransactionFailedError
from tests.support.flow_emulator import FLOW, Chain, flare_of_tests

pytestmark = pytest.mark.stack


@pytest.mark.parametrize(("roots", "policies"), [(0, 2), (1, 1)])
def test_a_light_client_that_would_forget_at_once_is_refused(chain: Chain, roots: int, policies: int) -> None:
    flare = replace(flare_of_tests(), roots_kept=roots, policies_kept=policies)
    refusal = f"roots are kept for a round at least and two policies, not {roots} and {policies}"
    with pytest.raises(TransactionFailedError, match=f"FlareOracleVerifier.init: {refusal}"):
        chain.deployed_again(flare)


def test_a_flat_price_beyond_what_a_total_can_cost_is_refused(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "FLAT_PRICE_UFIX64", 10 * FLOW + 1)
    with pytest.raises(
        TransactionFailedError, match=r"SimpleUsageSubscriptions.init: the price is at most 10\.0, not 10\.00000001"
    ):
        chain.deployed_again()


@pytest.mark.parametrize(
    ("head", "words", "refusal"),
    [
        ("00", 9, "FlareFDCTriggers.Template: the head has 96 bytes, not 1"),
        ("00" * 96, 0, "FlareFDCTriggers.Template: the epoch at least is attested"),
    ],
)
def test_a_template_that_is_none_is_refused(chain: Chain, head: str, words: int, refusal: str) -> None:
    code = f"""
        import "FlareFDCTriggers"
        transaction {{
            execute {{
                FlareFDCTriggers.Template(head: "{head}", beforeEpoch: "", afterEpoch: "", words: {words})
            }}
        }}
    """
    with pytest.raises(TransactionFailedError, match=refusal):
        chain.flow.run_code(chain.provider, code)


def test_a_plan_whose_last_tier_ends_is_refused(chain: Chain) -> None:
    code = """
        import "UsageBasedSubscriptions"
        transaction {
            prepare(signer: auth(BorrowValue) &Account) {
                signer.storage.borrow<auth(UsageBasedSubscriptions.Operate) &UsageBasedSubscriptions.Admin>(
                    from: UsageBasedSubscriptions.AdminStoragePath
                )!.addPlan(
                    planId: 1,
                    tiers: [UsageBasedSubscriptions.Tier(endTokens: 5, price: 1.0)],
                    minimumDeposit: 0.0,
                    lowBalance: 0.0
                )
            }
        }
    """
    with pytest.raises(TransactionFailedError, match="UsageBasedSubscriptions: the last tier has no end"):
        chain.flow.run_code(chain.provider, code)


def test_the_providers_rights_work_only_in_storage(chain: Chain) -> None:
    code = """
        import "UsageBasedSubscriptions"
        transaction {
            prepare(signer: auth(LoadValue) &Account) {
                let admin <- signer.storage.load<@UsageBasedSubscriptions.Admin>(
                    from: UsageBasedSubscriptions.AdminStoragePath
                )!
                destroy admin.withdrawRevenue(amount: 0.0)
                destroy admin
            }
        }
    """
    refusal = "UsageBasedSubscriptions.Admin: the provider's rights work only in an account's storage"
    with pytest.raises(TransactionFailedError, match=refusal):
        chain.flow.run_code(chain.provider, code)


def test_what_is_not_there_is_named(chain: Chain) -> None:
    chain.refuses_to_tell(
        "UsageBasedSubscriptions.quote: there is no plan 9", "subscriptions/get_quote.cdc", uint64(9), uint64(1)
    )
    chain.refuses(
        "SimpleUsageSubscriptions: there is no account 9",
        "simple/top_up.cdc",
        uint64(9),
        ufix64(FLOW),
    )
