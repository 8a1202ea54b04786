"""`python -m flareflow_gate.preflight URL MODEL`: try each known trick on a running proxy.

The virtual key is read from `FLAREFLOW_GATE_PREFLIGHT_KEY`. A trick that is let through costs a few tokens of MODEL.
Exit status: 0 when all are held, 1 when one is let through, 2 when the proxy does not answer an honest call.
"""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Final

import httpx

from flareflow_gate.tricks import Request, Trick, honest, tricks

KEY_VARIABLE: Final = "FLAREFLOW_GATE_PREFLIGHT_KEY"
TIMEOUT_SECONDS: Final = 60.0
ONE_REQUEST_A_CONNECTION: Final = httpx.Limits(max_keepalive_connections=0)
"""Some answers end their connection without saying so."""


def client(url: str, key: str) -> httpx.Client:
    headers = {"authorization": f"Bearer {key}"}
    return httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_SECONDS, limits=ONE_REQUEST_A_CONNECTION)


def let_through(http: httpx.Client, trick: Trick) -> bool:
    """Whether the proxy lets the trick through. Raises httpx.HTTPError where it does not answer."""
    return trick.let_through([send(http, request) for request in trick.requests])


def send(http: httpx.Client, request: Request) -> httpx.Response:
    return http.request(
        request.method, request.path, json=request.body, params=request.query or None, headers=request.headers
    )


def run(http: httpx.Client, model: str) -> Iterator[tuple[Trick, bool]]:
    """Each trick, and whether it was let through."""
    return ((trick, let_through(http, trick)) for trick in tricks(model))


def main(arguments: list[str], key: str) -> int:
    parser = ArgumentParser(prog="python -m flareflow_gate.preflight")
    parser.add_argument("url")
    parser.add_argument("model")
    given = parser.parse_args(arguments)
    with client(given.url, key) as http:
        try:
            answer = send(http, honest(given.model))
            if not answer.is_success:
                print(f"An honest call is answered {answer.status_code}: {answer.text[:200]}")
                return 2
            return _report(run(http, given.model))
        except httpx.HTTPError as error:
            print(f"{given.url} does not answer: {error}")
            return 2


def _report(found: Iterator[tuple[Trick, bool]]) -> int:
    failures = 0
    for trick, passed in found:
        failures += passed
        print(f"{'LET THROUGH' if passed else 'held':<12} {trick.name}" + (f": {trick.gain}" if passed else ""))
    print(f"{failures} let through" if failures else "All are held.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ[KEY_VARIABLE]))
