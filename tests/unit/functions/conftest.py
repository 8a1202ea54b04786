"""Loading a function's handler with its use cases replaced."""

import importlib

import pytest

from tests.support.functions import Function, Load


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load a function; each keyword names something of its composition root and the use case to give instead."""

    def load_function(name: str, **use_cases: object) -> Function:
        module = importlib.import_module(f"functions.{name}.app")
        for attribute, use_case in use_cases.items():
            monkeypatch.setattr(module, attribute, lambda use_case=use_case: use_case)
        return Function(module)

    return load_function
