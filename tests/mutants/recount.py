"""Faults of `flareflow recount`: more tokens than a text allows that pass, and honest calls that do not."""

from typing import Final

from tests.mutants.fault import Fault

COMPARING: Final = "verify/flareflow_verify/recount/comparing.py"
TEXTS: Final = "verify/flareflow_verify/recount/texts.py"
TOKENIZERS: Final = "verify/flareflow_verify/recount/tokenizers.py"
TESTS: Final = ["tests/unit/verify/test_recount.py"]

FAULTS: Final = (
    Fault(
        "recount-only-what-went-in",
        "Tokens of the answer are compared with its text too.",
        COMPARING,
        "if self.input.over(self.told.input) or self.output.over(self.shown_output):",
        "if self.input.over(self.told.input):",
        TESTS,
    ),
    Fault(
        "recount-reasoning-as-text",
        "Hidden reasoning is not compared with the text of the answer.",
        COMPARING,
        "return self.told.output - self.told.reasoning",
        "return self.told.output",
        TESTS,
    ),
    Fault(
        "recount-no-chat-format",
        "A chat format has tokens around each message and around the whole.",
        COMPARING,
        "overhead * (side.messages + 1)",
        "overhead * side.messages",
        TESTS,
    ),
    Fault(
        "recount-images-as-nothing",
        "What is no text has no upper bound.",
        COMPARING,
        "None if side.has_other else plain + around",
        "plain + around",
        TESTS,
    ),
    Fault(
        "recount-what-was-told-not-signed",
        "What the receipt signs is billed, and so compared.",
        COMPARING,
        "    if call.logged.receipts:\n        return call.logged.receipts[0].receipt.tokens\n    told",
        "    told",
        TESTS,
    ),
    Fault(
        "recount-price-of-another-book",
        "A call that names another price book is not priced by this one.",
        COMPARING,
        "if receipt and receipt.price_book_hash != book_hash:",
        "if False:",
        TESTS,
    ),
    Fault(
        "recount-without-tools",
        "Tools of a request may be tokens of its prompt.",
        TEXTS,
        "into.framed += [_json(one[name])",
        "into.framed = [_json(one[name])[:1]",
        TESTS,
    ),
    Fault(
        "recount-counts-that-are-missing",
        "A tokenizer tells a number for each text.",
        TOKENIZERS,
        "if len(counts) != len(texts) or",
        "if",
        TESTS,
    ),
)
