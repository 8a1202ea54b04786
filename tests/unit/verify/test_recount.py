"""`flareflow recount`: the tokens that were told of calls, beside those of their text."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Final

import pytest

from flareflow.metering.calls import Tokens
from flareflow_verify.__main__ import main
from flareflow_verify.audit.log import LogError
from flareflow_verify.errors import CommandError
from flareflow_verify.recount.comparing import Outcome, recount
from flareflow_verify.recount.texts import read_texts
from flareflow_verify.recount.tokenizers import tokenizer
from tests.support.bills import World
from tests.support.signed_receipts import signed

WORDS: Final = (
    f"command:{sys.executable} -c 'import sys,json\nfor line in sys.stdin: print(len(json.loads(line).split()))'"
)
"""A tokenizer for which each word is a token."""
ASKED: Final = {"model": "dear", "messages": [{"role": "user", "content": "one two three"}]}
WORLD: Final = World()


def by_words(texts: Sequence[str]) -> Sequence[int]:
    return [len(text.split()) for text in texts]


def call(used: Any, *, request: Any = ASKED, answer: str = "four five") -> dict[str, Any]:
    """A line of a log with the texts of a call and what its answer told."""
    choices = [{"message": {"role": "assistant", "content": answer}}]
    return {"event_id": "one", "request": request, "response": {"model": "dear", "choices": choices, "usage": used}}


def counted(line: Any, overhead: int = 2) -> Any:
    (found,) = recount(read_texts([json.dumps(line)]), by_words, overhead)
    return found


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        # the text has 3 words in and 2 out; around one message and around the whole may be 2 tokens each
        ((3, 2), Outcome.WITHIN),
        ((7, 6), Outcome.WITHIN),
        ((8, 2), Outcome.MORE),
        ((3, 7), Outcome.MORE),
        ((2, 2), Outcome.FEWER),
        ((3, 1), Outcome.FEWER),
    ],
)
def test_told_tokens_lie_between_the_text_and_what_a_chat_format_adds(told: tuple[int, int], outcome: Outcome) -> None:
    found = counted(call({"prompt_tokens": told[0], "completion_tokens": told[1]}))
    assert ((found.input.least, found.input.most), (found.output.least, found.output.most)) == ((3, 7), (2, 6))
    assert found.outcome is outcome


def test_hidden_reasoning_is_left_out_of_what_is_compared() -> None:
    # Given an answer of 102 tokens of which 100 were thought
    used = {"prompt_tokens": 3, "completion_tokens": 102, "completion_tokens_details": {"reasoning_tokens": 100}}
    # Then the rest is compared with the text
    assert counted(call(used)).outcome is Outcome.WITHIN
    # And where fewer are said to be thought, the text is too short
    used["completion_tokens_details"] = {"reasoning_tokens": 90}
    assert counted(call(used)).outcome is Outcome.MORE


def test_what_is_no_text_has_no_upper_bound() -> None:
    parts = [{"type": "text", "text": "one two three"}, {"type": "image_url", "image_url": {"url": "https://a"}}]
    request = {"messages": [{"role": "user", "content": parts}]}
    assert counted(call({"prompt_tokens": 900, "completion_tokens": 2}, request=request)).outcome is Outcome.UNBOUNDED
    assert counted(call({"prompt_tokens": 2, "completion_tokens": 2}, request=request)).outcome is Outcome.FEWER


def test_tools_may_take_as_many_tokens_as_their_json() -> None:
    tools = [{"type": "function", "function": {"name": "add two numbers"}}]
    used = {"prompt_tokens": 12, "completion_tokens": 2}
    assert counted(call(used)).outcome is Outcome.MORE
    for request in ({**ASKED, "tools": tools}, {**ASKED, "model_parameters": {"tools": tools}}):
        assert counted(call(used, request=request)).outcome is Outcome.WITHIN


@pytest.mark.parametrize(
    ("line", "told"),
    [
        pytest.param(
            {
                "request": {"instructions": "one", "input": [{"role": "user", "content": "two three"}]},
                "response": {
                    "output": [{"type": "message", "content": [{"type": "output_text", "text": "four five"}]}]
                },
                "usage": {"input_tokens": 3, "output_tokens": 2},
            },
            (3, 2),
            id="OpenAI's responses",
        ),
        pytest.param(
            {
                "request": {"system": "one", "messages": [{"role": "user", "content": "two three"}]},
                "response": {
                    "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "four five"}],
                    "usage": {"input_tokens": 1, "cache_read_input_tokens": 2, "output_tokens": 2},
                },
            },
            (3, 2),
            id="Anthropic's messages",
        ),
        pytest.param(
            {
                "messages": [{"role": "user", "content": "one two three"}],
                "response": {"choices": [{"message": {"content": "four five"}}]},
                "prompt_tokens": 3,
                "completion_tokens": 2,
            },
            (3, 2),
            id="LiteLLM's logging payload",
        ),
        pytest.param(
            {
                "request": {"prompt": "one two three"},
                "response": {"body": {"choices": [{"text": "four five"}], "usage": {"prompt_tokens": 3}}},
            },
            (3, 0),
            id="completions",
        ),
        pytest.param(
            {"request": {"input": ["one two", "three"]}, "response": {"usage": {"prompt_tokens": 3}}},
            (3, 0),
            id="embeddings",
        ),
    ],
)
def test_texts_of_several_forms_are_read(line: Any, told: tuple[int, int]) -> None:
    found = counted({"event_id": "one", **line})
    assert (found.input.least, found.told.input, found.told.output) == (3, *told)
    assert found.output.least in (2, 0)


def test_what_the_receipt_signs_is_compared_where_there_is_one() -> None:
    # Given an answer that told what the text has, and a receipt that signs much more
    receipt = signed(WORLD.events[0], tokens=Tokens(prompt=100, completion=2))
    line = {**call({"prompt_tokens": 3, "completion_tokens": 2}), "receipt": receipt}
    del line["event_id"]
    found = counted(line)
    # Then the receipt is what is billed
    assert (found.told.input, found.outcome) == (100, Outcome.MORE)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '"text"',
        '{"event_id": "one", "usage": {"prompt_tokens": 1}}',
        '{"event_id": "one", "messages": [{"content": 5}], "usage": {"prompt_tokens": 1}}',
        '{"messages": [], "usage": {"prompt_tokens": 1}}',
        '{"event_id": "one", "messages": [{"content": [{}]}], "usage": {"prompt_tokens": 1}}',
        "[" * 100_000,
    ],
)
def test_a_line_without_texts_is_named(line: str) -> None:
    with pytest.raises(LogError, match="line 2"):
        read_texts(["", line])


def run(tmp_path: Path, lines: list[Any], *options: str) -> int:
    log = tmp_path / "calls.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return main(["recount", "--log", str(log), "--tokenizer", WORDS, *options])


def test_tokens_that_the_text_does_not_allow_are_named_with_their_money(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a call of the dear model with 100 tokens in and 2 out where the text allows 19
    bundle = tmp_path / "bill.json"
    bundle.write_text(WORLD.bundle().text)
    lines = [call({"prompt_tokens": 119, "completion_tokens": 2}), call({"prompt_tokens": 3, "completion_tokens": 2})]
    # When it is counted again, with the prices of a bill
    assert run(tmp_path, lines, "--offline", str(bundle)) == 1
    # Then 100 tokens are too many, which weigh 1.5 each
    out = capsys.readouterr().out
    assert "more      one  dear: 119 tokens in, the text has 3 to 19; 2 out, the text has 2 to 18" in out
    assert "(150 rated tokens, 0.00225000 FLOW)" in out
    assert "2 calls counted again with command:" in out
    assert ": 1 more, 0 fewer, 1 within, 0 unbounded." in out


def test_without_a_bill_no_money_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, [call({"prompt_tokens": 119, "completion_tokens": 2})], "--json") == 1
    (found,) = json.loads(capsys.readouterr().out)["calls"]
    assert (found["outcome"], found["input"]) == ("more", {"told": 119, "least": 3, "most": 19})
    assert (found["over_rated_microtokens"], found["over_ufix64"]) == (None, None)


def test_a_call_that_was_rated_by_another_book_has_no_price(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = tmp_path / "bill.json"
    bundle.write_text(WORLD.bundle().text)
    receipt = signed(WORLD.events[0], tokens=Tokens(prompt=119), price_book_hash=f"0x{'12' * 32}")
    line = {key: value for key, value in call({}).items() if key != "event_id"} | {"receipt": receipt}
    assert run(tmp_path, [line], "--offline", str(bundle), "--json") == 1
    (found,) = json.loads(capsys.readouterr().out)["calls"]
    assert found["over_ufix64"] is None


def test_prices_of_a_bill_that_differs_are_not_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Given a bill with another price of its plan
    bundle = tmp_path / "bill.json"
    bundle.write_text(WORLD.bundle().text.replace('"owed_ufix64": "0"', '"owed_ufix64": "1"'))
    used = {"prompt_tokens": 1_000, "completion_tokens": 2}
    # When calls are counted with its prices
    status = run(tmp_path, [call(used)], "--offline", str(bundle))
    # Then the bill is named instead
    assert status == 1
    assert "NOT verified: price, charge differ" in capsys.readouterr().out


def test_the_overhead_is_what_the_user_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [call({"prompt_tokens": 19, "completion_tokens": 2})]
    assert run(tmp_path, lines) == 0
    assert run(tmp_path, lines, "--overhead", "7") == 1
    assert "the text has 3 to 17" in capsys.readouterr().out


def test_hidden_reasoning_is_told_to_be_hidden(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    used = {"prompt_tokens": 3, "completion_tokens": 1_202, "completion_tokens_details": {"reasoning_tokens": 1_200}}
    assert run(tmp_path, [call(used)]) == 0
    assert "1,200 tokens of reasoning in 1 call are hidden" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("words", "is no tokenizer; name tiktoken:"),
        ("tiktoken:", "is no tokenizer"),
        ("command:/does/not/exist", "is no tokenizer"),
        (f"command:{sys.executable} -c 'print(1); print(2)'", "told 2 numbers of tokens of 1 texts"),
        (f"command:{sys.executable} -c 'print(-1)'", "told 1 numbers"),
        (f"command:{sys.executable} -c 'print(\"many\")'", "is no tokenizer"),
        (f"command:{sys.executable} -c 'raise SystemExit(\"no model\")'", "failed: no model"),
    ],
)
def test_what_is_no_tokenizer_is_said(name: str, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        tokenizer(name)(["a text"])


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for library, name in (("tiktoken", "tiktoken:o200k_base"), ("tokenizers", "file:tokenizer.json")):
        monkeypatch.setitem(sys.modules, library, None)
        with pytest.raises(CommandError, match="recount"):
            tokenizer(name)


def test_the_libraries_are_asked_for_text_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Given libraries that count letters, and refuse to be asked for special tokens
    def letters(text: str, *, disallowed_special: tuple[str, ...]) -> list[str]:
        assert disallowed_special == ()
        return list(text)

    def encode(text: str, *, add_special_tokens: bool) -> SimpleNamespace:
        assert not add_special_tokens
        return SimpleNamespace(ids=list(text))

    tiktoken, tokenizers = ModuleType("tiktoken"), ModuleType("tokenizers")
    encoding = SimpleNamespace(encode=letters)
    names = {"list_encoding_names": lambda: ["letters"], "get_encoding": lambda _: encoding}
    tiktoken.__dict__.update(names, encoding_for_model=lambda name: {"gpt": encoding}[name])
    tokenizers.__dict__.update(Tokenizer=SimpleNamespace(from_str=lambda _: SimpleNamespace(encode=encode)))
    monkeypatch.setitem(sys.modules, "tiktoken", tiktoken)
    monkeypatch.setitem(sys.modules, "tokenizers", tokenizers)
    file = tmp_path / "tokenizer.json"
    file.write_text("{}")
    # Then each counts the texts
    for name in ("tiktoken:letters", "tiktoken:gpt", f"file:{file}"):
        assert tokenizer(name)(["ab", "", "c"]) == [2, 0, 1]
    for name in ("tiktoken:unknown", "file:/does/not/exist"):
        with pytest.raises(CommandError, match="no "):
            tokenizer(name)
