"""Unit tests open no socket; those that start a local server say so with `pytest.mark.allow_hosts`."""

import pytest


def pytest_itemcollected(item: pytest.Item) -> None:
    if item.get_closest_marker("allow_hosts") is None:
        item.add_marker(pytest.mark.disable_socket)
