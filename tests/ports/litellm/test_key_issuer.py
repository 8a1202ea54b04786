"""The `KeyIssuer` port, with the fake and with LiteLLM."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import httpx
import pytest

from flareflow.accounts.models import KeyLimits, KeyState
from flareflow.accounts.ports import KeyIssuer
from flareflow.adapters.litellm.client import litellm_client
from flareflow.adapters.litellm.keys import LiteLLMKeys
from flareflow.errors import KeyIssuerUnavailableError
from flareflow.time import utc_now
from infra.local.ports import url
from tests.fakes.accounts import ALICE
from tests.fakes.keys import FakeKeyIssuer
from tests.support.eventually import eventually
from tests.support.litellm import MASTER_KEY, litellm_proxy
from tests.support.model_calls import patiently


@dataclass
class Issuing:
    """An issuer, whether a key of it works, and what an administrator does to block one."""

    issuer: KeyIssuer
    works: Callable[[str], bool]
    hold: Callable[[str], object]


@pytest.fixture(scope="module")
def proxy() -> Iterator[httpx.Client]:
    """LiteLLM's administration API."""
    with litellm_proxy() as running, litellm_client(running.admin_url, lambda: MASTER_KEY) as http:
        yield http


@pytest.fixture(params=["fake", pytest.param("litellm", marks=pytest.mark.stack)])
def issuing(request: pytest.FixtureRequest) -> Issuing:
    if request.param == "fake":
        fake = FakeKeyIssuer()
        return Issuing(fake, lambda secret: fake.blocked.get(sha256(secret.encode()).hexdigest()) is False, fake.hold)
    proxy: httpx.Client = request.getfixturevalue("proxy")

    def works(secret: str) -> bool:
        return patiently("GET", f"{url('litellm')}/v1/models", secret).is_success

    def hold(key_hash: str) -> None:
        proxy.post("/key/block", json={"key": key_hash}).raise_for_status()

    return Issuing(LiteLLMKeys(proxy), works, hold)


@pytest.fixture
def alias() -> str:
    return f"flareflow-{uuid4().hex}"


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
    assert issuing.issuer.find(issued.key_hash) == KeyState(is_deleted=True)
    assert issuing.issuer.find("0" * 64) is None


def test_a_key_has_the_limits_that_were_asked_for(issuing: Issuing, alias: str) -> None:
    wanted = KeyLimits(("gpt-4o",), utc_now() + timedelta(hours=1), 60, 10_000)
    issued = issuing.issuer.issue(alias, 7, ALICE, 1_250_000, wanted)
    found = issuing.issuer.find(issued.key_hash)
    assert found is not None
    assert found.limits.expires_at is not None
    assert wanted.expires_at is not None
    assert abs(found.limits.expires_at - wanted.expires_at) < timedelta(minutes=1)
    assert replace(found.limits, expires_at=wanted.expires_at) == wanted


def test_a_key_can_be_made_to_end_and_shows_when(issuing: Issuing, alias: str) -> None:
    issued = issuing.issuer.issue(alias, 7, ALICE, 1_250_000)
    soon = utc_now() + timedelta(minutes=5)
    issuing.issuer.expire(issued.key_hash, soon)
    found = issuing.issuer.find(issued.key_hash)
    assert found is not None
    assert found.limits.expires_at is not None
    assert abs(found.limits.expires_at - soon) < timedelta(minutes=1)
    issuing.issuer.expire("0" * 64, soon)


def test_a_key_that_an_administrator_blocked_stays_blocked_and_shows_so(issuing: Issuing, alias: str) -> None:
    # Given a key that FlareFlow has blocked and unblocked, and an administrator has blocked
    issued = issuing.issuer.issue(alias, 7, ALICE, 1_250_000)
    issuing.issuer.block(issued.key_hash)
    issuing.issuer.unblock(issued.key_hash)
    issuing.hold(issued.key_hash)
    # When FlareFlow blocks and unblocks it again
    issuing.issuer.block(issued.key_hash)
    issuing.issuer.unblock(issued.key_hash)
    # Then it is still the administrator's block
    assert issuing.issuer.find(issued.key_hash) == KeyState(is_blocked=True, budget_microusd=1_250_000, is_held=True)
    assert not issuing.works(issued.secret)


@pytest.mark.stack
def test_a_key_whose_time_is_over_no_longer_works(proxy: httpx.Client, alias: str) -> None:
    issuer = LiteLLMKeys(proxy)
    issued = issuer.issue(alias, 7, ALICE, 1_250_000)
    issuer.expire(issued.key_hash, utc_now() - timedelta(seconds=1))
    models = f"{url('litellm')}/v1/models"
    eventually(lambda: patiently("GET", models, issued.secret).status_code == httpx.codes.UNAUTHORIZED)


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
    assert patiently(method, f"{url('litellm')}{path}", issued.secret).status_code == httpx.codes.NOT_FOUND
    assert patiently(method, f"{url('litellm_admin')}{path}", issued.secret).status_code == inside
