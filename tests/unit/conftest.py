"""Unit tests open no socket, except those marked `allow_hosts`; property tests may be slow.

In CI property tests try the same examples each time, so that a failure belongs to the change that CI runs on.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("any machine")


def pytest_itemcollected(item: pytest.Item) -> None:
    if item.get_closest_marker("allow_hosts") is None:
        item.add_marker(pytest.mark.disable_socket)
