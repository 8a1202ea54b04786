"""A customer who wants to pay less: tries tricks at both doors of one LiteLLM and compares what each has billed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import httpx

from flareflow_gate.tricks import TOKENS, Request, Trick, answered, tricks
from infra.local.litellm.upstream.answers import WORD
from tests.support.doors import Doors, hash_of
from tests.support.eventually import WAIT_SECONDS_MAX

MODEL: Final = "gpt-4o"
STREAM_TOKENS: Final = 150
"""More than the 100 equal chunks after which LiteLLM ends a stream as a failure."""


@dataclass(frozen=True, slots=True)
class HangingUp(Request):
    """A stream that the caller leaves after so many lines."""

    lines: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One trick at one door: what was answered, and what the upstream served for it."""

    trick: Trick
    key_hash: str
    statuses: Sequence[int]
    let_through: bool
    served: Sequence[dict[str, Any]]
    words: int | None

    @property
    def taken_tokens(self) -> Counter[str]:
        """By the model that answered: all that was served, of a stream only what reached the customer (`words`)."""
        tokens = by_model((call["model"], call["tokens"]) for call in self.served)
        return tokens if self.words is None else Counter({model: min(tokens[model], self.words) for model in tokens})

    @property
    def is_refused(self) -> bool:
        return not self.served and all(status >= httpx.codes.BAD_REQUEST for status in self.statuses)


def by_model(tokens: Iterator[tuple[str, int]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for model, number in tokens:
        found[model] += number
    return found


def all_tricks() -> tuple[Trick, ...]:
    """Those of the preflight, and those whose success only the bills show."""
    return (*tricks(MODEL), *_seen_in_bills())


def _seen_in_bills() -> Iterator[Trick]:
    same_id = chat("id=same one two three")
    yield Trick("three answers with one id of the upstream's", "two rows are dropped", (same_id,) * 3, answered)
    repeated = chat("one two", stream=True, max_tokens=STREAM_TOKENS)
    yield Trick("a stream of equal chunks", "LiteLLM ends it as a failure", (repeated,), answered)
    broken = chat("break=30 one two", stream=True, max_tokens=60)
    yield Trick("a stream that the upstream breaks off", "no usage is told", (broken,), answered)
    for hidden in (None, False):
        options = {} if hidden is None else {"stream_options": {"include_usage": hidden}}
        asked = chat("one two three", stream=True, max_tokens=TOKENS, **options)
        yield Trick(f"a stream with include_usage {hidden}", "no usage is told", (asked,), answered)
    for lines, max_tokens, name in ((1, 40, "at its first word"), (14, 7, "before its usage")):
        body = chat("pause=0.02 one two three", stream=True, max_tokens=max_tokens).body
        left = HangingUp("/v1/chat/completions", body, lines=lines)
        yield Trick(f"hanging up on a stream {name}", "the usage is not told", (left,), answered)


def chat(prompt: str, **more: object) -> Request:
    body = {"model": MODEL, "max_tokens": TOKENS, "messages": [{"role": "user", "content": prompt}], **more}
    return Request("/v1/chat/completions", body)


def try_all(doors: Doors, door: str) -> dict[str, Attempt]:
    """Try every trick: one that calls a model with a key of its own, all that only ask for a route with the same."""
    shared = doors.new_key()
    return {
        trick.name: attempt(doors, door, trick, doors.new_key() if trick.requests[0].body else shared)
        for trick in all_tricks()
    }


def attempt(doors: Doors, door: str, trick: Trick, key: str) -> Attempt:
    """Try one trick; nobody else calls models meanwhile."""
    before = len(doors.served())
    headers = {"authorization": f"Bearer {key}"}
    with httpx.Client(base_url=door, headers=headers, timeout=WAIT_SECONDS_MAX) as http:
        answers = [_send(http, request) for request in trick.requests]
    served = doors.served()[before:]
    statuses = [answer.status_code for answer in answers]
    words = _words(trick.requests[0], answers[0]) if _streams(trick.requests[0]) else None
    return Attempt(trick, hash_of(key), statuses, trick.let_through(answers), served, words)


def _streams(request: Request) -> bool:
    return bool(request.body and request.body.get("stream"))


def _words(request: Request, answer: httpx.Response) -> int:
    """The words of a chat's question and of what has come of the answer; each is a token."""
    question: str = (request.body or {})["messages"][0]["content"]
    return len(question.split()) + answer.text.count(WORD)


def _send(http: httpx.Client, request: Request) -> httpx.Response:
    query = request.query or None
    with http.stream(request.method, request.path, json=request.body, params=query, headers=request.headers) as answer:
        if not isinstance(request, HangingUp):
            answer.read()
            return answer
        lines = answer.iter_lines()
        seen = "\n".join(next(lines, "") for _ in range(request.lines))
        return httpx.Response(answer.status_code, headers=answer.headers, text=seen)


def billed_by_rows(doors: Doors) -> dict[str, Counter[str]]:
    """Key hash -> tokens by model, as LiteLLM alone would bill: rows of successful calls."""
    rows = (row for row in doors.rows() if row["status"] != "failure")
    return _by_key((row["api_key"], row["model_group"].removeprefix("openai/"), row["total_tokens"]) for row in rows)


def billed_by_records(doors: Doors) -> dict[str, Counter[str]]:
    """Key hash -> tokens by model, as the gate tells; each record once."""
    records = {record["event_id"]: record for record in doors.records()}.values()
    return _by_key((record["key_hash"], record["model"], sum(record["tokens"].values())) for record in records)


def _by_key(told: Iterator[tuple[str, str, int]]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for key_hash, model, tokens in told:
        found.setdefault(key_hash, Counter())[model] += tokens
    return found


def free(attempt: Attempt, billed: dict[str, Counter[str]]) -> Counter[str]:
    """Tokens by model that the customer took and nobody pays for."""
    return attempt.taken_tokens - billed.get(attempt.key_hash, Counter())


def table(rows: Sequence[tuple[str, str, str]]) -> str:
    """Lines of a table with three columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    return "\n".join(f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c}" for a, b, c in chain(rows))
