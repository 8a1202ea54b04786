"""What an operator sets."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from flareflow_gate.settings import Settings

VARIABLES = {
    "FLAREFLOW_GATE_INGEST_URL": "https://api.example/internal/usage",
    "FLAREFLOW_GATE_INGEST_SECRET": "a-secret-of-enough-length",
    "FLAREFLOW_GATE_PRICE_BOOK_URL": "https://api.example/v1/price-book",
    "FLAREFLOW_GATE_CREDIT_URL": "https://api.example/internal/credit",
    "FLAREFLOW_GATE_TOP_UP_URL": "https://app.example/top-up",
    "FLAREFLOW_GATE_OUTBOX": "/var/lib/flareflow-gate/outbox.db",
    "FLAREFLOW_GATE_RECEIPT_KEY": "/etc/flareflow-gate/receipt-key.pem",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_settings_come_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FLAREFLOW_GATE_PORT", "4100")
    settings = Settings.from_environment()
    assert (settings.port, settings.admin_port) == (4100, 4001)
    assert settings.outbox == Path("/var/lib/flareflow-gate/outbox.db")


def test_a_secret_is_never_told(environment: pytest.MonkeyPatch) -> None:
    assert "a-secret" not in repr(Settings.from_environment())
    environment.setenv("FLAREFLOW_GATE_INGEST_SECRET", "too-short")
    with pytest.raises(ValidationError, match="ingest_secret") as refused:
        Settings.from_environment()
    assert "too-short" not in str(refused.value)
