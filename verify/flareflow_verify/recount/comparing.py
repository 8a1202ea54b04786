"""Tokens that were told or signed of calls, beside what their texts allow."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from flareflow.metering.calls import Tokens
from flareflow.metering.price_book import PriceBook, Used
from flareflow_verify.recount.texts import Texts, TextsOfCall
from flareflow_verify.recount.tokenizers import Count

OVERHEAD_TOKENS: Final = 8
"""Tokens that a chat format may put around a message: roles, separators, names. OpenAI's takes 3 or 4, Llama's 5."""


class Outcome(StrEnum):
    """What a count finds of a call."""

    MORE = "more"
    """More tokens were told than the text allows."""
    FEWER = "fewer"
    """Fewer tokens were told than the text has: the tokenizer is another one, or the provider counts otherwise."""
    WITHIN = "within"
    UNBOUNDED = "unbounded"
    """Something that is no text went in or came out, and not fewer tokens were told than the text has."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many tokens texts can have; `most` is None where they are not all."""

    least: int
    most: int | None

    def over(self, told: int) -> int:
        """How many tokens are too many."""
        return 0 if self.most is None else max(0, told - self.most)

    @property
    def said(self) -> str:
        return f"{self.least:,} or more" if self.most is None else f"{self.least:,} to {self.most:,}"


@dataclass(frozen=True, slots=True)
class Recounted:
    """A call as it was told and as it was counted. Hidden reasoning is no part of the output that is compared."""

    call: TextsOfCall
    told: Tokens
    input: Bounds
    output: Bounds

    @property
    def shown_output(self) -> int:
        return self.told.output - self.told.reasoning

    @property
    def outcome(self) -> Outcome:
        if self.input.over(self.told.input) or self.output.over(self.shown_output):
            return Outcome.MORE
        if self.told.input < self.input.least or self.shown_output < self.output.least:
            return Outcome.FEWER
        return Outcome.UNBOUNDED if None in (self.input.most, self.output.most) else Outcome.WITHIN

    @property
    def allowed(self) -> Tokens:
        """The tokens that were told without those that are too many: fresh text is taken away first."""
        kept = self.told
        for total, kinds in (
            (self.input.over(kept.input), ("prompt", "audio_input", "cache_write", "cache_read")),
            (self.output.over(self.shown_output), ("completion", "audio_output")),
        ):
            left = total
            for kind in kinds:
                taken = min(left, getattr(kept, kind))
                kept, left = replace(kept, **{kind: getattr(kept, kind) - taken}), left - taken
        return kept

    def over_microtokens(self, book: PriceBook, book_hash: str) -> int | None:
        """What the tokens that are too many weigh; None where the call names another book, or has no price."""
        receipt = self.call.logged.receipts[0].receipt if self.call.logged.receipts else None
        if receipt and receipt.price_book_hash != book_hash:
            return None
        name, base = (receipt.answered_by or receipt.model, receipt.base_model) if receipt else (self.call.model, None)
        price = book.price(name, base)
        told, allowed = price.rate(Used(self.told)), price.rate(Used(self.allowed))
        return None if told is None or allowed is None else told - allowed


def recount(calls: Sequence[TextsOfCall], count: Count, overhead: int = OVERHEAD_TOKENS) -> Sequence[Recounted]:
    """Count the texts of calls. `overhead` tokens may be around each message, and around the whole."""
    texts = list(dict.fromkeys(text for call in calls for side in (call.asked, call.answered) for text in _all(side)))
    tokens = dict(zip(texts, count(texts), strict=True))
    return [
        Recounted(
            call,
            _told(call),
            _bounds(call.asked, tokens, overhead),
            _bounds(call.answered, tokens, overhead),
        )
        for call in calls
    ]


def _all(side: Texts) -> Iterator[str]:
    yield from side.plain
    yield from side.framed


def _bounds(side: Texts, tokens: Mapping[str, int], overhead: int) -> Bounds:
    plain, framed = (sum(tokens[text] for text in some) for some in (side.plain, side.framed))
    around = overhead * (side.messages + 1) + (framed + overhead * len(side.framed))
    return Bounds(plain, None if side.has_other else plain + around)


def _told(call: TextsOfCall) -> Tokens:
    """What the receipt signs, or else what the answer told."""
    if call.logged.receipts:
        return call.logged.receipts[0].receipt.tokens
    told = call.logged.tokens
    assert told is not None
    return Tokens.of_parts(input_tokens=told.input, output_tokens=told.output, reasoning=call.reasoning_tokens)
