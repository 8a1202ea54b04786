"""How far polls must look back: at least as far as LiteLLM lets a call last, and two minutes for its row."""

import pytest
from pydantic import ValidationError

from flareflow.bootstrap.spend_log import LookBackSettings


def look_back(monkeypatch: pytest.MonkeyPatch, seconds: int) -> float:
    """The look-back of a function that is told `seconds`, beside a LiteLLM whose calls last at most 600 s."""
    monkeypatch.setenv("LOOK_BACK_SECONDS", str(seconds))
    monkeypatch.setenv("LITELLM_REQUEST_TIMEOUT_SECONDS", "600")
    return LookBackSettings.from_environment().look_back.total_seconds()


def test_a_look_back_of_the_longest_call_and_its_row_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    assert look_back(monkeypatch, 720) == 720


def test_a_look_back_that_is_a_second_too_short_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match="LOOK_BACK_SECONDS is 719, less than 720"):
        look_back(monkeypatch, 719)
