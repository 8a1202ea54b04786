"""Faults of metering: every finished call is counted once, completely, and rated exactly."""

from typing import Final

from tests.mutants.fault import Fault

PACKAGE: Final = "layers/common/flareflow/metering"
COUNTING: Final = f"{PACKAGE}/counting.py"
POLLING: Final = f"{PACKAGE}/polling.py"
INGEST: Final = f"{PACKAGE}/ingest.py"
MODELS: Final = f"{PACKAGE}/models.py"
PRICE_BOOK: Final = f"{PACKAGE}/price_book.py"

TEST_POLLING: Final = "tests/unit/metering/test_polling.py"
TEST_INGEST: Final = "tests/unit/metering/test_ingest.py"
TEST_MODELS: Final = "tests/unit/metering/test_models.py"

FAULTS: Final = (
    Fault(
        "metering-only-one-page",
        "Pages of the spend log are read until the last one.",
        COUNTING,
        "if page.is_last:",
        "if page.calls:",
        [TEST_POLLING],
    ),
    Fault(
        "metering-unknown-keys-forgotten",
        "Calls of unknown keys go to quarantine.",
        COUNTING,
        "self.usage.quarantine(unknown, now)",
        "self.usage.quarantine([], now)",
        [TEST_POLLING],
    ),
    Fault(
        "metering-unreadable-rows-not-reported",
        "Rows that cannot be read are reported.",
        COUNTING,
        " + Reading(unreadable=page.unreadable)",
        "",
        [TEST_POLLING],
    ),
    Fault(
        "metering-deadline-ignored",
        "Reading stops when the deadline is near.",
        COUNTING,
        "if deadline.is_near():",
        "if not page.calls:",
        [TEST_POLLING],
    ),
    Fault(
        "metering-rest-begins-at-the-last-end",
        "What is left of a window begins at the last start time that was read, as the log is filtered by start times.",
        COUNTING,
        "*(call.started_at for call in page.calls)",
        "*(call.ended_at for call in page.calls)",
        [TEST_POLLING],
    ),
    Fault(
        "metering-rest-is-the-whole-window",
        "What is left of a window begins where reading stopped.",
        COUNTING,
        "return reading, Window(min(reached, window.end), window.end)",
        "return reading, window",
        [TEST_POLLING],
    ),
    Fault(
        "metering-rest-after-the-window",
        "A call that began in the last second of a window, after its end, leaves an empty rest and no error.",
        COUNTING,
        "Window(min(reached, window.end), window.end)",
        "Window(reached, window.end)",
        [TEST_POLLING],
    ),
    Fault(
        "metering-slice-goes-round-for-ever",
        "A slice of which nothing could be read fails, so that the queue counts its attempts.",
        COUNTING,
        "if rest == window:",
        "if rest is None and reading.seen < 0:",
        [TEST_POLLING],
    ),
    Fault(
        "metering-rest-of-a-slice-lost",
        "What is left of a slice goes to the queue again.",
        COUNTING,
        "self.slices.send([rest])",
        "self.slices.send([])",
        [TEST_POLLING],
    ),
    Fault(
        "metering-watermark-before-slices",
        "The watermark moves only after what is left of the window was queued.",
        POLLING,
        "self.slices.send(slices)\n        self.usage.advance_read_to(now)",
        "self.usage.advance_read_to(now)\n        self.slices.send(slices)",
        [TEST_POLLING],
    ),
    Fault(
        "metering-watermark-stands-still",
        "A poll that has read its window moves the watermark.",
        POLLING,
        "self.usage.advance_read_to(now)",
        "self.usage.advance_read_to(window.start)",
        [TEST_POLLING],
    ),
    Fault(
        "metering-windows-do-not-overlap",
        "A window begins one look-back before the watermark, as rows appear only after their calls have ended.",
        POLLING,
        "Window(min(read_to, now) - self.look_back, now)",
        "Window(min(read_to, now), now)",
        [TEST_POLLING],
    ),
    Fault(
        "metering-window-ignores-the-watermark",
        "A window begins before the watermark, however long ago that is.",
        POLLING,
        "min(read_to, now) - self.look_back",
        "now - self.look_back",
        [TEST_POLLING],
    ),
    Fault(
        "metering-old-tick-fails",
        "A tick that is older than the watermark reads its own look-back.",
        POLLING,
        "min(read_to, now)",
        "read_to",
        [TEST_POLLING],
    ),
    Fault(
        "metering-slices-not-queued",
        "What a deadline cut off is queued.",
        POLLING,
        "self.slices.send(slices)",
        "self.slices.send(slices[1:])",
        [TEST_POLLING],
    ),
    Fault(
        "metering-alone-before-all-was-read",
        "Records are billed alone only by a poll that has read its whole window.",
        POLLING,
        "alone = 0 if rest else self",
        "alone = self",
        [TEST_POLLING],
    ),
    Fault(
        "metering-no-grace-for-records",
        "A record waits for the grace time before it is billed alone.",
        POLLING,
        "bill_alone(now - self.push_grace,",
        "bill_alone(now,",
        [TEST_POLLING],
    ),
    Fault(
        "metering-epoch-of-another-moment",
        "The first poll opens the epoch that it falls in.",
        POLLING,
        "self.epochs.at(now)",
        "self.epochs.at(now - self.look_back)",
        [TEST_POLLING],
    ),
    Fault(
        "metering-push-without-secret",
        "A push is read only after its secret was checked.",
        INGEST,
        "        self._authenticate(authorization)\n",
        "",
        [TEST_INGEST],
    ),
    Fault(
        "metering-secret-compared-by-prefix",
        "The whole secret of a push must match.",
        INGEST,
        "if not hmac.compare_digest(authorization.encode(), wanted.encode()):",
        "if not authorization.startswith(wanted):",
        [TEST_INGEST],
    ),
    Fault(
        "metering-rated-by-the-hundred",
        "Every single token is rated.",
        PRICE_BOOK,
        "return tokens * self.classes[self.class_of(model)]",
        "return tokens // 100 * 100 * self.classes[self.class_of(model)]",
        [TEST_MODELS],
    ),
    Fault(
        "metering-negative-total-accepted",
        "A total is never negative, in any of its parts.",
        MODELS,
        "if any(getattr(self, name) < 0",
        "if all(getattr(self, name) < 0",
        [TEST_MODELS],
    ),
    Fault(
        "metering-one-slice-too-few",
        "Slices are not longer than asked for while their number allows it.",
        MODELS,
        "math.ceil((self.end - self.start) / length)",
        "math.floor((self.end - self.start) / length)",
        [TEST_MODELS],
    ),
    Fault(
        "metering-unknown-class-accepted",
        "A price book names only classes that it has.",
        PRICE_BOOK,
        "        if unknown:\n",
        "        if len(unknown) > 1:\n",
        [TEST_MODELS],
    ),
)
