"""Posting to receivers: the address that was checked, time limits, and the words for what goes wrong."""

import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from flareflow.adapters.receivers.posting import HttpReceivers
from flareflow.adapters.receivers.resolving import NotResolvedError, addresses_of
from flareflow.webhooks.urls import Reach
from tests.support.receivers import HOST, answering, receiving

NAME: Final = "hooks.example.com"
HEADERS: Final = {"webhook-id": "evt_1"}

pytestmark = pytest.mark.allow_hosts([HOST])


@dataclass
class Names:
    """A resolver that answers each question with the next list of addresses."""

    answers: list[Sequence[str]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0)


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The addresses that were connected to; none of them answers."""
    addresses: list[str] = []

    def connect(self: httpcore.SyncBackend, host: str, port: int, *_: Any) -> httpcore.NetworkStream:
        addresses.append(f"{host} {port}")
        raise httpcore.ConnectError

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    yield addresses


def test_the_connection_goes_to_the_address_that_was_checked(connected: list[str]) -> None:
    # Given a name that means a public address when it is asked first, and a private one later
    names = Names([["8.8.8.8"], ["10.0.0.1"]])
    answered = HttpReceivers(Reach.PUBLIC, names).post(f"https://{NAME}/hook", HEADERS, b"{}")
    # Then it is asked once, and the address is the one that it was then
    assert (names.asked, connected) == ([NAME], ["8.8.8.8 443"])
    assert (answered.status, answered.error) == (None, "No connection could be made.")


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["100.100.100.200"],
        ["::1"],
        ["::ffff:169.254.169.254"],
        ["64:ff9b::a9fe:a9fe"],
        ["fd00:ec2::254"],
        ["8.8.8.8", "192.168.0.1"],
    ],
)
def test_a_name_with_an_address_that_is_not_public_is_not_asked(connected: list[str], addresses: list[str]) -> None:
    answered = HttpReceivers(Reach.PUBLIC, Names([addresses])).post(f"https://{NAME}/", HEADERS, b"{}")
    assert answered.error == f"The name has the address {addresses[-1]}, which is not public."
    assert connected == []


@pytest.mark.parametrize("url", ["http://hooks.example.com/", "https://127.0.0.1/", "https://hooks.example.com:22/"])
def test_a_url_that_was_stored_under_other_rules_is_checked_again(connected: list[str], url: str) -> None:
    names = Names([["8.8.8.8"]])
    assert HttpReceivers(Reach.PUBLIC, names).post(url, HEADERS, b"{}").error is not None
    assert (names.asked, connected) == ([], [])


def test_the_message_arrives_as_it_is() -> None:
    with receiving() as receiver:
        answered = HttpReceivers(Reach.ANY).post(f"{receiver.url}?a=b", HEADERS, b'{"id":"evt_1"}')
    [request] = receiver.received
    assert (answered.status, answered.error) == (200, None)
    assert (request.path, request.body) == ("/hook?a=b", b'{"id":"evt_1"}')
    assert request.headers["webhook-id"] == "evt_1"
    assert request.headers["host"] == f"{HOST}:{receiver.port}"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (204, None),
        (302, "The receiver answered 302, and redirects are not followed."),
        (400, "The receiver answered 400."),
        (503, "The receiver answered 503."),
    ],
)
def test_any_2xx_is_success_and_no_redirect_is_followed(status: int, error: str | None) -> None:
    with receiving(lambda _: status) as receiver:
        answered = HttpReceivers(Reach.ANY).post(receiver.url, HEADERS, b"{}")
    assert (answered.status, answered.error) == (status, error)
    assert len(receiver.received) == 1


@pytest.mark.parametrize("piece", [b"", b"x", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_a_receiver_that_is_slow_is_left_after_the_time_limit(piece: bytes) -> None:
    # Given a receiver that says nothing for minutes, or says little at a time
    with answering(piece, times=10_000, pause=threading.Event(), seconds=0.02) as receiver:
        answered = HttpReceivers(Reach.ANY, seconds_max=0.3).post(receiver.url, HEADERS, b"{}")
    # Then it is not waited for
    assert (answered.status, answered.error) == (None, "The receiver gave no answer within 0 seconds.")


def test_the_body_of_an_answer_is_not_read() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n"
    with answering(head, times=1, pause=threading.Event(), seconds=0) as receiver:
        assert HttpReceivers(Reach.ANY).post(receiver.url, HEADERS, b"{}").status == 200


def test_what_is_not_http_is_told() -> None:
    with answering(b"220 mail.example.com ESMTP\r\n", times=1, pause=threading.Event(), seconds=0) as receiver:
        answered = HttpReceivers(Reach.ANY).post(receiver.url, HEADERS, b"{}")
    assert answered.error == "What the receiver answered is not HTTP."


def test_a_name_that_is_resolved_too_slowly_is_not_waited_for() -> None:
    stop = threading.Event()

    def resolve(host: str, port: int) -> Sequence[str]:
        stop.wait(60)
        return ["8.8.8.8"]

    answered = HttpReceivers(Reach.PUBLIC, resolve, seconds_max=0.1).post(f"https://{NAME}/", HEADERS, b"{}")
    stop.set()
    assert answered.error == "The receiver gave no answer within 0 seconds."


def test_a_name_without_an_address_is_told() -> None:
    def resolve(host: str, port: int) -> Sequence[str]:
        raise NotResolvedError("The name has no address.")

    answered = HttpReceivers(Reach.PUBLIC, resolve).post(f"https://{NAME}/", HEADERS, b"{}")
    assert answered.error == "The name has no address."


def test_a_port_where_nobody_listens_is_told() -> None:
    with receiving() as receiver:
        pass
    answered = HttpReceivers(Reach.ANY).post(receiver.url, HEADERS, b"{}")
    assert answered.error == "The receiver refused the connection."


@dataclass(frozen=True)
class Certificate:
    """A server's certificate, signed by itself; `trust` believes it."""

    server: ssl.SSLContext
    trust: ssl.SSLContext


def certificate_of(name: str, folder: Path) -> Certificate:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem, private)
    return Certificate(server, ssl.create_default_context(cafile=str(pem)))


def test_tls_and_host_are_of_the_name_and_the_connection_is_to_the_address(tmp_path: Path) -> None:
    # Given a receiver with a certificate for its name, at an address that the name means
    certificate = certificate_of(NAME, tmp_path)
    with receiving(tls=certificate.server) as receiver:
        receivers = HttpReceivers(Reach.ANY, Names([[HOST]]), certificate.trust)
        answered = receivers.post(f"https://{NAME}:{receiver.port}/hook", HEADERS, b"{}")
    # Then the certificate is checked against the name, which is the Host too
    assert (answered.status, answered.error) == (200, None)
    assert receiver.received[0].headers["host"] == f"{NAME}:{receiver.port}"


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_certificate_of_another_name_or_of_nobody_is_refused(tmp_path: Path, is_trusted: bool) -> None:
    certificate = certificate_of("other.example.com" if is_trusted else NAME, tmp_path)
    trust = certificate.trust if is_trusted else ssl.create_default_context()
    with receiving(tls=certificate.server) as receiver:
        url = f"https://{NAME}:{receiver.port}/hook"
        answered = HttpReceivers(Reach.ANY, Names([[HOST]]), trust).post(url, HEADERS, b"{}")
    assert (answered.status, answered.error) == (None, "The receiver's certificate is not valid for its name.")
    assert receiver.received == []


def test_the_machines_resolver_tells_all_addresses_of_a_name() -> None:
    assert addresses_of(HOST, 443) == [HOST]
    with pytest.raises(NotResolvedError):
        addresses_of("a" * 64 + ".example", 443)
