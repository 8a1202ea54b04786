"""What the local stack sets up between the starts of its servers."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from flareflow.time import Epochs
from infra.local import stack
from infra.local.flow.network import EPOCH_SECONDS


def test_the_key_of_receipts_is_put_in_force_from_a_later_epoch_where_the_next_one_began_too_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Given a function that comes too late for the first epoch that is named
    asked: list[dict[str, Any]] = []

    def post(address: str, *, json: dict[str, Any], timeout: float) -> httpx.Response:
        asked.append(json)
        headers = {"X-Amz-Function-Error": "Unhandled"} if len(asked) == 1 else {}
        return httpx.Response(200, headers=headers, request=httpx.Request("POST", address))

    first = Epochs(EPOCH_SECONDS).start(100)
    moments = iter([first, Epochs(EPOCH_SECONDS).end(100)])

    def now() -> datetime:
        return next(moments)

    monkeypatch.setattr(stack, "utc_now", now)
    monkeypatch.setattr(httpx, "post", post)
    monkeypatch.setattr(stack, "Signer", SimpleNamespace(from_file=lambda _: SimpleNamespace(public_key={"kid": "k"})))
    # When the key is published
    stack._publish_receipt_key({})
    # Then it is in force from the epoch after the one that runs then
    assert [one["from_epoch"] for one in asked] == [101, 102]
    assert asked[-1]["receipt_keys"] == {"keys": [{"kid": "k", "valid_from_epoch": 0}]}
