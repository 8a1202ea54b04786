"""docs/openapi.json against the running gateway: no answer that it does not say, whatever is asked for.

Requests are made from the document: such as fit it, and such as do not. They are signed in as the owner of a
subscription, as another account, and as nobody.
"""

import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import booleans
from rich.console import Console
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from infra.local.demo import job
from infra.local.demo.progress import Steps
from infra.local.demo.run import Customer, Stack
from infra.local.launch import Facts
from tests.support.openapi import document

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

EXAMPLES: Final = 12
"""Requests of each kind for each operation and each sender."""
QUERY_LENGTH_MAX: Final = 7_000
"""API Gateway and the local gateway refuse a longer address by themselves, before any function is asked."""
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
ENDING_THE_SESSION: Final = "DELETE /v1/auth/sessions"
CONFIG: Final = SchemathesisConfig.from_dict(
    {"generation": {"allow-extra-parameters": False, "with-security-parameters": False}}
)
"""Unknown parameters of a query are ignored, and each sender has a token or none: neither makes a request unfit."""
_FOUND: Final = list(schemathesis.openapi.from_dict(document(), config=CONFIG).get_all_operations())
OPERATIONS: Final = [one.ok() for one in _FOUND if isinstance(one, Ok)]
assert len(OPERATIONS) == len(_FOUND)


@dataclass(frozen=True)
class Senders:
    """The public address, the token of each sender (none for nobody), and what the owner has, by its name in paths."""

    url: str
    tokens: Mapping[str, str]
    owned: Mapping[str, str]


@pytest.fixture(scope="module")
def senders(running: Facts) -> Iterator[Senders]:
    """Two customers with a subscription and a key each."""
    quiet = Steps(Console(file=io.StringIO()))
    with Stack.of(running) as stack, _customer(stack, quiet) as owner, _customer(stack, quiet) as other:
        owned = {"subscription_id": str(owner.subscription_id), "key_hash": owner.key_hash}
        yield Senders(running["api_url"], {"owner": _token(owner), "other": _token(other), "nobody": ""}, owned)


def _customer(stack: Stack, steps: Steps) -> Customer:
    return job.become_customer(stack, steps)


def _token(customer: Customer) -> str:
    return str(customer.api.http.headers["authorization"]).removeprefix("Bearer ")


def cases() -> Iterator[Any]:
    """Each operation with each sender; nobody who is signed in ends its own session."""
    for operation in OPERATIONS:
        for sender in ("owner", "other", "nobody"):
            if sender == "nobody" or operation.label != ENDING_THE_SESSION:
                yield pytest.param(operation, sender, id=f"{operation.label}-{sender}")


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "not-fitting"])
@pytest.mark.parametrize(("operation", "sender"), cases())
def test_an_answer_is_one_that_is_documented(
    senders: Senders, operation: Any, sender: str, mode: GenerationMode
) -> None:
    token = senders.tokens[sender]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), is_owned=booleans())
    def ask(case: Any, is_owned: bool) -> None:
        if is_owned and mode is GenerationMode.POSITIVE:
            names = senders.owned.keys() & (case.path_parameters or {}).keys()
            case.path_parameters = (case.path_parameters or {}) | {name: senders.owned[name] for name in names}
        assume(len(urlencode(case.query or {}, doseq=True)) < QUERY_LENGTH_MAX)
        response = case.call(base_url=senders.url, headers={"authorization": f"Bearer {token}"} if token else {})
        case.validate_response(response, checks=CHECKS)

    with suppress(Unsatisfiable):  # nothing that does not fit can be sent where there is nothing to send
        ask()
