"""Faults of the command: a bill that is wrong anywhere is never called verified."""

from typing import Final

from tests.mutants.fault import Fault

PACKAGE: Final = "verify/flareflow_verify"
EVIDENCE: Final = f"{PACKAGE}/evidence.py"
QUORUM: Final = f"{PACKAGE}/quorum.py"
CURVE: Final = f"{PACKAGE}/secp256k1.py"
FLARE: Final = f"{PACKAGE}/steps/flare.py"
DOCUMENTS: Final = f"{PACKAGE}/steps/documents.py"
EVENTS: Final = f"{PACKAGE}/steps/events.py"
FLOW: Final = f"{PACKAGE}/steps/flow.py"
CHECKING: Final = f"{PACKAGE}/checking.py"
BUNDLE: Final = f"{PACKAGE}/bundle.py"
GATHERING: Final = f"{PACKAGE}/gathering.py"
OUTPUT: Final = f"{PACKAGE}/output.py"
POLICIES: Final = f"{PACKAGE}/sources/flare_policies.py"
HTTP: Final = f"{PACKAGE}/sources/http.py"

TESTS: Final = "tests/unit/verify"
TEST_LINKS: Final = f"{TESTS}/test_links.py"
TEST_RELAY: Final = f"{TESTS}/test_relay_outcomes.py"
TEST_CURVE: Final = f"{TESTS}/test_secp256k1.py"
TEST_SHIPPED: Final = f"{TESTS}/test_shipped_bundles.py"
TEST_BUNDLE: Final = f"{TESTS}/test_bundle.py"
TEST_COMMAND: Final = f"{TESTS}/test_command.py"
TEST_EVENTS: Final = f"{TESTS}/test_events.py"
TEST_GATHERING: Final = f"{TESTS}/test_gathering.py"


def _link(name: str, rule: str, file: str, text: str, replacement: str, *tests: str) -> Fault:
    return Fault(f"verify-{name}", rule, file, text, replacement, list(tests) or [TEST_SHIPPED])


FAULTS: Final = (
    _link(
        "any-policy-is-trusted",
        "The first policy is the trusted one.",
        EVIDENCE,
        "if trusted in self.hashes_of(one.policy):",
        "if True:",
        TEST_LINKS,
    ),
    _link(
        "policy-without-signatures",
        "A policy is signed by a quorum of the one before.",
        QUORUM,
        "    if signed.weight <= previous.threshold:",
        "    if signed.weight < 0:",
    ),
    _link(
        "policy-of-any-epoch",
        "Policies follow on each other, one for each reward epoch.",
        FLARE,
        "if policy.reward_epoch != previous.reward_epoch + 1:",
        "if policy.reward_epoch < previous.reward_epoch:",
        TEST_RELAY,
    ),
    _link(
        "other-policy-in-the-relay",
        "The policy is the one in Flare's Relay.",
        FLARE,
        "if told not in evidence.hashes_of(evidence.signed_policies[-1].policy):",
        "if not told:",
        TEST_LINKS,
    ),
    _link(
        "threshold-is-enough",
        "A quorum has more weight than the threshold.",
        QUORUM,
        "        if signed.weight > policy.threshold:",
        "        if signed.weight >= policy.threshold:",
        TEST_RELAY,
    ),
    _link(
        "voter-counts-twice",
        "A voter's signature counts once.",
        QUORUM,
        "signers + 1, index + 1",
        "signers + 1, index",
        TEST_RELAY,
    ),
    _link(
        "address-counts-twice",
        "An address that stands twice in a policy counts once.",
        QUORUM,
        "voter.weight if first_place[voter.address] == place else 0 for",
        "voter.weight for",
        TEST_RELAY,
    ),
    _link(
        "anybody-signs",
        "A signature is by the voter that it names.",
        QUORUM,
        "signature.v, r, s) == address for",
        "signature.v, r, s) is not None for",
        TEST_RELAY,
    ),
    _link(
        "ended-policy-signs",
        "A policy signs nothing after its reward epoch, unless the next one starts late.",
        FLARE,
        "if has_begun and not (expected > policy.reward_epoch and is_followed):",
        "if has_begun:",
        TEST_RELAY,
    ),
    _link(
        "policy-signs-before-its-start",
        "A policy signs from its first round on.",
        FLARE,
        "policy.start_voting_round <= voting_round and policy.reward_epoch <= expected",
        "policy.reward_epoch <= expected",
        TEST_LINKS,
    ),
    _link(
        "any-protocol",
        "What was signed is of the Data Connector.",
        FLARE,
        "if message.protocol_id != FDC_PROTOCOL_ID:",
        "if message.protocol_id == 0:",
        TEST_RELAY,
    ),
    _link(
        "wrong-parity",
        "The parity of a signature tells which of two keys signed.",
        CURVE,
        "if y % 2 != v - V_MIN:",
        "if y % 2 == 0:",
        TEST_CURVE,
    ),
    _link(
        "point-off-the-curve",
        "An r that is on no point signs nothing.",
        CURVE,
        "    if y * y % FIELD != square:\n        return None\n",
        "",
        TEST_CURVE,
    ),
    _link(
        "root-on-chain-ignored",
        "Both chains have the root that was signed.",
        FLARE,
        "if root != evidence.message.merkle_root:\n        raise DifferenceError(\n            link",
        "if not root:\n        raise DifferenceError(\n            link",
    ),
    _link(
        "any-request",
        "The response answers the request that the contract waits for.",
        FLARE,
        "if response == _expected(evidence, trigger):",
        "if _expected(evidence, trigger):",
    ),
    _link(
        "pending-trigger",
        "A trigger that is only announced proves nothing.",
        FLARE,
        "if not one.is_pending and _attests_our_fields(one)",
        "if _attests_our_fields(one)",
        TEST_LINKS,
    ),
    _link(
        "proof-to-nowhere",
        "The response leads to the signed root.",
        FLARE,
        "if root != message.merkle_root:",
        "if not root:",
    ),
    _link(
        "statement-not-attested",
        "Every field of the statement is attested.",
        DOCUMENTS,
        "if attested != word:",
        "if attested != word and number < 2:",
    ),
    _link(
        "chain-broken",
        "Each statement names the hash of the one before.",
        DOCUMENTS,
        "if later.previous_statement_hash != earlier.hash:",
        "if not later.previous_statement_hash:",
    ),
    _link(
        "index-without-root",
        "An index leads to the statement's root.",
        EVIDENCE,
        "if index.tree.root != statement.root_of(kind):",
        "if not index.tree.root:",
        TEST_LINKS,
    ),
    _link(
        "page-not-named",
        "A page is named by the index.",
        EVIDENCE,
        "if index.hashes.get(number) != keccak256(text.encode()):",
        "if number not in index.hashes:",
    ),
    _link(
        "book-not-named",
        "The price book is the one that the statement names.",
        EVIDENCE,
        "if keccak256(text.encode()) != self.statement.price_book_hash:",
        "if not text:",
    ),
    _link(
        "events-without-root",
        "The events lead to the page's events root.",
        EVENTS,
        "if root != used.events_root:",
        "if not root:",
    ),
    _link(
        "call-billed-twice",
        "A call is billed once.",
        EVENTS,
        "if times > 1:",
        "if times > 2:",
        TEST_EVENTS,
    ),
    _link(
        "call-without-path",
        "One call leads to the page's events root.",
        EVENTS,
        "if fold(leaf, proven.siblings) != used.events_root:",
        "if not leaf:",
    ),
    _link(
        "events-of-many-forms",
        "An event has one form.",
        EVENTS,
        'if json.dumps(event, separators=(",", ":")) != text:',
        "if not text:",
        TEST_EVENTS,
    ),
    _link(
        "any-weight",
        "A call weighs what the price book says.",
        EVENTS,
        'if weighs != _number(event["rated_microtokens"]):',
        "if weighs is None:",
    ),
    _link(
        "settles-more-than-was-used",
        "No more may be charged than was used.",
        DOCUMENTS,
        "if total != evidence.usage.rated_microtokens:",
        "if total is None:",
    ),
    _link(
        "other-root-on-flow",
        "The contract was given the statement's settlement root.",
        FLOW,
        "if on_flow.settlement_root != statement.settlement_root:",
        "if not on_flow.settlement_root:",
    ),
    _link(
        "any-contract",
        "The contract is the one that the reader named.",
        FLOW,
        "if evidence.trust.contract not in (None, on_flow.contract):",
        "if not on_flow.contract:",
        TEST_LINKS,
    ),
    _link(
        "settled-something-else",
        "The contract settled the total of the page.",
        FLOW,
        "if charge is not None and (charge.epoch, charge.rated_microtokens) != (epoch, total):",
        "if charge is not None and charge.epoch != epoch:",
    ),
    _link(
        "any-price",
        "What is paid and owed is the price of what is settled.",
        FLOW,
        "if price != paid + bill.owed_ufix64:",
        "if price < 0:",
    ),
    _link(
        "any-charge",
        "A settlement charges what was due before it.",
        FLOW,
        "if (made.charged_ufix64, made.owed_ufix64) != (charge.charged_ufix64, charge.owed_ufix64) or (",
        "if (",
    ),
    _link(
        "missing-is-verified",
        "What could not be checked is not verified.",
        CHECKING,
        "return Exit.UNCHECKED if Outcome.UNCHECKED in outcomes else Exit.VERIFIED",
        "return Exit.VERIFIED",
        TEST_LINKS,
    ),
    _link(
        "usage-between-bills",
        "The bills of a range leave no usage out.",
        CHECKING,
        "if before == earlier.usage:",
        "if before:",
        TEST_COMMAND,
    ),
    _link(
        "terminal-obeys",
        "What sources send does not control the terminal.",
        OUTPUT,
        "character if character.isprintable() else",
        "character if character else",
        TEST_COMMAND,
    ),
    _link(
        "any-voter-signs-a-policy",
        "The signatures of a policy are those of voters of the one before, by their indices.",
        POLICIES,
        "for index, voter in enumerate(policy.voters)",
        "for index, voter in enumerate(reversed(policy.voters))",
        TEST_GATHERING,
    ),
    _link(
        "policies-searched-after-their-start",
        "A policy is published before it starts.",
        POLICIES,
        "range(last, 0, -STRETCH_BLOCKS)",
        "range(last, 10**6, STRETCH_BLOCKS)",
        TEST_GATHERING,
    ),
    _link(
        "bundle-of-many-forms",
        "A bundle has one form.",
        BUNDLE,
        "if document.text.encode() != content:",
        "if not content:",
        TEST_BUNDLE,
    ),
    _link(
        "endless-answer",
        "An answer ends after some seconds.",
        HTTP,
        "if self.clock() > self.until:",
        "if self.clock() < 0:",
        TEST_GATHERING,
    ),
    _link(
        "window-of-another-epoch",
        "A statement's window is that of its epoch.",
        f"{PACKAGE}/epochs.py",
        "and statement.window_start == statement.epoch * seconds",
        "and statement.epoch >= 0",
    ),
    _link(
        "event-with-any-field",
        "A call has the fields of its version.",
        EVENTS,
        "    if tuple(event) != FIELDS:",
        "    if not set(event) >= set(FIELDS):",
        TEST_EVENTS,
    ),
    _link(
        "units-of-any-kind",
        "What a call used has an amount of a known kind.",
        EVENTS,
        "or not set(event[name]) <= set(kinds):",
        "or not kinds:",
        TEST_EVENTS,
    ),
    _link(
        "book-in-any-form",
        "A price book has one form.",
        EVIDENCE,
        "if book.canonical_json != text:",
        "if not book.models:",
    ),
    _link(
        "page-below-zero",
        "A document has no number with a sign.",
        "layers/common/flareflow/statements/models.py",
        "if not text.isdecimal() or len(text) > DIGITS_MAX:",
        "if len(text) > DIGITS_MAX:",
    ),
    _link(
        "base64-in-any-form",
        "A signature in the log has one text.",
        "layers/common/flareflow/transparency/notes.py",
        "if b64encode(decoded).decode() != text:",
        "if not decoded and text:",
    ),
    _link(
        "call-of-no-epoch",
        "A call is looked for in earlier epochs too.",
        GATHERING,
        '            last = epoch - 1\n        raise SourceError(f"no call',
        '            break\n        raise SourceError(f"no call',
        TEST_GATHERING,
    ),
)
