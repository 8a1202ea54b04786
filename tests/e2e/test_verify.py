"""`flareflow verify` on the running stack: a stranger checks a bill that was really attested and charged."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from rich.console import Console

from flareflow_verify.evidence import Link
from infra.local.demo import job
from infra.local.demo.progress import Steps
from infra.local.demo.run import Run, Stack
from infra.local.launch import Facts
from infra.local.verify import sources

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

OWNERS: Final = {Link.EVENTS, Link.EVENT, Link.RATING}


@pytest.fixture(scope="module")
def charged(running: Facts) -> Iterator[Run]:
    """The calls of a new customer, until they are charged."""
    quiet = Steps(Console(file=io.StringIO()))
    with Stack.of(running) as stack, job.become_customer(stack, quiet) as customer:
        yield job.use_until_settled(stack, quiet, customer)


def flareflow(run: Run, command: str, *options: str) -> subprocess.CompletedProcess[str]:
    """The command with the public sources of the stack, as a stranger runs it."""
    program: Sequence[str] = [sys.executable, "-m", "flareflow_verify", command, str(run.customer.subscription_id)]
    environment = {"PYTHONPATH": ":".join(sys.path), **sources(run.stack.facts)}
    return subprocess.run(
        [*program, *options], env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def steps(ended: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """What was found at each link."""
    found: Any = json.loads(ended.stdout)
    (bill,) = found["bills"]
    return {step["link"]: step["outcome"] for step in bill["steps"]}


def test_a_stranger_verifies_a_bill_from_the_voters_to_the_charge(charged: Run) -> None:
    # When somebody without any secret checks the last bill
    ended = flareflow(charged, "verify", "--json")
    # Then every link that needs no secret is verified
    assert (ended.returncode, ended.stderr) == (0, "")
    assert steps(ended) == dict.fromkeys(set(Link) - OWNERS - {Link.LOG_GROWTH}, "verified")


def test_the_owner_shows_one_call_to_somebody_without_a_network(charged: Run, tmp_path: Path) -> None:
    # Given a bundle with one of the owner's calls
    call = next(answer.litellm_call_id for answer in charged.usage.answers if answer.ok)
    file = tmp_path / "call.json"
    packed = flareflow(
        charged, "bundle", "-o", str(file), "--event", call, "--session", charged.customer.api.token,
        "--epoch", str(charged.epoch),
    )  # fmt: skip
    assert (packed.returncode, packed.stderr) == (0, "")
    # Then it is verified offline, and every other call is still the owner's
    offline = flareflow(charged, "verify", "--offline", str(file), "--json")
    assert offline.returncode == 0
    assert steps(offline)[Link.EVENT] == "verified"
    others = [answer.litellm_call_id for answer in charged.usage.answers if answer.ok][1:]
    assert not [one for one in others if one in file.read_text()]
    # And a changed weight is named
    file.write_text(file.read_text().replace('\\"cost_nanousd\\":\\"', '\\"cost_nanousd\\":\\"1', 1))
    changed = flareflow(charged, "verify", "--offline", str(file), "--json")
    assert changed.returncode == 1
    assert steps(changed)[Link.EVENT] == "differs"
