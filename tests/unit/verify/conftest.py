"""A signature is asked about again and again here, so its signer is computed once; no source is named outside."""

from collections.abc import Iterator
from functools import lru_cache

import pytest

from flareflow_verify.secp256k1 import signer_of


@pytest.fixture(autouse=True, scope="package")
def remembered_signers() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flareflow_verify.quorum.signer_of", lru_cache(signer_of))
        yield


@pytest.fixture(autouse=True)
def no_sources_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "HOST",
        "FLOW",
        "FLARE",
        "FLARE_REGISTRY",
        "DA",
        "CONTRACT",
        "TRUSTED_POLICY",
        "SESSION",
        "POLICY",
        "CHECKPOINT",
        "KEY",
        "MODELS",
        "LIVE",
    ):
        monkeypatch.delenv(f"FLAREFLOW_{name}", raising=False)
