"""Faults of `flareflow audit`: a lie that passes, an honest bill that is called one, a proof that shows nothing."""

from typing import Final

from tests.mutants.fault import Fault

PACKAGE: Final = "verify/flareflow_verify"
COMPARING: Final = f"{PACKAGE}/audit/comparing.py"
BILLS: Final = f"{PACKAGE}/audit/bills.py"
RECEIPTS: Final = f"{PACKAGE}/audit/receipts.py"
PROOF: Final = f"{PACKAGE}/audit/proof.py"
LOG: Final = f"{PACKAGE}/audit/log.py"
TESTS: Final = "tests/unit/verify"


def _fault(name: str, rule: str, file: str, text: str, replacement: str, *tests: str) -> Fault:
    return Fault(
        f"audit-{name}", rule, file, text, replacement, [f"{TESTS}/test_audit{test}.py" for test in tests or ("",)]
    )


FAULTS: Final = (
    _fault(
        "of-other-tokens",
        "A call is billed for the tokens that its user logged.",
        COMPARING,
        "(logged.tokens.input, logged.tokens.output) != (call.tokens.input, call.tokens.output)",
        "logged.tokens.input != call.tokens.input",
    ),
    _fault(
        "of-unverified-bills",
        "A log is compared with bills that are verified.",
        BILLS,
        "one.outcome is Outcome.DIFFERS or (",
        "(",
    ),
    _fault(
        "of-calls-without-an-attestation",
        "A proof rests on bills whose links to the calls are checked.",
        BILLS,
        "{Link.FLARE_ROOT, Link.FLOW_ROOT, Link.SETTLEMENT_INDEX,",
        "{Link.SIGNATURES, Link.PROOF, Link.RESPONSE, Link.STATEMENT, "
        "Link.FLARE_ROOT, Link.FLOW_ROOT, Link.SETTLEMENT_INDEX,",
        "_proofs",
    ),
    _fault(
        "passes-what-was-never-called",
        "A billed call that the log does not have is against the user.",
        COMPARING,
        "HARMLESS: Final = frozenset({Kind.MISSING,",
        "HARMLESS: Final = frozenset({Kind.EXTRA, Kind.MISSING,",
    ),
    _fault(
        "extra-before-the-log",
        "Calls before the first one of the log are not called extra.",
        COMPARING,
        "if self.since is None or call.started_at >= self.since:",
        "if True:",
        "_receipts",
    ),
    _fault(
        "passes-a-token-more",
        "No call is billed for more than its receipt signs.",
        COMPARING,
        "        if more > 0:",
        "        if more > 1_500_000:",
        "_receipts",
    ),
    _fault(
        "passes-another-key",
        "A call is billed to the key and for the tokens that its receipt signs.",
        COMPARING,
        "if (call.tokens, call.key_hash) != (receipt.tokens, receipt.key_hash):",
        "if call.tokens != receipt.tokens:",
        "_receipts",
    ),
    _fault(
        "book-of-this-minute",
        "The gate has a minute to read a new price book.",
        COMPARING,
        "BOOK_READ_WITHIN: Final = timedelta(minutes=1)",
        "BOOK_READ_WITHIN: Final = timedelta(minutes=0)",
        "_receipts",
    ),
    _fault(
        "two-signatures-of-one-receipt",
        "One receipt that is signed twice is no lie.",
        COMPARING,
        "if one.receipt != good[0].receipt",
        "if one.text != good[0].text",
        "_receipts",
    ),
    _fault(
        "counts-a-bad-receipt",
        "A receipt that no valid key has signed counts for nothing.",
        COMPARING,
        "(signed,), (self.bills.last,))\n            else:\n                good.append(signed)",
        "(signed,), (self.bills.last,))\n            good.append(signed)",
        "_receipts",
    ),
    _fault(
        "promise-of-tomorrow",
        "A promise is broken only when its epoch has passed.",
        BILLS,
        "or receipt.counted_until_epoch > self.through_epoch:",
        "or receipt.counted_until_epoch > self.through_epoch + 1:",
        "_receipts",
    ),
    _fault(
        "promise-with-earlier-bills-unknown",
        "A promise is broken only where all calls since an hour before are known.",
        BILLS,
        "return before.window_end <= (receipt.started_at - COUNTED_EARLY).timestamp()",
        "return True",
        "_receipts",
    ),
    _fault(
        "any-signature",
        "A receipt is signed by the key that it names.",
        RECEIPTS,
        "    except ValueError:\n        return False\n    return True",
        "    except ValueError:\n        return True\n    return True",
        "_receipts",
    ),
    _fault(
        "key-of-any-time",
        "A key signs only while it is valid.",
        RECEIPTS,
        "if not key.signs_at(ended):",
        "if False:",
        "_receipts",
    ),
    _fault(
        "keys-that-nobody-names",
        "The keys are those that the statement names.",
        RECEIPTS,
        "if keccak256(document.encode()) != statement.receipt_key_hash:",
        "if False:",
        "_proofs",
    ),
    _fault(
        "proof-of-another-kind",
        "A proof shows the fault that it names.",
        PROOF,
        "if (one.kind, one.event_id) == (proof.kind, proof.event_id)",
        "if one.event_id == proof.event_id",
        "_proofs",
    ),
    _fault(
        "proof-with-gaps",
        "Between the bills of a broken promise no usage is left out.",
        PROOF,
        "reports = check_all(proof.bills, trust) if is_of_absence else",
        "reports = check_all(proof.bills[:1], trust) if is_of_absence else",
        "_proofs",
    ),
    _fault(
        "proof-shows-other-calls",
        "A proof has no call of its owner but the one that it is about.",
        PROOF,
        'update={"events": None, "event": shown}',
        'update={"event": shown}',
        "_proofs",
    ),
    _fault(
        "log-of-another-call",
        "A receipt in a line is that of its call.",
        LOG,
        "    if len(ids) > 1:",
        "    if len(ids) > 2:",
        "_log",
    ),
    _fault(
        "log-forgets-the-cache",
        "Tokens of Anthropic's cache are counted once.",
        LOG,
        'if "prompt_tokens" not in usage and usage.get(name) is not None',
        "if usage.get(name) is not None",
        "_log",
    ),
    _fault(
        "with-a-header-that-asks-for-more",
        "A receipt's header says nothing that is not understood.",
        RECEIPTS,
        'if named != {"alg": ALGORITHM, "typ": HEADER_TYPE, "kid": named["kid"]}:',
        'if (named["alg"], named["typ"]) != (ALGORITHM, HEADER_TYPE):',
        "_log",
    ),
    _fault(
        "of-a-receipt-in-any-form",
        "A receipt has one form.",
        RECEIPTS,
        "if receipt.payload != payload or not",
        "if not",
        "_log",
    ),
    _fault(
        "of-tokens-below-zero",
        "A receipt signs no tokens below zero.",
        RECEIPTS,
        "0 <= amount < AMOUNT_LIMIT",
        "amount < AMOUNT_LIMIT",
        "_log",
    ),
)
