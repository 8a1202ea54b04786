"""A model call as all tests on the local stack make it."""

from collections.abc import Mapping
from typing import Final

import httpx

from infra.local.demo.calls import CALL_TIMEOUT_SECONDS, CHAT_PATH
from infra.local.launch import Facts
from infra.waiting import until

MESSAGES: Final = [{"role": "user", "content": "one two three"}]
BODY: Final = {"model": "gpt-4o", "max_tokens": 9, "messages": MESSAGES}


def answer_of(facts: Facts, secret: str, body: Mapping[str, object] = BODY) -> httpx.Response:
    """The gate's answer to a call, whatever it says; while it is busy, it is asked again.

    503 says that credit cannot be asked for now. Such a call has reached no model.
    """
    return patiently("POST", f"{facts['litellm_url']}{CHAT_PATH}", secret, body)


def patiently(method: str, url: str, secret: str, body: Mapping[str, object] | None = None) -> httpx.Response:
    """The answer to a request that shows a key, once it is another one than 503."""

    def answered() -> httpx.Response | None:
        headers = {"authorization": f"Bearer {secret}"}
        answer = httpx.request(method, url, json=body, headers=headers, timeout=CALL_TIMEOUT_SECONDS)
        return None if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else answer

    return until(answered, CALL_TIMEOUT_SECONDS)
