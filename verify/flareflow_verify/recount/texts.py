"""The texts of a logged call, its request's and its answer's, in the forms of OpenAI's and Anthropic's APIs.

What is no text (images, sound, files) has no tokens that a tokenizer of text can count; it is only noted.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from flareflow_verify.audit.log import LogError, Logged, call_of, entries_of, objects_of

REQUEST_HOLDERS: Final = ("request", "request_body", "body")
"""Objects of a line in which logs keep the request."""
PARAMETER_HOLDERS: Final = ("model_parameters", "optional_params")
"""Objects of a request in which LiteLLM's client logs its other parameters."""
FRAMED: Final = ("tools", "functions", "response_format", "text", "tool_choice")
"""Parts of a request that a provider writes into the prompt in a form of its own."""


@dataclass(slots=True)
class Texts:
    """Texts of one side of a call.

    `plain` are the texts as the model reads or writes them. `framed` are those that a provider may write otherwise, or
    leave out. `messages` is the number of messages, each of which has some tokens around it. `has_other`: there is
    something that is no text.
    """

    plain: list[str] = field(default_factory=list)
    framed: list[str] = field(default_factory=list)
    messages: int = 0
    has_other: bool = False


@dataclass(frozen=True, slots=True)
class TextsOfCall:
    """A logged call with its texts. `model` is the name in the answer, or that in the request."""

    logged: Logged
    model: str
    asked: Texts
    answered: Texts
    reasoning_tokens: int
    """Tokens that the answer says were thought, and does not show."""


def read_texts(lines: Iterable[str]) -> Sequence[TextsOfCall]:
    """The calls of a log with their texts; empty lines are left out. Raises LogError."""
    calls: list[TextsOfCall] = []
    for number, line in enumerate(lines, start=1):
        try:
            calls += map(_texts_of_call, entries_of(json.loads(line)) if line.strip() else [])
        except RecursionError as error:
            raise LogError(f"line {number} is no JSON: it is too deep") from error
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise LogError(f"line {number}: {str(error)[:200]}") from error
    return calls


def _texts_of_call(entry: Any) -> TextsOfCall:
    objects = objects_of(entry)
    holders = [entry[name] for name in REQUEST_HOLDERS if isinstance(entry.get(name), dict)]
    asked, answered = Texts(), Texts()
    request = next((one for one in [*holders, *objects] if _is_request(one)), None)
    if request is None:
        raise ValueError("no text of the request (messages, prompt or input)")
    _read_request(request, asked)
    answer = next((one for one in objects if _is_answer(one)), None)
    if answer is not None:
        _read_answer(answer, answered)
    logged = call_of(entry)
    named = [one["model"] for one in (answer, request) if one and isinstance(one.get("model"), str)]
    return TextsOfCall(logged, named[0] if named else "", asked, answered, _reasoning(objects, logged))


def _is_request(one: Mapping[str, Any]) -> bool:
    return any(name in one for name in ("messages", "prompt", "input"))


def _is_answer(one: Mapping[str, Any]) -> bool:
    return any(isinstance(one.get(name), list) for name in ("choices", "output", "content"))


def _read_request(request: Mapping[str, Any], into: Texts) -> None:
    for name in ("system", "instructions"):
        if request.get(name):
            _read_content(request[name], into)
            into.messages += 1
    given = next(request[name] for name in ("messages", "input", "prompt") if name in request)
    for message in given if isinstance(given, list) else [given]:
        into.messages += 1
        _read_message(message, into)
    places = [request, *(one for name in PARAMETER_HOLDERS if isinstance(one := request.get(name), dict))]
    into.framed += [_json(one[name]) for one in places for name in FRAMED if one.get(name)]


def _read_answer(answer: Mapping[str, Any], into: Texts) -> None:
    if isinstance(answer.get("choices"), list):
        for choice in answer["choices"]:
            into.messages += 1
            _read_message(choice.get("message") or choice.get("text") or "", into)
    elif isinstance(answer.get("output"), list):
        for item in answer["output"]:
            into.messages += 1
            _read_message(item, into)
    else:
        into.messages += 1
        _read_content(answer["content"], into)


def _read_message(message: Any, into: Texts) -> None:
    """A message or an item of the Responses API: its content, and the calls of tools in it."""
    if not isinstance(message, dict):
        _read_content(message, into)
        return
    for name in ("content", "refusal", "output"):
        if message.get(name):
            _read_content(message[name], into)
    if isinstance(message.get("arguments"), str):
        into.framed.append(_json({"name": message.get("name"), "arguments": message["arguments"]}))
    for name in ("tool_calls", "function_call", "name"):
        if message.get(name):
            into.framed.append(_json(message[name]))
    into.has_other = into.has_other or bool(message.get("audio"))


def _read_content(content: Any, into: Texts) -> None:
    if isinstance(content, str):
        into.plain.append(content)
    elif isinstance(content, list):
        for part in content:
            _read_part(part, into)
    elif content is not None:
        raise ValueError("a content is text, or a list of parts")


def _read_part(part: Any, into: Texts) -> None:
    if isinstance(part, str):
        into.plain.append(part)
        return
    match part["type"]:
        case "text" | "input_text" | "output_text":
            into.plain.append(str(part["text"]))
        case "refusal":
            into.plain.append(str(part["refusal"]))
        case "tool_use" | "tool_result" | "function_call":
            into.framed.append(_json(part))
        case "thinking" | "redacted_thinking" | "reasoning":
            pass
        case _:
            into.has_other = True


def _reasoning(objects: Sequence[Mapping[str, Any]], logged: Logged) -> int:
    """Tokens of reasoning, as the receipt or else the usage tells them."""
    if logged.receipts:
        return logged.receipts[0].receipt.tokens.reasoning
    return next(_told_reasoning(objects), 0)


def _told_reasoning(objects: Sequence[Mapping[str, Any]]) -> Iterator[int]:
    for one in objects:
        usage = one.get("usage")
        for name in ("completion_tokens_details", "output_tokens_details"):
            details = usage.get(name) if isinstance(usage, dict) else None
            if isinstance(details, dict) and type(details.get("reasoning_tokens")) is int:
                yield max(0, details["reasoning_tokens"])


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
