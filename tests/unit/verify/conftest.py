"""The same signature is asked about again and again here; its signer is computed once."""

from collections.abc import Iterator
from functools import lru_cache

import pytest

from flareflow_verify.secp256k1 import signer_of


@pytest.fixture(autouse=True, scope="package")
def remembered_signers() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flareflow_verify.quorum.signer_of", lru_cache(signer_of))
        yield
