"""`flareflow` on the running stack: strangers check a bill that was really charged, and developers need no page."""

import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from rich.console import Console

from flareflow.attestation.signing_policy import SigningPolicy, legacy_hash
from flareflow.time import Epochs
from flareflow_verify.evidence import Link
from infra.local.demo import job
from infra.local.demo.progress import Steps
from infra.local.demo.run import Run, Stack
from infra.local.demo.sources import Documents
from infra.local.flow.network import EPOCH_SECONDS
from infra.local.launch import Facts
from infra.local.verify import sources
from tests.e2e.test_credit import call

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

COMMAND_SECONDS_MAX: Final = 300
MESSAGES_BETWEEN_MAX: Final = 50
OWNERS: Final = {Link.EVENTS, Link.EVENT, Link.RATING}


@pytest.fixture(scope="module")
def charged(running: Facts) -> Iterator[Run]:
    """The calls of a new customer, until they are charged."""
    quiet = Steps(Console(file=io.StringIO()))
    with Stack.of(running) as stack, job.become_customer(stack, quiet) as customer:
        yield job.use_until_settled(stack, quiet, customer)


def flareflow(run: Run, command: str, *options: str, session: str = "") -> subprocess.CompletedProcess[str]:
    """The command with the public sources of the stack, as a stranger runs it, or as the owner by a session."""
    environment = environment_of(run) | ({"FLAREFLOW_SESSION": session} if session else {})
    program: Sequence[str] = [sys.executable, "-m", "flareflow_verify", command, str(run.customer.subscription_id)]
    return run_command([*program, *options], environment)


def run_command(program: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        program, env=environment, capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS_MAX
    )


def environment_of(run: Run) -> dict[str, str]:
    return {"PYTHONPATH": ":".join(sys.path), **sources(run.stack.facts)}


def own(run: Run, *arguments: str, **credentials: str) -> str:
    """What a command prints that needs a credential, which is in the environment."""
    environment = {**environment_of(run), **{f"FLAREFLOW_{name}": value for name, value in credentials.items()}}
    program = [sys.executable, "-m", "flareflow_verify", *arguments]
    ended = run_command(program, environment)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def steps(ended: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """What was found at each link."""
    found: Any = json.loads(ended.stdout)
    (bill,) = found["bills"]
    return {step["link"]: step["outcome"] for step in bill["steps"]}


def test_a_stranger_verifies_a_bill_from_the_voters_to_the_charge(charged: Run) -> None:
    # When somebody without any secret checks the last bill
    began = time.monotonic()
    ended = flareflow(charged, "verify", "--json")
    sys.stdout.write(f"a bill is checked in {time.monotonic() - began:.1f} s, the start of the command included\n")
    # Then every link that needs no secret is verified
    assert (ended.returncode, ended.stderr) == (0, "")
    assert steps(ended) == dict.fromkeys(set(Link) - OWNERS - {Link.LOG_GROWTH}, "verified")


def test_the_policy_is_rolled_from_an_older_one_that_a_reader_trusts(charged: Run) -> None:
    # Given a reader who trusts the policy with which the stack began, up to twenty minutes and a reward epoch ago
    trusted = bytes.fromhex(charged.stack.facts["flare_first_policy"])
    # When the bill is checked
    ended = flareflow(charged, "verify", "--json", "--trusted-policy", f"0x{legacy_hash(trusted).hex()}")
    # Then every policy since then is checked; where the round has a later one, it says so
    (policy, *_) = json.loads(ended.stdout)["bills"][0]["steps"]
    assert (ended.returncode, policy["outcome"]) == (0, "verified")
    known, said = SigningPolicy.decode(trusted).reward_epoch, policy["compared"]
    is_rolled = f"rolled from the trusted one of reward epoch {known}" in said
    assert is_rolled is not said.startswith(f"reward epoch {known},")
    sys.stdout.write(f"{said}\n")


def test_the_owner_shows_one_call_to_somebody_without_a_network(charged: Run, tmp_path: Path) -> None:
    # Given a bundle with one of the owner's calls, of which only the id is named
    epoch = last_used(charged)
    items = charged.customer.api.get(f"/v1/subscriptions/{charged.customer.subscription_id}/usage/{epoch}")["items"]
    call = json.loads(items[0]["leaf"])["event_id"]
    file = tmp_path / "call.json"
    packed = flareflow(charged, "bundle", "-o", str(file), "--event", call, session=charged.customer.api.token)
    assert (packed.returncode, packed.stderr) == (0, "")
    # Then it is verified offline, and every other call is still the owner's
    offline = flareflow(charged, "verify", "--offline", str(file), "--json")
    assert offline.returncode == 0
    assert steps(offline)[Link.EVENT] == "verified"
    others = {answer.litellm_call_id for answer in charged.usage.answers if answer.ok} - {call}
    assert not [one for one in others if one in file.read_text()]
    # And a changed weight is named
    file.write_text(file.read_text().replace('\\"cost_nanousd\\":\\"', '\\"cost_nanousd\\":\\"1', 1))
    changed = flareflow(charged, "verify", "--offline", str(file), "--json")
    assert changed.returncode == 1
    assert steps(changed)[Link.EVENT] == "differs"


def last_used(run: Run) -> int:
    """The last epoch of the customer's calls: before the attested one, if a later statement carried their totals."""
    page = Documents(run.customer.api).usage_page(run.epoch, run.customer.subscription_id)
    assert page is not None
    return page.totals[run.customer.subscription_id].epoch


def test_a_month_is_summed_up_with_every_bill_verified(charged: Run, tmp_path: Path) -> None:
    # When the owner, or anybody, asks for the receipt of the month of the calls
    page, month = tmp_path / "receipt.html", f"{Epochs(EPOCH_SECONDS).start(last_used(charged)):%Y-%m}"
    ended = flareflow(charged, "receipt", "--month", month, "--json", "-o", str(page))
    # Then it has what the answers told and what the contract charged
    assert (ended.returncode, ended.stderr) == (0, "")
    receipt = json.loads(ended.stdout)
    answered = [answer for answer in charged.usage.answers if answer.ok]
    on_flow = charged.stack.on_flow.subscription(charged.customer.subscription_id)
    assert int(receipt["usage"]["requests"]) == len(answered)
    assert int(receipt["charged_ufix64"]) == int(on_flow["charged"])
    assert receipt["lines"][-1]["transaction_id"] in page.read_text()


def test_a_developer_asks_with_a_key_or_a_session_and_needs_no_page(charged: Run) -> None:
    key, session, number = charged.customer.secret, charged.customer.api.token, str(charged.customer.subscription_id)
    answered = sum(answer.ok for answer in charged.usage.answers)
    # With the key
    assert f"In all: {answered} calls" in own(charged, "usage", KEY=key)
    assert "rated tokens can still be paid for" in own(charged, "balance", KEY=key)
    assert "models, a token in and a token out" in own(charged, "keys", KEY=key)
    # With the session
    assert f"settled  {answered} calls" in own(charged, "usage", number, SESSION=session)
    assert "deposit left" in own(charged, "balance", SESSION=session)
    # A key that is made here works, and does not once it is deleted
    made = json.loads(own(charged, "keys", number, "--new", "made here", "--json", SESSION=session))
    assert "In all: 0 calls" in own(charged, "usage", KEY=made["key"])
    own(charged, "keys", "--delete", made["key_hash"], SESSION=session)
    assert f"{made['key_hash']}  deleted" in own(charged, "keys", number, SESSION=session)


def test_everything_answers_and_doctor_says_so(charged: Run) -> None:
    told = own(charged, "doctor", "--json", KEY=charged.customer.secret, SESSION=charged.customer.api.token)
    assert {one["name"]: one["state"] for one in json.loads(told)} == dict.fromkeys(
        ("command", "statements", "clock", "log", "flow", "flare", "models", "session"), "fine"
    )


def test_a_call_is_seen_as_it_happens_until_ctrl_c(charged: Run) -> None:
    # Given somebody who watches
    number = str(charged.customer.subscription_id)
    environment = {**environment_of(charged), "FLAREFLOW_SESSION": charged.customer.api.token}
    hears_ctrl_c = ("env", "--default-signal=INT")  # also where a shell has begun the tests in its background
    program = [*hears_ctrl_c, sys.executable, "-m", "flareflow_verify", "watch", number, "--json"]
    with subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watch:
        assert watch.stdout is not None
        assert watch.stderr is not None
        assert json.loads(watch.stdout.readline())["type"] == "snapshot"
        # When a call is made
        assert call(charged.stack.facts, charged.customer.secret) == 200
        # Then it is told, whatever else is told before, and Ctrl-C ends cleanly
        told = (json.loads(watch.stdout.readline()) for _ in range(MESSAGES_BETWEEN_MAX))
        pending = next(one for one in told if one["type"] == "usage.pending" and one["data"].get("calls"))
        assert pending["data"]["calls"][0]["state"] in {"unconfirmed", "counted"}
        watch.send_signal(signal.SIGINT)
        assert (watch.wait(timeout=COMMAND_SECONDS_MAX), watch.stderr.read()) == (0, "")
