"""Faults of time and of sealing: an epoch becomes one statement, exactly once, with everything that it added."""

from typing import Final

from tests.mutants.fault import Fault

TIME: Final = "layers/common/flareflow/time.py"
PACKAGE: Final = "layers/common/flareflow/statements"
SEALING: Final = f"{PACKAGE}/sealing.py"
MODELS: Final = f"{PACKAGE}/models.py"
MERKLE: Final = f"{PACKAGE}/merkle.py"
PUBLIC_VIEW: Final = f"{PACKAGE}/public_view.py"

TEST_TIME: Final = "tests/unit/test_time.py"
TEST_SEALING: Final = "tests/unit/statements/test_sealing.py"
TEST_LIMITS: Final = "tests/unit/statements/test_limits.py"
TEST_CRASHES: Final = "tests/unit/statements/test_crashes.py"
TEST_MODELS: Final = "tests/unit/statements/test_models.py"
TEST_MERKLE: Final = "tests/unit/statements/test_merkle.py"
TEST_PUBLIC_VIEW: Final = "tests/unit/statements/test_public_view.py"

FAULTS: Final = (
    Fault(
        "time-epoch-ends-a-second-early",
        "An epoch ends where the next one begins.",
        TIME,
        "return self.start(epoch + 1)",
        "return datetime.fromtimestamp((epoch + 1) * self.seconds - 1, UTC)",
        [TEST_TIME],
    ),
    Fault(
        "time-epoch-number-rounded-up",
        "The number of an epoch is that of the last multiple of its length.",
        TIME,
        "int(moment.timestamp()) // self.seconds",
        "-(-int(moment.timestamp()) // self.seconds)",
        [TEST_TIME],
    ),
    Fault(
        "time-deadline-without-margin",
        "No step begins when only the margin is left before the deadline.",
        TIME,
        "self.clock() + self.margin >= self.at",
        "self.clock() >= self.at",
        [TEST_TIME],
    ),
    Fault(
        "statements-sealed-before-the-epoch-is-over",
        "An epoch is closed no earlier than its end.",
        SEALING,
        "if now < self.epochs.end(open_epoch.epoch):",
        "if now < self.epochs.start(open_epoch.epoch):",
        [TEST_LIMITS],
    ),
    Fault(
        "statements-sealed-a-tick-late",
        "An epoch is closed at the very moment of its end.",
        SEALING,
        "if now < self.epochs.end(open_epoch.epoch):",
        "if now <= self.epochs.end(open_epoch.epoch):",
        [TEST_LIMITS],
    ),
    Fault(
        "statements-sealing-forgotten",
        "A closed epoch that has no statement yet is sealed by the next tick.",
        SEALING,
        "closed = open_epoch.sealing if open_epoch.sealing is not None else self._close(open_epoch, now)",
        "closed = self._close(open_epoch, now)",
        [TEST_CRASHES],
    ),
    Fault(
        "statements-done-before-sealed",
        "An epoch counts as sealed only after its statement was stored.",
        SEALING,
        "        sealed = self.statements.get(closed) or",
        "        self.usage.sealed(closed)\n        sealed = self.statements.get(closed) or",
        [TEST_CRASHES],
    ),
    Fault(
        "statements-written-again",
        "A statement that is stored already is not made again.",
        SEALING,
        "self.statements.get(closed) or self._write(closed, deltas)",
        "self._write(closed, deltas)",
        [TEST_CRASHES],
    ),
    Fault(
        "statements-before-their-documents",
        "A statement that can be read has all the documents that it commits to.",
        SEALING,
        "        self.documents.put_leaves(epoch, statement.usage_root, leaves)\n",
        "        self.statements.put(StoredStatement(statement, len(pages)))\n"
        "        self.documents.put_leaves(epoch, statement.usage_root, leaves)\n",
        [TEST_CRASHES],
    ),
    Fault(
        "statements-empty-epoch-sealed",
        "An epoch in which nothing was used has no statement.",
        SEALING,
        "        if not deltas:\n",
        "        if deltas is None:\n",
        [TEST_SEALING],
    ),
    Fault(
        "statements-leaves-of-this-epoch-only",
        "Totals are cumulative: a statement has the leaves of all earlier ones.",
        SEALING,
        "leaves = {leaf.subscription_id: leaf for leaf in before}",
        "leaves = {leaf.subscription_id: leaf for leaf in before if leaf.subscription_id in deltas}",
        [TEST_SEALING],
    ),
    Fault(
        "statements-leaves-in-any-order",
        "Leaves are in the order of their subscription ids.",
        SEALING,
        "for subscription_id in sorted(leaves))",
        "for subscription_id in leaves)",
        [TEST_SEALING],
    ),
    Fault(
        "statements-total-not-checked",
        "The leaves must add up to the previous total and what the epoch added.",
        SEALING,
        "        check_total(statement, previous, deltas)\n",
        "",
        [TEST_SEALING],
    ),
    Fault(
        "statements-total-checked-without-the-previous-one",
        "The previous total is part of what the leaves must add up to.",
        SEALING,
        "before = previous.statement.total_rated_microtokens if previous else 0",
        "before = 0",
        [TEST_SEALING],
    ),
    Fault(
        "statements-chain-broken",
        "A statement has the hash of the previous one.",
        SEALING,
        "previous.statement.hash if previous else NO_HASH",
        "NO_HASH",
        [TEST_SEALING],
    ),
    Fault(
        "statements-count-of-changes",
        "The count of subscriptions is that of the leaves.",
        SEALING,
        "subscription_count=len(leaves)",
        "subscription_count=sum(leaf.epoch_of_last_change == epoch for leaf in leaves)",
        [TEST_SEALING],
    ),
    Fault(
        "statements-settled-leaves-on-pages",
        "A page has no subscription whose total is settled already.",
        SEALING,
        "leaf.usage.rated_microtokens > settled",
        "leaf.usage.rated_microtokens >= settled",
        [TEST_SEALING],
    ),
    Fault(
        "statements-partly-settled-leaves-left-out",
        "A subscription that is settled in part stays on the pages.",
        SEALING,
        "return leaf.usage.rated_microtokens > settled.get(leaf.subscription_id, 0)",
        "return leaf.subscription_id not in settled",
        [TEST_SEALING],
    ),
    Fault(
        "statements-page-of-201",
        "A page has at most 200 subscriptions, the most that one transaction settles.",
        MODELS,
        "PAGE_SUBSCRIPTIONS_MAX: Final = 200",
        "PAGE_SUBSCRIPTIONS_MAX: Final = 201",
        [TEST_LIMITS],
    ),
    Fault(
        "statements-epoch-added-twice",
        "An epoch is added to a leaf once.",
        MODELS,
        "if epoch <= self.epoch_of_last_change:",
        "if epoch < self.epoch_of_last_change:",
        [TEST_MODELS],
    ),
    Fault(
        "statements-total-goes-down",
        "A total never goes down.",
        MODELS,
        "self.usage + delta.as_total()",
        "self.usage + delta",
        [TEST_MODELS],
    ),
    Fault(
        "statements-any-spelling-accepted",
        "A statement is read only from its canonical body.",
        MODELS,
        "if statement.body != body:",
        "if not statement.body:",
        [TEST_MODELS],
    ),
    Fault(
        "statements-page-version-not-checked",
        "A page is read only from its canonical text.",
        MODELS,
        "if version != PAGE_VERSION or page.text != text:",
        "if version != PAGE_VERSION:",
        [TEST_MODELS],
    ),
    Fault(
        "statements-leaf-hashed-once",
        "A leaf is hashed twice, so that it is never taken for a node.",
        MODELS,
        'return keccak256(keccak256(b"".join(value.to_bytes(WORD_BYTES) for value in values)))',
        'return keccak256(b"".join(value.to_bytes(WORD_BYTES) for value in values))',
        [TEST_MERKLE],
    ),
    Fault(
        "statements-odd-page-hashed-with-itself",
        "An odd page goes up a level unchanged.",
        MERKLE,
        "levels.append(above + below[len(below) - len(below) % 2 :])",
        "levels.append(above + [node(one, one) for one in below[len(below) - len(below) % 2 :]])",
        [TEST_MERKLE],
    ),
    Fault(
        "statements-pairs-not-sorted",
        "The smaller hash of a pair comes first.",
        "layers/common/flareflow/merkle.py",
        "keccak256(min(left, right) + max(left, right))",
        "keccak256(left + right)",
        [TEST_MERKLE],
    ),
    Fault(
        "statements-page-after-the-last",
        "There is no page after the last one.",
        PUBLIC_VIEW,
        "if number >= len(pages):",
        "if number > len(pages):",
        [TEST_PUBLIC_VIEW],
    ),
    Fault(
        "statements-list-ends-early",
        "A full list has a cursor to older statements.",
        PUBLIC_VIEW,
        "if len(listed) == LIST_MAX else None",
        "if len(listed) > LIST_MAX else None",
        [TEST_PUBLIC_VIEW],
    ),
)
