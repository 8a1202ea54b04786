"""Which URLs and addresses a webhook may name."""

import pytest

from flareflow.errors import InvalidRequestError
from flareflow.webhooks.addresses import is_public
from flareflow.webhooks.urls import Reach, ReceiverUrl, parse_url


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("https://hooks.example.com", "/"),
        ("https://hooks.example.com:443/a/b?c=d&e=%2F", "/a/b?c=d&e=%2F"),
        ("https://xn--bcher-kva.example/", "/"),
        ("https://hooks.example.com?key=1", "/?key=1"),
    ],
)
def test_a_public_name_by_https_is_taken(text: str, target: str) -> None:
    url = parse_url(text, Reach.PUBLIC)
    assert (url.scheme, url.port, url.target) == ("https", 443, target)
    assert text.startswith(f"https://{url.host}")


@pytest.mark.parametrize(
    "text",
    [
        "http://hooks.example.com/",
        "https://hooks.example.com:8443/",
        "https://hooks.example.com:22/",
        "https://hooks.example.com:0443/",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "//hooks.example.com/",
        "hooks.example.com/",
        "HTTPS://hooks.example.com/",
        "https://Hooks.Example.com/",
        "https://user@hooks.example.com/",
        "https://user:password@hooks.example.com/",
        "https://hooks.example.com@127.0.0.1/",
        "https://127.0.0.1#@hooks.example.com/",
        "https://127.0.0.1\\@hooks.example.com/",
        "https://hooks.example.com/#fragment",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\r\nX-Header: 1",
        "https://hooks.example.com/\t",
        "https://hooks.example.com/\u00e9",
        "https://b\u00fccher.example/",
        "https://hooks\u3002example.com/",
        "https://\u2460\u2461\u2466.0.0.1/",
        "https://localhost/",
        "https://localhost./",
        "https://hooks.example.com./",
        "https://hooks..example.com/",
        "https://.example.com/",
        "https://-hooks.example.com/",
        "https://hooks_.example.com/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0x0.0x0.0x1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://169.254.169.254/latest/meta-data/",
        "https://8.8.8.8/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[2606:4700::1111]/",
        "https://hooks.example.123/",
        f"https://{'a' * 64}.example.com/",
        f"https://{'a.' * 130}example.com/",
        f"https://hooks.example.com/{'a' * 500}",
        "https://",
        "",
    ],
)
def test_every_other_url_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        parse_url(text, Reach.PUBLIC)
    assert refused.value.code == "invalid_webhook_url"


def test_the_local_stack_may_name_its_own_machine() -> None:
    assert parse_url("http://127.0.0.1:8080/hook", Reach.ANY) == ReceiverUrl("http", "127.0.0.1", 8080, "/hook")
    assert parse_url("http://localhost/", Reach.ANY).port == 80
    for text in ("http://user@127.0.0.1/", "file:///etc/passwd", "http://127.0.0.1/\n"):
        with pytest.raises(InvalidRequestError):
            parse_url(text, Reach.ANY)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.254"),
        *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.0.1", "169.254.169.254", "169.254.170.2"),  # clouds' metadata, and that of containers
        *("100.64.0.1", "100.100.100.200", "100.127.255.255"),  # shared by the customers of a provider
        *(
            "192.0.0.1",
            "192.0.0.9",
            "192.0.0.10",
            "192.0.2.1",
            "198.51.100.1",
            "203.0.113.1",
            "198.18.0.1",
            "192.88.99.1",
        ),
        *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
        *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "3fff::1"),
        *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::ffff:0:127.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::", "2001:0:1::1"),
        *("100::1", "5f00::1", "4000::1", "fe80::1%1"),
    ],
)
def test_every_other_address_is_not_public(address: str) -> None:
    assert not is_public(address)


def test_what_is_no_address_is_none() -> None:
    with pytest.raises(ValueError, match="does not appear"):
        is_public("hooks.example.com")
