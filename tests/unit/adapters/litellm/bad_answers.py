"""What may come instead of LiteLLM's answer about a key, from LiteLLM or from whatever stands in front of it."""

from collections.abc import Callable, Iterator

import httpx

from flareflow.adapters.litellm.keys import ANSWER_BYTES_MAX

KEY_HASH = "66640efe2475554fd9d65e7c9d29b8e8590c0318fa1b90120a1dd867350d9b18"

BAD: dict[str, Callable[[], httpx.Response]] = {
    "down": lambda: broken(httpx.ConnectError("refused")),
    "slow": lambda: broken(httpx.ReadTimeout("nothing came")),
    "broken off": lambda: httpx.Response(200, stream=BrokenOff()),
    "too long": lambda: httpx.Response(200, content=b" " * (ANSWER_BYTES_MAX + 1)),
    "no content": lambda: httpx.Response(204),
    "empty": lambda: httpx.Response(200),
    "half an answer": lambda: httpx.Response(200, content=b'{"token": "' + KEY_HASH.encode() + b'", "blocked": tr'),
    "a page": lambda: httpx.Response(200, html="<html>Welcome</html>"),
    "a page that is not there": lambda: httpx.Response(404, html="<html>Not found</html>"),
    "a bad gateway": lambda: httpx.Response(502, html="<html>Bad gateway</html>"),
    "elsewhere": lambda: httpx.Response(307, headers={"location": "https://elsewhere.example/"}),
    "a list": lambda: httpx.Response(200, json=[]),
    "another object": lambda: httpx.Response(200, json={"status": "ok"}),
    "an error with status 200": lambda: error(200, "not_found_error", "Key not found.", "key"),
    "an error of another form": lambda: httpx.Response(404, json={"error": "not found"}),
    "a detail": lambda: httpx.Response(404, json={"detail": "Not Found"}),
    "the wrong master key": lambda: error(401, "auth_error", "Authentication Error", None),
    "a route that is not allowed": lambda: error(403, "auth_error", "Only the master key", None),
    "too many requests": lambda: error(429, "throttling_error", "Rate limit exceeded", None),
    "no database": lambda: error(500, "no_db_connection", "DB not connected", None),
    "a gate without the route": lambda: error(404, "not_found_error", "There is no such route here.", None),
    "Anthropic's API": lambda: httpx.Response(
        404, json={"type": "error", "error": {"type": "not_found_error", "message": "Not Found"}}
    ),
    "another key": lambda: httpx.Response(200, json=about("0" * 64)),
    "another state": lambda: httpx.Response(
        200, json=about(KEY_HASH) | {"key": "sk-another-key-of-enough-length", "blocked": None, "max_budget": 9.0}
    ),
}


def about(key_hash: str) -> dict[str, object]:
    """An answer in the form of every path at once."""
    return {"key": key_hash, "token": key_hash, "max_budget": 1.25, "blocked": True, "deleted_keys": [key_hash[:-1]]}


def error(status: int, kind: str, message: str, parameter: str | None) -> httpx.Response:
    document = {"error": {"message": message, "type": kind, "param": parameter, "code": str(status)}}
    return httpx.Response(status, json=document)


def broken(failure: httpx.HTTPError) -> httpx.Response:
    raise failure


class BrokenOff(httpx.SyncByteStream):
    """The body of an answer that ends too early."""

    def __iter__(self) -> Iterator[bytes]:
        yield b'{"token": "'
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")
