"""An operator who lies, on the whole local stack: each lie is found by the command that should find it.

The operator has the key of receipts, so it can sign whatever it likes: lies of receipts are signed with that key, and
what is billed, sealed, attested and charged beside them is real. Each has a subscription of its own. A statement that
others do not see, and a book or an event that was changed, would change the stack for all tests: they are played by a
host in front of the real one, which serves other documents.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from flareflow.metering.calls import Tokens
from flareflow.metering.price_book import PriceBook, Used
from flareflow.metering.receipts import Receipt
from flareflow.statements.documents import attestation_path, price_book_path, statement_path
from flareflow_gate.receipts import Signer
from flareflow_verify.audit.receipts import SignedReceipt
from infra.local.demo import job
from infra.local.demo.api import Api, ApiError
from infra.local.demo.customer import STARTING_MONEY_UFIX64, Subscriber
from infra.local.demo.run import DEPOSIT_UFIX64, Stack
from infra.local.demo.sources import Documents
from infra.local.flow.network import EPOCH_SECONDS
from infra.local.launch import Facts
from infra.local.litellm.servers import receipt_key
from infra.local.verify import sources
from infra.waiting import until
from tests.support.model_calls import answer_of

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

WAIT_SECONDS: Final = job.WAIT_SECONDS_MAX
BOOK_SECONDS: Final = 60 + EPOCH_SECONDS
"""After this time a book that a statement names was in force before a call for certain."""
WORDS: Final = "one two three"
LIES: Final = ("honest", "overbilled", "extra", "promise-broken", "two-receipts", "bad-receipt", "another-book")


@dataclass
class Customer:
    """A customer with a subscription of one's own, and the log that is kept of two calls."""

    api: Api
    secret: str
    subscription_id: int
    log: list[str] = field(default_factory=list)

    def call(self, facts: Facts) -> None:
        body = {"model": "gpt-4o", "max_tokens": 9, "messages": [{"role": "user", "content": WORDS}]}
        answer = answer_of(facts, self.secret, body).raise_for_status()
        self.log.append(answer.headers["x-flareflow-receipt"])

    def receipt(self, number: int) -> Receipt:
        return SignedReceipt.parse(self.log[number]).receipt


@dataclass(frozen=True)
class Lied:
    """The customers by the lie that each was told, and the epoch of an attested statement after all of their calls."""

    facts: Facts
    customers: Mapping[str, Customer]
    epoch: int

    def run(self, lie: str, command: str, *options: str, host: str = "") -> tuple[int, Any]:
        """The command as the customer runs it: its exit status and what it prints."""
        customer = self.customers[lie]
        arguments = (command, str(customer.subscription_id), "--json", *options)
        return flareflow(self.facts, *arguments, host=host, session=customer.api.token)


def flareflow(facts: Facts, *arguments: str, host: str = "", session: str = "") -> tuple[int, Any]:
    given = {name: one for name, one in (("FLAREFLOW_HOST", host), ("FLAREFLOW_SESSION", session)) if one}
    environment = {"PYTHONPATH": ":".join(sys.path), **sources(facts), **given}
    program = [sys.executable, "-m", "flareflow_verify", *arguments]
    ended = subprocess.run(program, env=environment, capture_output=True, text=True, check=False, timeout=WAIT_SECONDS)
    assert ended.stderr == ""
    return ended.returncode, json.loads(ended.stdout)


@pytest.fixture(scope="module")
def lied(running: Facts) -> Iterator[Lied]:
    """All customers have called twice, the operator has lied to each, and everything is sealed and attested."""
    with Stack.of(running) as stack, ExitStack() as opened:
        public = opened.enter_context(Api.at(running["api_url"]))
        customers = subscribed(stack, opened)
        for lie in LIES[:-1]:
            customers[lie].call(running)
        first = until(lambda: oldest_listed(public), WAIT_SECONDS)
        began = Documents(public).statement(first).window_start
        until(lambda: time.time() > began + BOOK_SECONDS or None, WAIT_SECONDS)
        for one in customers.values():
            one.call(running)
        customers["another-book"].call(running)
        for lie, one in customers.items():
            tell(lie, one)
        sealed = until(lambda: sealed_with_all(customers.values(), public), WAIT_SECONDS)
        yield Lied(running, customers, until(lambda: attested_after(sealed, public), WAIT_SECONDS))


def subscribed(stack: Stack, opened: ExitStack) -> Mapping[str, Customer]:
    """A subscription for each lie, all of one account that is signed in."""
    account = stack.flow.create_account(STARTING_MONEY_UFIX64)
    subscribers = {lie: Subscriber.open_with(stack.flow, account, DEPOSIT_UFIX64) for lie in LIES}
    api = opened.enter_context(job.signed_in(stack, subscribers[LIES[-1]]))
    return {lie: Customer(api, one.make_key(api)[0], one.subscription_id) for lie, one in subscribers.items()}


def tell(lie: str, to: Customer) -> None:
    """Change what the customer was told of the first call, or of one that the operator leaves out."""
    operator, told = Signer.from_file(receipt_key()), to.receipt(0)
    match lie:
        case "overbilled":
            fewer = Tokens(prompt=told.tokens.prompt, completion=told.tokens.completion - 1)
            price = PriceBook.load().price(told.answered_by or told.model, told.base_model)
            changes = {"tokens": fewer, "rated_microtokens": price.rate(Used(fewer))}
            to.log[0] = operator.sign(told.model_copy(update=changes))
        case "extra":
            del to.log[1]
        case "promise-broken":
            # promised by the epoch in which the call has ended, and not an hour later
            left_out = {
                "event_id": "a call that is left out",
                "counted_until_epoch": told.counted_until_epoch - 3_600 // EPOCH_SECONDS,
            }
            to.log.append(operator.sign(told.model_copy(update=left_out)))
        case "two-receipts":
            to.log.append(operator.sign(told.model_copy(update={"answer_hash": "ab" * 32})))
        case "bad-receipt":
            to.log[0] = f"{to.log[0].rpartition('.')[0]}.{to.log[1].rpartition('.')[2]}"
        case "another-book":
            cheaper = {"price_book_hash": f"0x{'12' * 32}", "rated_microtokens": 1}
            to.log[0] = operator.sign(told.model_copy(update=cheaper))


def oldest_listed(public: Api) -> int | None:
    """The epoch of the oldest statement among the newest ones."""
    listed = public.get("/v1/statements")["statements"]
    return int(listed[-1]["epoch"]) if listed else None


def sealed_with_all(customers: Iterable[Customer], public: Api) -> int | None:
    """The epoch of the newest statement, once it has both calls of each customer."""
    newest, documents = int(public.get("/v1/statements")["statements"][0]["epoch"]), Documents(public)
    has_all = all(documents.usage(newest, one.subscription_id).requests == 2 for one in customers)
    return newest if has_all else None


def attested_after(epoch: int, public: Api) -> int | None:
    """The epoch of a statement that was attested, not before this one."""
    for one in public.get("/v1/statements")["statements"]:
        if int(one["epoch"]) >= epoch and is_there(public, attestation_path(int(one["epoch"]))):
            return int(one["epoch"])
    return None


def is_there(public: Api, path: str) -> bool:
    try:
        public.text(path)
    except ApiError:
        return False
    return True


def log_of(lied: Lied, lie: str, folder: Path) -> str:
    file = folder / "log.jsonl"
    file.write_text("\n".join(lied.customers[lie].log))
    return str(file)


def test_an_honest_operator_is_called_one(lied: Lied, tmp_path: Path) -> None:
    status, found = lied.run("honest", "audit", "--log", log_of(lied, "honest", tmp_path))
    assert (status, found["billed"], found["deviations"]) == (0, 2, [])


@pytest.mark.parametrize("lie", LIES[1:])
def test_a_lie_is_found_by_an_audit_and_proven_to_others(lie: str, lied: Lied, tmp_path: Path) -> None:
    # When the customer audits the log
    log, proofs = log_of(lied, lie, tmp_path), tmp_path / "proofs"
    status, found = lied.run(lie, "audit", "--log", log, "--proofs", str(proofs))
    # Then the lie is found, and nothing else
    assert (status, [one["kind"] for one in found["deviations"]]) == (1, [lie])
    # And somebody without any network can check it
    (proof,) = proofs.iterdir()
    nowhere = {**lied.facts, "api_url": "http://127.0.0.1:9"}
    checked, shown = flareflow(nowhere, "audit", "--check", str(proof), "--json", host="http://127.0.0.1:9")
    assert (checked, shown["shown"]["kind"]) == (0, lie)


type Change = Callable[[str], str]


@contextmanager
def lying_host(url: str, changes: Mapping[str, Change]) -> Iterator[str]:
    """The address of a host that serves what the real one does, but for the documents at some paths."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {"authorization": self.headers["authorization"]} if "authorization" in self.headers else {}
            answer = httpx.get(f"{url}{self.path}", headers=headers, timeout=WAIT_SECONDS)
            change = changes.get(self.path.partition("?")[0])
            content = change(answer.text).encode() if change and answer.is_success else answer.content
            self.send_response(answer.status_code)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def differing(found: Any) -> list[str]:
    return [step["link"] for bill in found["bills"] for step in bill["steps"] if step["outcome"] == "differs"]


def test_a_statement_that_others_do_not_see_is_found(lied: Lied) -> None:
    # Given a host that shows one customer a statement of more subscriptions
    def another(text: str) -> str:
        statement = json.loads(text)
        more = {"subscription_count": str(int(statement["subscription_count"]) + 1)}
        return json.dumps({**statement, **more}, separators=(",", ":"))

    with lying_host(lied.facts["api_url"], {statement_path(lied.epoch): another}) as host:
        status, found = lied.run("honest", "verify", "--epoch", str(lied.epoch), host=host)
    # Then it is neither the one that Flare attested nor the one in the log that a witness has signed
    assert (status, differing(found)) == (1, ["statement", "log-entry"])


def test_a_call_that_is_rated_by_another_book_is_found(lied: Lied) -> None:
    # Given a host that shows another weight of a call, by a book of which nothing is known
    honest = lied.customers["honest"]
    told = honest.receipt(0)
    epoch = epoch_of_call(lied, told.event_id)

    def dearer(text: str) -> str:
        assert told.price_book_hash in text
        weight = str(told.rated_microtokens)
        return text.replace(told.price_book_hash, f"0x{'12' * 32}").replace(weight, f"1{weight}")

    path = f"/v1/subscriptions/{honest.subscription_id}/usage/{epoch}"
    with lying_host(lied.facts["api_url"], {path: dearer}) as host:
        status, found = lied.run("honest", "verify", "--epoch", str(epoch), host=host)
    # Then the calls do not lead to the statement, which names another book
    assert (status, differing(found)) == (1, ["events", "rating"])


def test_a_book_that_was_changed_is_found(lied: Lied) -> None:
    # Given a host that serves another book under the hash that the statement names
    book = bytes.fromhex(lied.customers["honest"].receipt(0).price_book_hash[2:])

    def dearer(text: str) -> str:
        content = json.loads(text)
        return json.dumps({**content, "title": "another"}, sort_keys=True, separators=(",", ":"))

    with lying_host(lied.facts["api_url"], {price_book_path(book): dearer}) as host:
        status, found = lied.run("honest", "verify", "--epoch", str(lied.epoch), host=host)
    assert (status, differing(found)) == (1, ["price-book"])


def epoch_of_call(lied: Lied, event_id: str) -> int:
    """The epoch of the statement that has one of the honest operator's calls, however many statements came after it."""
    honest = lied.customers["honest"]
    events = honest.api.get(f"/v1/subscriptions/{honest.subscription_id}/events")["items"]
    [epoch] = [int(one["epoch"]) for one in events if one["event"]["event_id"] == event_id]
    return epoch


def test_tokens_that_no_text_allows_are_found_by_a_recount(lied: Lied, tmp_path: Path) -> None:
    # Given an honest receipt, and one in which the operator signs a hundred tokens more than the text has
    honest = lied.customers["honest"]
    told = honest.receipt(0)
    more = Tokens(prompt=told.tokens.prompt + 100, completion=told.tokens.completion)
    signed = Signer.from_file(receipt_key()).sign(told.model_copy(update={"tokens": more}))
    request = {"messages": [{"role": "user", "content": WORDS}]}
    answer = {"choices": [{"message": {"content": " ".join(["word"] * told.tokens.completion)}}]}
    program, log = tmp_path / "words.py", tmp_path / "texts.jsonl"
    program.write_text("import sys, json\nfor line in sys.stdin: print(len(json.loads(line).split()))")
    for receipt, status in ((honest.log[0], 0), (signed, 1)):
        log.write_text(json.dumps({"receipt": receipt, "request": request, "response": answer}))
        # When it is counted again, a word being a token
        options = ("--log", str(log), "--tokenizer", f"command:{sys.executable} {program}")
        # Then only the second has too many
        assert lied.run("honest", "recount", *options)[0] == status
