"""Faults of time and of sealing: an epoch becomes one statement, exactly once, with everything that it added."""

from typing import Final

from tests.mutants.fault import Fault

TIME: Final = "layers/common/flareflow/time.py"
PACKAGE: Final = "layers/common/flareflow/statements"
SEALING: Final = f"{PACKAGE}/sealing.py"
MODELS: Final = f"{PACKAGE}/models.py"
MERKLE: Final = f"{PACKAGE}/merkle.py"
PUBLIC_VIEW: Final = f"{PACKAGE}/public_view.py"
EVENTS: Final = f"{PACKAGE}/events.py"
GROWING: Final = f"{PACKAGE}/growing.py"
PORTS: Final = f"{PACKAGE}/ports.py"
READING: Final = f"{PACKAGE}/reading.py"
USAGE_PAGES: Final = f"{PACKAGE}/usage_pages.py"

TEST_TIME: Final = "tests/unit/test_time.py"
TEST_SEALING: Final = "tests/unit/statements/test_sealing.py"
TEST_LIMITS: Final = "tests/unit/statements/test_limits.py"
TEST_CRASHES: Final = "tests/unit/statements/test_crashes.py"
TEST_MODELS: Final = "tests/unit/statements/test_models.py"
TEST_EVENTS: Final = "tests/unit/statements/test_events.py"
TEST_STRANGER: Final = "tests/unit/statements/test_stranger.py"
TEST_USAGE_PAGES: Final = "tests/unit/statements/test_usage_pages.py"
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
        "        deltas, due = self.usage.deltas(closed)",
        "        self.usage.sealed(closed)\n        deltas, due = self.usage.deltas(closed)",
        [TEST_CRASHES],
    ),
    Fault(
        "statements-written-again",
        "A statement that is stored already is not made again.",
        SEALING,
        "self.statements.get(closed) is None",
        "True",
        [TEST_SEALING],
    ),
    Fault(
        "statements-before-their-documents",
        "A statement that can be read has all the documents that it commits to.",
        SEALING,
        "        written = Statement.parse(self._put(statement_path(epoch), statement.body, JSON))\n"
        "        self.statements.put(written)\n",
        "        self.statements.put(statement)\n"
        "        written = Statement.parse(self._put(statement_path(epoch), statement.body, JSON))\n",
        [TEST_CRASHES],
    ),
    Fault(
        "statements-empty-epoch-sealed",
        "An epoch in which nothing was used has no statement.",
        SEALING,
        "is_to_be_written = bool(deltas or due) and",
        "is_to_be_written =",
        [TEST_SEALING],
    ),
    Fault(
        "statements-first-attempt-forgotten",
        "What an earlier attempt has published stays, and sealing goes on with it.",
        SEALING,
        "return PageIndex.parse(self._put(index_path(index.epoch, index.kind), index.text, TEXT))",
        "self._put(index_path(index.epoch, index.kind), index.text, TEXT)\n        return index",
        [TEST_CRASHES],
    ),
    Fault(
        "statements-totals-of-this-epoch-only",
        "Totals are cumulative: a page has what it had, and what the epoch added.",
        USAGE_PAGES,
        "merged = dict(self.totals) | dict(changed)",
        "merged = dict(changed)",
        [TEST_SEALING],
    ),
    Fault(
        "statements-totals-in-any-order",
        "Subscriptions on a page are in the order of their ids.",
        USAGE_PAGES,
        "{one: merged[one] for one in sorted(merged)}",
        "{one: merged[one] for one in reversed(sorted(merged))}",
        [TEST_SEALING],
    ),
    Fault(
        "statements-other-pages-forgotten",
        "The index names every page, also those on which nothing changed.",
        GROWING,
        "hashes, totals, new = dict(before), dict[int, int](), 0",
        "hashes, totals, new = dict[int, bytes](), dict[int, int](), 0",
        [TEST_STRANGER],
    ),
    Fault(
        "statements-every-page-read",
        "Sealing reads only the pages that change.",
        GROWING,
        "by_page = {number: list(ids) for number, ids in groupby(sorted(deltas), page_of)}",
        "by_page = dict.fromkeys(before, list[int]()) | "
        "{number: list(ids) for number, ids in groupby(sorted(deltas), page_of)}",
        [TEST_SEALING],
    ),
    Fault(
        "statements-events-not-added-up",
        "The events behind the root are all that the epoch added.",
        GROWING,
        "            if added(events) != deltas[subscription_id]:",
        "            if not added(events):",
        [TEST_SEALING],
    ),
    Fault(
        "statements-pages-not-checked",
        "A statement is not built on a page that has another hash than the statement before says.",
        READING,
        "if keccak256(text.encode()) != digest:",
        "if not keccak256(text.encode()):",
        [TEST_SEALING],
    ),
    Fault(
        "statements-index-not-checked",
        "A statement is not built on an index that does not lead to the root of the statement before.",
        READING,
        "if index.tree.root != statement.root_of(kind):",
        "if not index.tree.root:",
        [TEST_SEALING],
    ),
    Fault(
        "statements-total-of-this-epoch",
        "The total of a statement is that of the one before and what the epoch added.",
        SEALING,
        "total_rated_microtokens=before[1] + ",
        "total_rated_microtokens=",
        [TEST_SEALING],
    ),
    Fault(
        "statements-chain-broken",
        "A statement has the hash of the previous one.",
        SEALING,
        "previous.hash if previous else NO_HASH",
        "NO_HASH",
        [TEST_SEALING],
    ),
    Fault(
        "statements-count-of-changes",
        "The count of subscriptions is that of all who ever used something.",
        SEALING,
        "before[0] + growth.new_subscriptions",
        "len(deltas)",
        [TEST_SEALING],
    ),
    Fault(
        "statements-settled-totals-on-pages",
        "A page has no subscription whose total is settled already.",
        PORTS,
        "total_microtokens > self.microtokens",
        "total_microtokens >= self.microtokens",
        [TEST_SEALING],
    ),
    Fault(
        "statements-partly-settled-totals-left-out",
        "A subscription that is settled in part stays on the pages.",
        PORTS,
        "total_microtokens > self.microtokens",
        "not self.microtokens",
        [TEST_SEALING],
    ),
    Fault(
        "statements-ended-subscriptions-on-pages",
        "A subscription of which nothing is charged any more leaves the pages.",
        PORTS,
        "return not self.has_ended and (is_due or total_microtokens > self.microtokens)",
        "return is_due or total_microtokens > self.microtokens",
        [TEST_SEALING],
    ),
    Fault(
        "statements-held-back-forgotten",
        "A charge that was held back comes onto a page again without new usage.",
        SEALING,
        "is_to_be_written = bool(deltas or due) and",
        "is_to_be_written = bool(deltas) and",
        [TEST_SEALING],
    ),
    Fault(
        "statements-held-back-too-early",
        "What a spend cap holds back is on no page before its period ends.",
        PORTS,
        "self.chargeable_from is not None and self.chargeable_from <= now",
        "self.chargeable_from is not None",
        [TEST_SEALING],
    ),
    Fault(
        "statements-unsettled-forgotten",
        "Who was not settled stays on the pages without new usage.",
        SEALING,
        "{**due, **carried, **growth.totals}",
        "{**due, **growth.totals}",
        [TEST_SEALING],
    ),
    Fault(
        "statements-older-total-on-pages",
        "A page has the newest total of a subscription that was on the pages before.",
        SEALING,
        "{**due, **carried, **growth.totals}",
        "{**due, **growth.totals, **self._carried(previous)}",
        [TEST_STRANGER],
    ),
    Fault(
        "statements-event-in-the-order-of-reading",
        "The order in which events are read does not matter.",
        EVENTS,
        "OrderedTree.over(sorted(map(event_hash, texts)))",
        "OrderedTree.over(map(event_hash, texts))",
        [TEST_EVENTS],
    ),
    Fault(
        "statements-event-of-another-page",
        "A proof leads from the page to the usage root.",
        EVENTS,
        "if fold(page.hash, self.page_path) != statement.usage_root:",
        "if not fold(page.hash, self.page_path):",
        [TEST_EVENTS],
    ),
    Fault(
        "statements-event-not-followed",
        "A proof leads from the event to the events root on the page.",
        EVENTS,
        "if fold(event_hash(self.event), self.event_path) != totals.events_root:",
        "if not fold(event_hash(self.event), self.event_path):",
        [TEST_EVENTS],
    ),
    Fault(
        "statements-event-hashed-once",
        "A leaf is hashed twice, so that no text is taken for a pair of nodes.",
        EVENTS,
        'return keccak256(keccak256(text.encode("ascii")))',
        'return keccak256(text.encode("ascii"))',
        [TEST_EVENTS],
    ),
    Fault(
        "statements-page-of-126",
        "A page has at most 125 subscriptions: its worst case settles in one transaction.",
        MODELS,
        "PAGE_SUBSCRIPTIONS_MAX: Final = 125",
        "PAGE_SUBSCRIPTIONS_MAX: Final = 126",
        [TEST_LIMITS],
    ),
    Fault(
        "statements-epoch-added-twice",
        "An epoch is added to totals once.",
        USAGE_PAGES,
        "if epoch <= self.epoch:",
        "if epoch < self.epoch:",
        [TEST_USAGE_PAGES],
    ),
    Fault(
        "statements-total-goes-down",
        "A total never goes down.",
        USAGE_PAGES,
        "self.usage + delta.as_total()",
        "self.usage + delta",
        [TEST_USAGE_PAGES],
    ),
    Fault(
        "statements-any-spelling-passes",
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
        "statements-usage-page-twice",
        "A usage page has each subscription once.",
        USAGE_PAGES,
        "is_whole = len(page.totals) == len(totals) and all(",
        "is_whole = all(",
        [TEST_USAGE_PAGES],
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
        "statements-list-ends-early",
        "A full list has a cursor to older statements.",
        PUBLIC_VIEW,
        "if len(listed) == LIST_MAX else None",
        "if len(listed) > LIST_MAX else None",
        [TEST_PUBLIC_VIEW],
    ),
)
