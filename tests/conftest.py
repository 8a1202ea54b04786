"""What all tests share."""

import os

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Set what the functions read while their modules load: the first test that loads a function decides for all."""
    os.environ["POWERTOOLS_METRICS_NAMESPACE"] = "FlareFlow"
