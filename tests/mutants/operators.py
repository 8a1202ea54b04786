"""Faults of what operators decide, of exported costs, and of public statistics."""

from typing import Final

from tests.mutants.fault import Fault

LAYER: Final = "layers/common/flareflow"
COSTS: Final = f"{LAYER}/accounts/costs.py"
FOCUS: Final = f"{LAYER}/accounts/focus.py"
STATISTICS: Final = f"{LAYER}/settlement/statistics.py"
REQUESTS: Final = f"{LAYER}/entrypoints/requests.py"
KEY_DIFFERENCES: Final = f"{LAYER}/accounts/key_differences.py"
OPERATOR_REQUESTS: Final = f"{LAYER}/metering/operator_requests.py"
OPERATOR_API: Final = "functions/operator_api/app.py"
OPERATORS: Final = f"{LAYER}/accounts/operators.py"
SIGNING_POLICIES: Final = f"{LAYER}/settlement/signing_policies.py"
PAYERS: Final = f"{LAYER}/settlement/payers.py"
SIGNATURES: Final = "infra/local/aws/gateway/signatures.py"

TEST_FOCUS: Final = "tests/unit/accounts/test_focus.py"
TEST_STATISTICS: Final = "tests/unit/settlement/test_statistics.py"
TEST_ROUTES: Final = "tests/unit/functions/test_every_route.py"
TEST_OPERATOR_API: Final = "tests/unit/functions/test_operator_api.py"
TEST_AUTHORIZER: Final = "tests/unit/functions/test_session_authorizer.py"
TEST_SIGNATURES: Final = "tests/unit/local/test_signatures.py"

FAULTS: Final = (
    Fault(
        "costs-without-what-is-owed",
        "A cost is what a charge adds to the bill, paid or owed.",
        COSTS,
        " + (charge.owed_change_ufix64 or 0)",
        "",
        [TEST_FOCUS],
    ),
    Fault(
        "costs-by-an-earlier-charge",
        "An epoch is charged by its own statement or the next one that was settled.",
        COSTS,
        "place = bisect_left(epochs, epoch)",
        "place = max(0, bisect_left(epochs, epoch) - 1)",
        [TEST_FOCUS],
    ),
    Fault(
        "costs-of-what-is-not-charged",
        "What is not settled has no cost.",
        COSTS,
        "if one.state is UsageState.SETTLED]",
        "if one.state is not UsageState.PENDING]",
        [TEST_FOCUS],
    ),
    Fault(
        "costs-of-dollars-at-the-rate",
        "A plan in dollars costs dollars, whatever the token is worth.",
        COSTS,
        "rate if charge.currency is Currency.TOKEN else None",
        "rate",
        [TEST_FOCUS],
    ),
    Fault(
        "costs-billing-period-of-thirty-days",
        "A billing period is a month.",
        FOCUS,
        "month=month.month % 12 + 1",
        "month=month.month",
        [TEST_FOCUS],
    ),
    Fault(
        "statistics-debts-in-one-sum",
        "Debts in dollars are not added to debts in the token.",
        STATISTICS,
        "owed_ufix64=0 if is_in_dollars else one.owed_ufix64",
        "owed_ufix64=one.owed_ufix64",
        [TEST_STATISTICS],
    ),
    Fault(
        "statistics-half-sums-are-told",
        "Sums are told once every subscription is in them.",
        STATISTICS,
        "sums = replace(sums, counted=counted, after=part.last)",
        "sums = replace(sums, counted=counted, after=part.last, books=counted)",
        [TEST_STATISTICS],
    ),
    Fault(
        "statistics-of-what-is-not-proven",
        "What is told to be attested is proven.",
        STATISTICS,
        "begun[epoch].state in PROVEN]",
        "begun[epoch].state]",
        [TEST_STATISTICS],
    ),
    Fault(
        "operators-account-is-an-operator",
        "Who is signed in with a wallet is no operator.",
        REQUESTS,
        '(event["requestContext"].get("authorizer") or {}).get("iam") or {}',
        '{"userArn": "x", **((event["requestContext"].get("authorizer") or {}).get("iam") or {})}',
        [TEST_ROUTES],
    ),
    Fault(
        "operators-every-session-is-an-operators",
        "The operators' page is for sessions that the authorizer has found among the operators.",
        REQUESTS,
        '.get("is_operator") is not True',
        '.get("is_operator") is None',
        [TEST_ROUTES],
    ),
    Fault(
        "operators-signers-on-the-page",
        "The routes of the operators' page take sessions, all others signatures.",
        REQUESTS,
        "return operator_account_of(event) if is_of_page else signer_of(event)",
        'return signer_of(event) if event["requestContext"]["authorizer"].get("iam") else operator_account_of(event)',
        [TEST_ROUTES],
    ),
    Fault(
        "operators-part-of-an-address",
        "An operator is an account whose whole address is listed.",
        OPERATORS,
        "return address in self.addresses",
        "return any(address.startswith(one) for one in self.addresses)",
        [TEST_AUTHORIZER],
    ),
    Fault(
        "operators-policy-signed-by-its-own-voters",
        "A policy is signed by the voters of the policy before it.",
        SIGNING_POLICIES,
        "for signed, before in pairwise(newest)]",
        "for signed, before in zip(newest, newest)]",
        [TEST_OPERATOR_API],
    ),
    Fault(
        "operators-one-chain-hides-the-other",
        "While one chain does not answer, the balance on the other is told.",
        PAYERS,
        "        return Payer(address, None)",
        "        raise",
        [TEST_OPERATOR_API],
    ),
    Fault(
        "operators-anybody-decides",
        "The signer of a request is who decides.",
        OPERATOR_API,
        "request.command(who()).run(operator(), utc_now()))",
        'request.command("somebody").run(operator(), utc_now()))',
        [TEST_OPERATOR_API],
    ),
    Fault(
        "operators-credit-without-transaction",
        "A credit names its transaction on Flow.",
        OPERATOR_REQUESTS,
        "(self.transaction is not None) is not (self.verdict == Verdict.CREDITED)",
        "self.transaction is not None and self.verdict != Verdict.CREDITED",
        [TEST_OPERATOR_API],
    ),
    Fault(
        "operators-blocked-by-hand-is-unseen",
        "A key that LiteLLM has blocked, and that should work, is told.",
        KEY_DIFFERENCES,
        "elif found.is_blocked is not should_be_blocked:",
        "elif should_be_blocked and not found.is_blocked:",
        [TEST_OPERATOR_API],
    ),
    Fault(
        "gateway-old-signature-is-taken",
        "A signature is taken for five minutes.",
        SIGNATURES,
        "or abs(now - sent_at) > AGE_MAX",
        "",
        [TEST_SIGNATURES],
    ),
)
