"""Faults of the books: every event of the chain is entered once, in order, and nothing leaks."""

from typing import Final

from tests.mutants.fault import Fault

JOURNAL: Final = "layers/common/flareflow/settlement/journal.py"
CHAIN_EVENTS: Final = "layers/common/flareflow/settlement/chain_events.py"

TEST_JOURNAL: Final = "tests/unit/settlement/test_journal.py"
TEST_CHAIN_EVENTS: Final = "tests/unit/settlement/test_chain_events.py"

FAULTS: Final = (
    Fault(
        "books-entry-does-not-sum-to-zero",
        "The lines of an entry sum to zero.",
        JOURNAL,
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
        JOURNAL,
        "if self.balance_ufix64 != reported_ufix64:",
        "if self.balance_ufix64 < 0 > reported_ufix64:",
        [TEST_JOURNAL],
    ),
    Fault(
        "books-deposit-leaks",
        "Deposited is balance, charged, withdrawn and refunded together.",
        JOURNAL,
        "if self.deposited_ufix64 + self.credited_ufix64 != sum(parts) or",
        "if",
        [TEST_JOURNAL],
    ),
    Fault(
        "books-negative-balance",
        "No balance is negative.",
        JOURNAL,
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
        "former_owner = known.owner if known.owner != after.owner else None",
        "former_owner = None",
        [TEST_JOURNAL],
    ),
    Fault(
        "books-cursor-before-events",
        "The cursor moves only after the events are in the journal.",
        CHAIN_EVENTS,
        "            entries += sum(",
        "            self.ledger.advance(last)\n            entries += sum(",
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
        "read_to, first = last, last + 1",
        "read_to, first = last, last + 2",
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
)
