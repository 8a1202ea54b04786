"""A signature is asked about again and again here, so it is checked once; no source is named outside."""

from collections.abc import Iterator
from functools import lru_cache

import pytest

from flareflow.transparency import notes
from flareflow_verify.secp256k1 import signer_of


@pytest.fixture(autouse=True, scope="package")
def remembered_signatures() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flareflow_verify.quorum.signer_of", lru_cache(signer_of))
        patch.setattr(notes, "_require_ed25519", lru_cache(notes._require_ed25519))
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
