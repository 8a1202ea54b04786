"""A bundle has one form, and everything in it is bounded."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from flareflow_verify import bundle as form
from flareflow_verify.bundle import Bundle
from tests.support.bills import World


@pytest.fixture(scope="module")
def good() -> Bundle:
    return World().bundle()


def changed(good: Bundle, change: Callable[[Any], object]) -> bytes:
    content = json.loads(good.text)
    change(content)
    return (json.dumps(content, indent=2) + "\n").encode()


def test_a_bundle_is_what_was_written(good: Bundle) -> None:
    assert Bundle.parse(good.text.encode()) == good


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda content: content.update(more="1"), id="another field"),
        pytest.param(lambda content: content.pop("events"), id="a field less"),
        pytest.param(lambda content: content.update(version="flareflow-bundle/2"), id="another version"),
        pytest.param(lambda content: content.update(epoch=5812346), id="a number that is no text"),
        pytest.param(lambda content: content.update(epoch="05812346"), id="a number with a leading zero"),
        pytest.param(lambda content: content.update(epoch="-1"), id="a number below zero"),
        pytest.param(lambda content: content.update(epoch="9" * 79), id="a number of too many digits"),
        pytest.param(lambda content: content.update(epoch="٣"), id="a digit of another script"),
        pytest.param(lambda content: content.update(epoch=True), id="a truth for a number"),
        pytest.param(lambda content: content["attested"].update(response="0xAB"), id="hex in capitals"),
        pytest.param(lambda content: content["attested"].update(response="ab"), id="hex without 0x"),
        pytest.param(lambda content: content["attested"].update(response="0xabc"), id="half a byte"),
        pytest.param(lambda content: content["on_flow"].update(root="0xab"), id="a hash of one byte"),
        pytest.param(lambda content: content["attested"].update(siblings=["0x" + "ab" * 32] * 33), id="33 siblings"),
        pytest.param(lambda content: content.update(sealed=[]), id="no statement"),
        pytest.param(lambda content: content.update(sealed=content["sealed"] * 151), id="302 statements"),
        pytest.param(lambda content: content["on_flow"]["bill"].update(tiers=[]), id="no tier"),
        pytest.param(lambda content: content["on_flow"]["charge"].update(rate_ufix64="0"), id="a rate of zero"),
        pytest.param(lambda content: content["on_flow"].update(rounds_per_reward_epoch="0"), id="no rounds"),
        pytest.param(lambda content: content.update(policies=content["policies"] * 33), id="66 policies"),
    ],
)
def test_what_is_of_another_form_is_refused(good: Bundle, change: Callable[[Any], object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Bundle.parse(changed(good, change))


@pytest.mark.parametrize(
    "rewrite",
    [
        pytest.param(lambda text: text.replace("  ", " "), id="other spaces"),
        pytest.param(lambda text: text + "\n", id="one more line"),
        pytest.param(lambda text: text.replace('"epoch"', '"epoch": "1",\n  "epoch"', 1), id="a field twice"),
        pytest.param(lambda text: text.replace("FLOW", "\\u0046LOW").replace("cheap", "\\u0063heap"), id="an escape"),
    ],
)
def test_there_is_only_one_form_of_a_bundle(good: Bundle, rewrite: Callable[[str], str]) -> None:
    with pytest.raises(ValueError, match="one form"):
        Bundle.parse(rewrite(good.text).encode())


def test_a_file_that_is_too_long_is_not_parsed(good: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "BUNDLE_BYTES_MAX", len(good.text) - 1)
    with pytest.raises(ValueError, match="at most"):
        Bundle.parse(good.text.encode())


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b"\xff", b'{"version":' + b"[" * 100_000])
def test_what_is_no_json_object_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Bundle.parse(content)
