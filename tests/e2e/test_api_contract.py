"""docs/openapi.json against the running gateway: no answer that it does not say, whatever is asked for.

Requests are made from the document: such as fit it, such as do not, and such as take names from the answers before,
along the document's links. They are signed in as the owner of a subscription, as another account and as nobody; those
to operators' routes are signed by an operator too.
"""

import asyncio
import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.stateful import Bundle, initialize, rule
from hypothesis.strategies import booleans, sampled_from
from rich.console import Console
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.generation.stateful import run_state_machine_as_test
from schemathesis.generation.stateful.state_machine import APIStateMachine, StepInput
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from infra.local.demo import job
from infra.local.demo.calls import CALL_TIMEOUT_SECONDS, make_calls, planned_calls
from infra.local.demo.progress import Steps
from infra.local.demo.run import Customer, Stack
from infra.local.launch import Facts
from tests.support.openapi import document
from tests.support.signatures import SignedByOperator

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
ENDING_ANY_SESSION: Final = ["delete_auth_sessions", "delete_auth_sessions_session"]
NOT_OF_CUSTOMERS: Final = r"^/v1/(operator|console)/"
FOLLOWED: Final = {"GET /v1/subscriptions/{subscription_id}", "GET /v1/subscriptions/{subscription_id}/keys"}
"""Operations that workflows must have come to: nothing that they take can be wrong but the name."""
CALLS: Final = 3
WORKFLOWS: Final = 20
STEPS: Final = 12
"""Requests of a workflow at most."""
OF_OPERATORS: Final = "/v1/operator/"
UNKNOWN: Final = {httpx.codes.NOT_FOUND, httpx.codes.TOO_MANY_REQUESTS}
OF_ACCOUNTS: Final = {
    f"{method.upper()} {path}"
    for path, operations in document()["paths"].items()
    for method, operation in operations.items()
    if "{" in path and {"Session": []} in operation.get("security", ())
}
"""Operations on what belongs to one account, by its name in the path."""
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

    def shown(self, sender: str) -> dict[str, Any]:
        """What a sender shows of itself with each request."""
        request = {"base_url": self.url, "timeout": CALL_TIMEOUT_SECONDS}
        if sender == "operator":
            return {**request, "auth": SignedByOperator()}
        token = self.tokens[sender]
        return {**request, "headers": {"authorization": f"Bearer {token}"} if token else {}}


@pytest.fixture(scope="module")
def senders(running: Facts) -> Iterator[Senders]:
    """Two customers with a subscription and a key each, who have made some calls."""
    quiet = Steps(Console(file=io.StringIO()))
    with Stack.of(running) as stack, _customer(stack, quiet) as owner, _customer(stack, quiet) as other:
        for customer in (owner, other):
            asyncio.run(make_calls(running["litellm_url"], customer.secret, planned_calls()[:CALLS]))
        owned = {"subscription_id": str(owner.subscription_id), "key_hash": owner.key_hash}
        yield Senders(running["api_url"], {"owner": _token(owner), "other": _token(other), "nobody": ""}, owned)


def _customer(stack: Stack, steps: Steps) -> Customer:
    return job.become_customer(stack, steps)


def _token(customer: Customer) -> str:
    return str(customer.api.http.headers["authorization"]).removeprefix("Bearer ")


def cases() -> Iterator[Any]:
    """Each operation with each sender; nobody who is signed in ends its own session."""
    for operation in OPERATIONS:
        of_operators = operation.path.startswith(OF_OPERATORS)
        for sender in ("operator", "owner", "nobody") if of_operators else ("owner", "other", "nobody"):
            if sender == "nobody" or operation.label != ENDING_THE_SESSION:
                yield pytest.param(operation, sender, id=f"{operation.label}-{sender}")


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "not-fitting"])
@pytest.mark.parametrize(("operation", "sender"), cases())
def test_an_answer_is_one_that_is_documented(
    senders: Senders, operation: Any, sender: str, mode: GenerationMode
) -> None:
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
        response = case.call(**senders.shown(sender))
        case.validate_response(response, checks=CHECKS)

    with suppress(Unsatisfiable):  # nothing that does not fit can be sent where there is nothing to send
        ask()


@dataclass(frozen=True)
class Seen:
    """What the workflows have seen: which operations succeeded, and which customers were told of their own."""

    senders: Senders
    succeeded: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)

    def note(self, case: Any, sender: str, status: int) -> None:
        """Whatever one customer was answered about, by its name in the path, does not exist for the other."""
        if status >= httpx.codes.BAD_REQUEST:
            return
        self.succeeded.add(case.operation.label)
        if case.operation.label in OF_ACCOUNTS:
            self.told.add(sender)
            for another in {"owner", "other"} - {sender}:
                answer = case.call(**self.senders.shown(another))
                assert answer.status_code in UNKNOWN, (case.operation.label, answer.text)


def workflows(seen: Seen) -> type[APIStateMachine]:
    """Requests that follow the links of the document from answer to answer, now as one customer, now as another.

    Each begins with the list of a customer's own subscriptions.
    """
    whole = schemathesis.openapi.from_dict(document(), config=CONFIG)
    schema = whole.exclude(operation_id=ENDING_ANY_SESSION).exclude(path_regex=NOT_OF_CUSTOMERS)

    class Workflow(schema.as_state_machine()):  # type: ignore[misc]
        sender = "owner"

        @initialize(target=Bundle("begun"), sender=sampled_from(["owner", "other"]))
        def list_own(self, sender: str) -> Any:
            self.sender = sender
            first = StepInput.initial(schema["/v1/subscriptions"]["GET"].Case())
            self.recorder.record_case(case=first.case)
            self.control.record_step(first, self.recorder)
            return self.step(first)

        @rule(sender=sampled_from(["owner", "other", "nobody"]))
        def go_on_as(self, sender: str) -> None:
            self.sender = sender

        def get_call_kwargs(self, _: Any) -> dict[str, Any]:
            return seen.senders.shown(self.sender)

        def validate_response(self, response: Any, case: Any, *_: Any, **__: Any) -> None:
            case.validate_response(response, checks=CHECKS)
            seen.note(case, self.sender, response.status_code)

    return Workflow


def test_no_workflow_leads_to_an_answer_that_is_not_documented_or_to_what_belongs_to_another(senders: Senders) -> None:
    # Given two customers who have used their keys, and the links from answers to operations
    seen = Seen(senders)
    # When requests follow them, as one customer and then as the other
    run_state_machine_as_test(
        workflows(seen),
        settings=settings(
            max_examples=WORKFLOWS,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    # Then every answer was documented, nobody was told of what belongs to the other, and both were told of their own
    assert seen.told == {"owner", "other"}
    assert seen.succeeded >= FOLLOWED
