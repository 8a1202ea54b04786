"""Faults of rating: which kinds of tokens a call used, and what they weigh."""

from typing import Final

from tests.mutants.fault import Fault

CALLS: Final = "layers/common/flareflow/metering/calls.py"
ROWS: Final = "layers/common/flareflow/adapters/litellm/rows.py"

PRICE_BOOK: Final = "layers/common/flareflow/metering/price_book.py"
NAMES: Final = "layers/common/flareflow/metering/model_names.py"
WITNESSES: Final = "layers/common/flareflow/metering/witnesses.py"
GATE_MODELS: Final = "proxy/flareflow_gate/models.py"
GATE_BOOK: Final = "proxy/flareflow_gate/price_book.py"
BOOKS: Final = "layers/common/flareflow/adapters/dynamodb/price_books.py"

OPENED: Final = "layers/common/flareflow/adapters/dynamodb/epoch_usage.py"
TEST_BOOK: Final = "tests/unit/metering/test_price_book.py"
TEST_NAMES: Final = "tests/unit/metering/test_model_names.py"
TEST_RATING: Final = "tests/unit/metering/test_rating.py"
TEST_BOOKS: Final = "tests/unit/adapters/dynamodb/test_price_books.py"
EVENTS: Final = "layers/common/flareflow/metering/usage_events.py"

WITNESS_RULES: Final = "tests/unit/metering/test_witnesses.py"
TEST_GATE: Final = "tests/unit/proxy/test_price_book.py"
TEST_ROWS: Final = "tests/unit/adapters/litellm/test_rows.py"

FAULTS: Final = (
    Fault(
        "witnesses-row-without-tokens-believed",
        "A row without tokens does not make free what the gate has counted.",
        WITNESSES,
        "tells_all = logged.input and (logged.output or not recorded.output)",
        "tells_all = True",
        [WITNESS_RULES],
    ),
    Fault(
        "witnesses-row-without-output-believed",
        "A row without output does not make free what the gate has passed on.",
        WITNESSES,
        "tells_all = logged.input and (logged.output or not recorded.output)",
        "tells_all = logged.total",
        [WITNESS_RULES],
    ),
    Fault(
        "rating-row-that-tells-nothing-is-free",
        "A row that tells neither use nor cost waits for a person.",
        "layers/common/flareflow/metering/rating.py",
        "return rated or (None if isinstance(call, LoggedCall) and call.tells_nothing else rated)",
        "return rated",
        [TEST_RATING],
    ),
    Fault(
        "litellm-cached-tokens-counted-twice",
        "The tokens of a cache are in those of the prompt.",
        CALLS,
        "= input_tokens - read - write - heard,",
        "= input_tokens,",
        [TEST_ROWS],
    ),
    Fault(
        "litellm-reasoning-counted-twice",
        "The tokens of reasoning are in those of the completion.",
        CALLS,
        ", output_tokens - thought - spoken",
        ", output_tokens - spoken",
        [TEST_ROWS],
    ),
    Fault(
        "litellm-cached-sound-counted-twice",
        "Sound that was read from a cache is only counted there.",
        ROWS,
        'return max(0, sound - ((cached or {}).get("audio_tokens") or 0)) if sound else 0',
        "return sound or 0",
        [TEST_ROWS],
    ),
    Fault(
        "litellm-reasoning-beyond-completion",
        "A row whose reasoning is more than its completion is set aside.",
        ROWS,
        "thought + spoken > output_tokens:",
        "thought < 0:",
        [TEST_ROWS],
    ),
    Fault(
        "rating-by-the-hundred",
        "Every single token is rated.",
        PRICE_BOOK,
        "sumprod(counts(used.tokens), weights",
        "sumprod([amount // 100 * 100 for amount in counts(used.tokens)], weights",
        [TEST_BOOK],
    ),
    Fault(
        "rating-cost-added",
        "A call weighs its amounts or its cost, not both.",
        PRICE_BOOK,
        "max(by_amounts, by_cost)",
        "by_amounts + by_cost",
        [TEST_BOOK],
    ),
    Fault(
        "rating-unpriced-is-free",
        "What was used and has no price is not free.",
        PRICE_BOOK,
        "            return None\n        return self.request",
        "            return 0\n        return self.request",
        [TEST_BOOK],
    ),
    Fault(
        "rating-long-from-the-limit",
        "The weights for long inputs begin above their limit.",
        PRICE_BOOK,
        "if input_tokens > one.above",
        "if input_tokens >= one.above",
        [TEST_BOOK],
    ),
    Fault(
        "rating-long-by-fresh-text",
        "All input makes an input long.",
        PRICE_BOOK,
        "self.weights(used.tokens.input)",
        "self.weights(used.tokens.prompt)",
        [TEST_BOOK],
    ),
    Fault(
        "rating-seconds-rounded-up",
        "A part of a second is rounded down.",
        PRICE_BOOK,
        "* self.second // MILLISECONDS",
        "* self.second // MILLISECONDS + 1",
        [TEST_BOOK],
    ),
    Fault(
        "rating-sound-like-the-cache",
        "A kind without a weight weighs like text of its direction.",
        PRICE_BOOK,
        '**dict.fromkeys(INPUT_KINDS, "prompt"),',
        '**dict.fromkeys(INPUT_KINDS, "completion"),',
        [TEST_BOOK],
    ),
    Fault(
        "rating-most-of-fresh-text",
        "The most that a call can weigh is of the dearest kind.",
        PRICE_BOOK,
        "max(weights.of(kind) or 0 for kind in kinds)",
        "(weights.of(kinds[0]) or 0)",
        [TEST_BOOK],
    ),
    Fault(
        "rating-most-without-the-request",
        "The most that a call can weigh has the price of the request.",
        PRICE_BOOK,
        "return self.request + input_tokens * dearest[0]",
        "return input_tokens * dearest[0]",
        [TEST_BOOK],
    ),
    Fault(
        "rating-alias-before-what-is-called",
        "A spelling of what is called comes before one of its name.",
        PRICE_BOOK,
        "for name in reversed(names) for one in spellings(name)]",
        "for name in names for one in spellings(name)]",
        [TEST_BOOK],
    ),
    Fault(
        "rating-long-cheaper",
        "A longer input makes no token cheaper.",
        PRICE_BOOK,
        "(lower.of(kind) or 0) > (higher.of(kind) or 0) for kind",
        "(lower.of(kind) or 0) > 10**18 + (higher.of(kind) or 0) for kind",
        [TEST_BOOK],
    ),
    Fault(
        "rating-mini-is-the-large-model",
        "Only dates are taken from the end of a name.",
        NAMES,
        "|latest|default)",
        "|latest|default|mini)",
        [TEST_NAMES],
    ),
    Fault(
        "rating-version-number-is-a-vendor",
        "A dotted beginning with digits is no vendor.",
        NAMES,
        'r"[a-z]+(?:-[a-z]+)*\\."',
        'r"[a-z0-9-]+\\."',
        [TEST_NAMES],
    ),
    Fault(
        "rating-size-is-a-provider",
        "A size or a quality is no provider.",
        NAMES,
        "_QUALIFIER.fullmatch(before)",
        "before == slash",
        [TEST_NAMES],
    ),
    Fault(
        "rating-any-four-digits-are-a-date",
        "A date has a month and a day that exist.",
        NAMES,
        "{_MONTH}{_DAY}|2\\d{_MONTH}",
        "\\d\\d\\d\\d|2\\d{_MONTH}",
        [TEST_NAMES],
    ),
    Fault(
        "rating-capitals-make-another-model",
        "Capitals make no other model.",
        NAMES,
        "name.strip().lower()",
        "name.strip()",
        [TEST_NAMES],
    ),
    Fault(
        "rating-most-of-the-model-asked-for",
        "A call can weigh as much as the dearest model that may answer it.",
        GATE_MODELS,
        "for one in self.answering(model) for price in self.prices.of(one))",
        "for one in [model] for price in self.prices.of(one))",
        [TEST_GATE],
    ),
    Fault(
        "rating-one-priced-deployment-is-enough",
        "All that the deployments of a model call must have a price.",
        GATE_BOOK,
        "return bounded if len(bounded) == len(named) else ()",
        "return bounded",
        [TEST_GATE],
    ),
    Fault(
        "rating-cost-bounded-by-nothing",
        "What only a cost prices may not be called through the gate.",
        GATE_BOOK,
        "price is not None and price.most(0, 0) is not None",
        "price is not None",
        [TEST_GATE],
    ),
    Fault(
        "rating-by-the-name-asked-for",
        "A call is rated by the model that answered.",
        CALLS,
        "return self.answered_by or self.model",
        "return self.model",
        [TEST_RATING],
    ),
    Fault(
        "rating-unpriced-row-lost",
        "A row without a price waits for a person with its text.",
        WITNESSES,
        "one.body() or to_json(call)",
        "to_json(call)",
        [TEST_RATING],
    ),
    Fault(
        "rating-default-not-told",
        "A model that only the default covers is told.",
        WITNESSES,
        "for entry in self.entries if entry.is_billed}",
        "for entry in self.entries if not entry.is_billed}",
        [TEST_RATING],
    ),
    Fault(
        "rating-book-of-an-open-epoch",
        "A book begins with an epoch that is not open.",
        OPENED,
        "attribute_not_exists(epoch) OR epoch < :from",
        "attribute_not_exists(epoch) OR epoch < :from OR epoch = :from",
        [TEST_BOOKS],
    ),
    Fault(
        "rating-book-replaced",
        "An epoch gets one book only.",
        BOOKS,
        'BOOK_IN_FORCE.key(epoch=from_epoch) | {"hash": name}, "ConditionExpression": ABSENT}}',
        'BOOK_IN_FORCE.key(epoch=from_epoch) | {"hash": name}}}',
        [TEST_BOOKS],
    ),
    Fault(
        "rating-book-of-the-deployment",
        "A deployment changes nothing.",
        BOOKS,
        "book = self._stored(epoch) or self._stored_first(epoch)",
        "book = self.first",
        [TEST_BOOKS],
    ),
    Fault(
        "rating-waiting-record-keeps-its-weight",
        "A record that waited is rated by the book of the epoch that counts it.",
        WITNESSES,
        "Entry(call, rated or 0, book_hash, is_recorded=True, is_billed=is_billed",
        "Entry(call, record.rated_microtokens, book_hash, is_recorded=True, is_billed=is_billed",
        [TEST_RATING],
    ),
    Fault(
        "rating-event-names-another-book",
        "An event names the book that rated it.",
        EVENTS,
        "            price_book_hash=self.price_book_hash,\n",
        "            price_book_hash=bytes(32),\n",
        [f"{WITNESS_RULES}::test_an_event_names_the_price_book_that_rated_it"],
    ),
)
