"""Faults of the books: every event of the chain is entered once, in order, and nothing leaks."""

from typing import Final

from tests.mutants.fault import Fault

SETTLEMENT: Final = "layers/common/flareflow/settlement"
ENTRIES: Final = f"{SETTLEMENT}/entries.py"
JOURNAL: Final = f"{SETTLEMENT}/journal.py"
SUBSCRIPTION: Final = f"{SETTLEMENT}/subscription.py"
CHAIN_EVENTS: Final = f"{SETTLEMENT}/chain_events.py"
ENTERING: Final = f"{SETTLEMENT}/entering.py"
REPAIRING: Final = f"{SETTLEMENT}/repairing.py"
FLOW_LOG: Final = "layers/common/flareflow/adapters/flow/contracts.py"
STANDING: Final = "layers/common/flareflow/accounts/standing.py"
TRANSACTIONS: Final = "layers/common/flareflow/books/transactions.py"
REBUILDING: Final = "layers/common/flareflow/books/rebuilding.py"

TEST_JOURNAL: Final = "tests/unit/settlement/test_journal.py"
TEST_CHAIN_EVENTS: Final = "tests/unit/settlement/test_chain_events.py"
TEST_REPAIRING: Final = "tests/unit/settlement/test_repairing.py"
TEST_FLOW_LOG: Final = "tests/unit/adapters/flow/test_flow_contracts.py"
TEST_STANDING: Final = "tests/unit/accounts/test_standing.py"
TEST_TRANSACTIONS: Final = "tests/unit/books/test_transactions.py"
TEST_REBUILDING: Final = "tests/unit/books/test_rebuilding.py"
TEST_PLAN_CHANGES: Final = "tests/unit/settlement/test_plan_changes.py"

FAULTS: Final = (
    Fault(
        "books-entry-does-not-sum-to-zero",
        "The lines of an entry sum to zero.",
        ENTRIES,
        "for line in self.lines) != 0:",
        "for line in self.lines) < 0:",
        [TEST_JOURNAL],
    ),
    Fault(
        "books-event-entered-twice",
        "An event that is in the books is not entered again.",
        JOURNAL,
        "event.position <= before.position",
        "event.position < before.position",
        [TEST_JOURNAL],
    ),
    Fault(
        "books-balance-of-the-chain-ignored",
        "The balance that the chain tells is the one in the books.",
        SUBSCRIPTION,
        "if self.balance_ufix64 != reported_ufix64:",
        "if self.balance_ufix64 < 0 > reported_ufix64:",
        [TEST_JOURNAL],
    ),
    Fault(
        "books-deposit-leaks",
        "Deposited is balance, charged, withdrawn and refunded together.",
        SUBSCRIPTION,
        "if self.deposited_ufix64 + self.credited_ufix64 != sum(parts) or",
        "if",
        [TEST_JOURNAL],
    ),
    Fault(
        "books-negative-balance",
        "No balance is negative.",
        SUBSCRIPTION,
        " or min(*parts, self.owed_ufix64) < 0",
        "",
        [TEST_JOURNAL],
    ),
    Fault(
        "books-total-goes-down",
        "A settled total never goes down.",
        JOURNAL,
        "if settled.rated_microtokens < before.settled_microtokens:",
        "if settled.rated_microtokens < 0:",
        [TEST_JOURNAL],
    ),
    Fault(
        "books-debtor-stays-suspended",
        "A subscription that owes nothing any more is active again.",
        JOURNAL,
        "and owed_ufix64 == 0",
        "and owed_ufix64 > 0",
        [TEST_JOURNAL],
    ),
    Fault(
        "books-leaving-forgotten",
        "A subscription that is leaving stays so when its deposit runs out.",
        JOURNAL,
        "status = before.status if leaving else",
        "status =",
        [TEST_JOURNAL],
    ),
    Fault(
        "books-debt-forgotten-by-staying",
        "A subscription that stays with a debt is suspended.",
        JOURNAL,
        "if before.owed_ufix64 else",
        "if before.owed_ufix64 < 0 else",
        [TEST_JOURNAL],
    ),
    Fault(
        "books-debt-added-up",
        "What is owed is what the last settlement says.",
        JOURNAL,
        "owed_ufix64=owed_ufix64)",
        "owed_ufix64=before.owed_ufix64 + owed_ufix64)",
        [TEST_JOURNAL],
    ),
    Fault(
        "books-opened-twice",
        "A subscription is opened once.",
        JOURNAL,
        " or (known is not before and before is not None)",
        "",
        [TEST_JOURNAL],
    ),
    Fault(
        "books-former-owner-forgotten",
        "The former owner of a subscription is told with its new one.",
        JOURNAL,
        "return self.before.owner",
        "return None",
        [TEST_JOURNAL],
    ),
    Fault(
        "books-cursor-before-events",
        "The cursor moves only after the events are in the journal.",
        CHAIN_EVENTS,
        "            for step in _steps(blocks):\n",
        "            self.ledger.advance(last)\n            for step in _steps(blocks):\n",
        [TEST_CHAIN_EVENTS],
    ),
    Fault(
        "books-block-read-twice",
        "Reading goes on after the last block that was read.",
        CHAIN_EVENTS,
        "else read_to + 1",
        "else read_to",
        [TEST_CHAIN_EVENTS],
    ),
    Fault(
        "books-block-left-out",
        "No block between two pieces is left out.",
        CHAIN_EVENTS,
        "read_to, first = step.read_to, step.read_to + 1",
        "read_to, first = step.read_to, step.read_to + 2",
        [TEST_CHAIN_EVENTS],
    ),
    Fault(
        "books-251-blocks-at-once",
        "At most 250 blocks are asked for at once, the most that access nodes answer for.",
        CHAIN_EVENTS,
        "HEIGHTS_MAX: Final = 250",
        "HEIGHTS_MAX: Final = 251",
        [TEST_CHAIN_EVENTS],
    ),
    Fault(
        "books-deadline-ignored",
        "Reading stops when the deadline is near.",
        CHAIN_EVENTS,
        "while first <= sealed and not deadline.is_near():",
        "while first <= sealed:",
        [TEST_CHAIN_EVENTS],
    ),
    Fault(
        "books-too-large-a-range-not-halved",
        "A range that is too large for one answer is asked for in halves.",
        CHAIN_EVENTS,
        "blocks_max = (last - first + 1) // 2",
        "blocks_max = 1",
        [TEST_CHAIN_EVENTS],
    ),
    Fault(
        "books-deadline-within-a-range-ignored",
        "A deadline ends reading within a range too, and keeps what was entered.",
        CHAIN_EVENTS,
        "                if deadline.is_near():\n                    break\n",
        "",
        [TEST_CHAIN_EVENTS],
    ),
    Fault(
        "books-cursor-within-a-block",
        "The cursor stops before a block that was entered only in part.",
        CHAIN_EVENTS,
        "following[0].position.height - 1 if following",
        "following[0].position.height if following",
        [TEST_CHAIN_EVENTS],
    ),
    Fault(
        "books-one-bad-event-stops-everybody",
        "An event that cannot be entered is set aside.",
        ENTERING,
        "        except UNREADABLE as error:\n            posting",
        "        except ZeroDivisionError as error:\n            posting",
        [TEST_CHAIN_EVENTS],
    ),
    Fault(
        "books-subscription-does-not-wait",
        "A subscription waits from its first event that is set aside.",
        JOURNAL,
        "waits_for=before.waits_for or first)",
        "waits_for=None)",
        [TEST_CHAIN_EVENTS],
    ),
    Fault(
        "books-waits-for-the-last",
        "A subscription waits from the first of its events that are set aside, not from the last.",
        JOURNAL,
        "waits_for=before.waits_for or first)",
        "waits_for=first)",
        [TEST_CHAIN_EVENTS],
    ),
    Fault(
        "books-repair-forgets-who-waits",
        "What still cannot be entered keeps the subscription waiting.",
        REPAIRING,
        "after = after and replace(after, waits_for=waits_for)",
        "after = after and replace(after, waits_for=None)",
        [TEST_REPAIRING],
    ),
    Fault(
        "books-repair-out-of-order",
        "After an event that still cannot be entered, none of the same subscription is.",
        REPAIRING,
        "                    still_aside += waiting[number + 1 :]\n                    break\n",
        "                    pass\n",
        [TEST_REPAIRING],
    ),
    Fault(
        "books-node-that-is-behind-is-believed",
        "Blocks that a node has not searched are asked for again.",
        FLOW_LOG,
        "read_to = min(max(block.block_height for block in blocks) for blocks in answers.values())",
        "read_to = last",
        [TEST_FLOW_LOG],
    ),
    Fault(
        "books-spork-skipped",
        "A block before a spork is asked of the node that has it.",
        FLOW_LOG,
        "self.historic[min(ends)], min(*ends, last_height)",
        "self.historic[max(ends)], min(*ends, last_height)",
        [TEST_FLOW_LOG],
    ),
    Fault(
        "books-waiting-is-known",
        "A subscription that waits for an event stands unknown.",
        STANDING,
        "if waits_for or complete_at is None",
        "if complete_at is None",
        [TEST_STANDING],
    ),
    Fault(
        "books-transaction-in-one-unit-only",
        "A transaction sums to zero in every unit.",
        TRANSACTIONS,
        "or any(sums.values())",
        "or sum(sums.values())",
        [TEST_TRANSACTIONS],
    ),
    Fault(
        "books-overdrawn-is-silent",
        "Nothing inside the books is below zero: charged is at most attested, attested at most metered.",
        TRANSACTIONS,
        "if amount < 0 and",
        "if amount > 0 and",
        [TEST_TRANSACTIONS],
    ),
    Fault(
        "books-debt-forgiven-as-paid",
        "A forgiven debt is written off.",
        TRANSACTIONS,
        "source = WRITTEN_OFF if entry.kind == Forgiven.__name__ else",
        "source =",
        [TEST_REBUILDING],
    ),
    Fault(
        "books-stored-for-nothing",
        "What is stored and not in the sources is a difference.",
        REBUILDING,
        "sorted(expected.keys() | stored.keys(), key=str)",
        "sorted(expected.keys(), key=str)",
        [TEST_REBUILDING],
    ),
    Fault(
        "books-entries-are-not-summed",
        "An entry that is stored otherwise is a difference.",
        "layers/common/flareflow/books/rebuilt.py",
        "self._sums[key[1]] += hash(record)",
        "self._sums[key[1]] += hash(key)",
        [TEST_REBUILDING],
    ),
    Fault(
        "books-entries-stored-meanwhile",
        "An entry that a tick stores during the comparison is left to the next one.",
        REBUILDING,
        "if key[0] not in OF_EVENTS or int(key[2]) <= read_to:",
        "if key:",
        [TEST_REBUILDING],
    ),
    Fault(
        "books-attested-at-once",
        "Only an attestation makes usage chargeable.",
        REBUILDING,
        "if self.sealed.is_attested(epoch):",
        "if epoch:",
        [TEST_REBUILDING],
    ),
    Fault(
        "books-only-the-first-page",
        "All cases are read, page by page.",
        REBUILDING,
        "after = page[-1].id",
        "return",
        [TEST_REBUILDING],
    ),
    Fault(
        "books-charge-of-any-amount",
        "A charge brings the settled total to what its statement says.",
        REBUILDING,
        "if raised and books.settled[one] != total:",
        "if raised and books.settled[one] < 0:",
        [TEST_REBUILDING],
    ),
    Fault(
        "books-any-charge-is-believed",
        "A charge is what the bill comes to.",
        JOURNAL,
        "if (charge.charged_ufix64, charge.owed_ufix64) != (settled.charged_ufix64, settled.owed_ufix64):",
        "if charge.charged_ufix64 < 0:",
        [TEST_JOURNAL],
    ),
    Fault(
        "books-earlier-plans-forgotten",
        "Another plan prices only what is used after it.",
        SUBSCRIPTION,
        "cost_offset=cost - after.exact_cost(start)",
        "cost_offset=0",
        [f"{TEST_PLAN_CHANGES}::test_another_plan_prices_only_what_is_used_after_it"],
    ),
)
