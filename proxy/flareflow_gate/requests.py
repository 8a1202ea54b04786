"""From what a caller sent to what LiteLLM gets: checked, and written anew, so that both read the same."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from flareflow_gate.callers import AUTHORIZATION, Caller
from flareflow_gate.models import CallableModels
from flareflow_gate.parameters import Parameters
from flareflow_gate.refusals import RefusedError, invalid
from flareflow_gate.routes import Route

ASK_TO_THINK: Final = ("reasoning", "reasoning_effort", "thinking", "context_management")
"""Parameters by which a request asks a model to think, on one route or another.

LiteLLM has some models think where their thoughts are to be cleared from the context.
"""
CACHE_LIFETIMES: Final = (None, "5m")
"""What `cache_control.ttl` may be. Writing a cache for an hour costs more, and not all witnesses tell both apart."""
_NULL: Final = rb"\u0000"
"""A null character as JSON writes it, unless the backslash is the second one of `_BACKSLASH`."""
_IN_ITS_PLACE: Final = rb"\ufffd"
_BACKSLASH: Final = rb"\\"
_NO_JSON: Final = b"\0"
"""A byte that no JSON has."""


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A checked request: `body` is what LiteLLM gets. `may_think`: the model may think without showing it.

    `request_hash`: SHA-256 in hex of the body as the caller sent it.
    """

    route: Route
    parameters: Parameters
    document: Mapping[str, Any]
    body: bytes
    may_think: bool
    request_hash: str

    @property
    def may_be_cut(self) -> bool:
        """Whether what was sent tells what the call used, so that it may end before the model has said all."""
        return self.parameters.streams and not self.may_think

    def headers(self, caller: Caller, event_id: str) -> list[tuple[bytes, bytes]]:
        """The headers that LiteLLM gets: none of them is the caller's, apart from the key."""
        return [
            (AUTHORIZATION, f"Bearer {caller.key}".encode()),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(self.body)).encode()),
            (b"x-litellm-call-id", event_id.encode()),
        ]


def model_call(route: Route, content: bytes, models: CallableModels) -> ModelCall:
    """Raises RefusedError unless the body asks for exactly one call of one model that has a price."""
    document = _object(content)
    try:
        parameters = route.parameters.model_validate(document)
    except ValidationError as error:
        raise _refusal(error, document) from error
    models.check(parameters.model)
    _check_parts(document)
    asks_for_usage = parameters.streams and route.protocol.has_stream_options
    body = to_json(_with_usage(document) if asks_for_usage else document)
    may_think = models.may_think(parameters.model) or any(document.get(name) for name in ASK_TO_THINK)
    return ModelCall(route, parameters, document, body, may_think, hashlib.sha256(content).hexdigest())


def _check_parts(document: Mapping[str, Any]) -> None:
    """Raises RefusedError where a part of the request asks for what is not billed.

    That is a cache that is kept for longer, or a file in a container, for which LiteLLM adds a tool that a server runs.
    """
    waiting: list[Any] = [document]
    while waiting:
        match waiting.pop():
            case {"cache_control": {"ttl": ttl}} if ttl not in CACHE_LIFETIMES:
                message = "Caches are kept for five minutes here: leave `ttl` out, or set it to '5m'."
                raise invalid("invalid_value", message, "cache_control.ttl")
            case {"type": "container_upload"}:
                raise invalid("invalid_value", "There are no containers here: send the file's text.", "messages")
            case dict() as part:
                waiting += [value for value in part.values() if isinstance(value, dict | list)]
            case list() as parts:
                waiting += [value for value in parts if isinstance(value, dict | list)]


def _object(content: bytes) -> dict[str, Any]:
    try:
        document = from_json(_without_nulls(content), allow_inf_nan=False)
    except ValueError as error:
        raise invalid("invalid_json", "The body is not JSON.") from error
    if not isinstance(document, dict):
        raise invalid("invalid_json", "The body is not a JSON object.")
    return document


def _without_nulls(content: bytes) -> bytes:
    """The same JSON without null characters: Postgres stores none, so LiteLLM would lose the row of the call."""
    if _NULL not in content or _NO_JSON in content:
        return content
    apart = content.replace(_BACKSLASH, _NO_JSON).replace(_NULL, _IN_ITS_PLACE)
    return apart.replace(_NO_JSON, _BACKSLASH)


def _with_usage(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same request, asking for the usage at the end of the stream."""
    options = document.get("stream_options") or {}
    return {**document, "stream_options": {**options, "include_usage": True}}


def _refusal(error: ValidationError, document: Mapping[str, Any]) -> RefusedError:
    """The first complaint in the words of OpenAI's API."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    # of a value that may have several forms, the complaint of the form that it has
    of_first = [one for one in found if one["loc"][:1] == found[0]["loc"][:1]]
    told = min(of_first, key=lambda one: one["type"].endswith("_type"))
    name = _path(document, told["loc"])
    if told["type"] == "extra_forbidden":
        return invalid("unknown_parameter", f"Unknown or unsupported parameter: {name!r}.", name)
    if told["type"] == "missing":
        missing = ".".join(filter(None, (name, str(told["loc"][-1]))))
        return invalid("missing_required_parameter", f"Missing required parameter: {missing!r}.", missing)
    return invalid("invalid_value", f"Invalid value for {name!r}: {told['msg']}.", name)


def _path(document: Any, location: Sequence[str | int]) -> str:
    """Where in the document a complaint is; pydantic's location also names the form that was tried."""
    names = []
    for part in location:
        match document:
            case dict() if part in document:
                document = document[part]
            case list() if isinstance(part, int) and part < len(document):
                document = document[part]
            case _:
                continue
        names.append(str(part))
    return ".".join(names)
