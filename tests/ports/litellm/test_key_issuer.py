"""The `KeyIssuer` port, with the fake and with LiteLLM."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from uuid import uuid4

import httpx
import pytest

from flareflow.accounts.models import KeyState
from flareflow.accounts.ports import KeyIssuer
from flareflow.adapters.litellm.client import litellm_client
from flareflow.adapters.litellm.keys import LiteLLMKeys
from flareflow.errors import KeyIssuerUnavailableError
from infra.local.ports import url
from tests.fakes.accounts import ALICE, FakeKeyIssuer
from tests.support.litellm import MASTER_KEY, litellm_proxy


@dataclass
class Issuing:
    """An issuer, and whether a key of it works."""

    issuer: KeyIssuer
    works: Callable[[str], bool]


@pytest.fixture(scope="module")
def proxy() -> Iterator[httpx.Client]:
    """LiteLLM's administration API."""
    with litellm_proxy() as running, litellm_client(running.admin_url, lambda: MASTER_KEY) as http:
        yield http


@pytest.fixture(params=["fake", pytest.param("litellm", marks=pytest.mark.stack)])
def issuing(request: pytest.FixtureRequest) -> Issuing:
    if request.param == "fake":
        fake = FakeKeyIssuer()
        return Issuing(fake, lambda secret: fake.blocked.get(sha256(secret.encode()).hexdigest()) is False)
    proxy: httpx.Client = request.getfixturevalue("proxy")

    def works(secret: str) -> bool:
        return httpx.get(f"{url('litellm')}/v1/models", headers=bearer(secret)).is_success

    return Issuing(LiteLLMKeys(proxy), works)


@pytest.fixture
def alias() -> str:
    return f"flareflow-{uuid4().hex}"


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def test_an_issued_key_works_and_its_hash_is_the_sha256_of_its_secret(issuing: Issuing, alias: str) -> None:
    issued = issuing.issuer.issue(alias, 7, ALICE, 1_250_000)
    assert issuing.works(issued.secret)
    assert issued.key_hash == sha256(issued.secret.encode()).hexdigest()


def test_an_alias_is_taken_until_it_is_deleted(issuing: Issuing, alias: str) -> None:
    # Given a key with the alias
    first = issuing.issuer.issue(alias, 7, ALICE, 1_250_000)
    with pytest.raises(KeyIssuerUnavailableError):
        issuing.issuer.issue(alias, 7, ALICE, 1_250_000)
    # When it is deleted, as often as one likes
    for _ in range(2):
        issuing.issuer.delete_alias(alias)
    # Then the alias is free and the old key is worth nothing
    second = issuing.issuer.issue(alias, 7, ALICE, 1_250_000)
    assert [issuing.works(first.secret), issuing.works(second.secret)] == [False, True]


def test_a_deleted_key_no_longer_works(issuing: Issuing, alias: str) -> None:
    issued = issuing.issuer.issue(alias, 7, ALICE, 1_250_000)
    for _ in range(2):
        issuing.issuer.delete(issued.key_hash)
    assert not issuing.works(issued.secret)


def test_a_blocked_key_works_again_once_it_is_unblocked(issuing: Issuing, alias: str) -> None:
    issued = issuing.issuer.issue(alias, 7, ALICE, 1_250_000)
    for _ in range(2):
        issuing.issuer.block(issued.key_hash)
    assert not issuing.works(issued.secret)
    for _ in range(2):
        issuing.issuer.unblock(issued.key_hash)
    assert issuing.works(issued.secret)


def test_a_key_is_found_with_its_state_and_its_budget_until_it_is_deleted(issuing: Issuing, alias: str) -> None:
    issued = issuing.issuer.issue(alias, 7, ALICE, 1_250_000)
    assert issuing.issuer.find(issued.key_hash) == KeyState(is_blocked=False, budget_microusd=1_250_000)
    issuing.issuer.block(issued.key_hash)
    issuing.issuer.set_budget(issued.key_hash, 2_500_001)
    assert issuing.issuer.find(issued.key_hash) == KeyState(is_blocked=True, budget_microusd=2_500_001)
    issuing.issuer.delete(issued.key_hash)
    assert issuing.issuer.find(issued.key_hash) is None
    assert issuing.issuer.find("0" * 64) is None


def test_blocking_and_unblocking_a_deleted_key_succeeds(issuing: Issuing, alias: str) -> None:
    issued = issuing.issuer.issue(alias, 7, ALICE, 1_250_000)
    issuing.issuer.delete(issued.key_hash)
    issuing.issuer.block(issued.key_hash)
    issuing.issuer.unblock(issued.key_hash)
    assert not issuing.works(issued.secret)


@pytest.mark.stack
@pytest.mark.parametrize(
    ("method", "path", "inside"),
    [
        ("POST", "/key/generate", httpx.codes.UNAUTHORIZED),
        ("GET", "/key/list", httpx.codes.UNAUTHORIZED),
        ("GET", "/spend/logs", httpx.codes.NOT_FOUND),
        ("GET", "/user/info", httpx.codes.NOT_FOUND),
    ],
)
def test_an_issued_key_cannot_administer_litellm(
    proxy: httpx.Client, alias: str, method: str, path: str, inside: int
) -> None:
    issued = LiteLLMKeys(proxy).issue(alias, 7, ALICE, 1_250_000)
    headers = bearer(issued.secret)
    assert httpx.request(method, f"{url('litellm')}{path}", headers=headers).status_code == httpx.codes.NOT_FOUND
    assert httpx.request(method, f"{url('litellm_admin')}{path}", headers=headers).status_code == inside
