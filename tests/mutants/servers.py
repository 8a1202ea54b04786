"""Runs the server that it is given the name of, until its standard input ends; prints a line when it is ready.

Each server has a process of its own, because it sets the ports of its process apart from the local stack's by its own
distance.
"""

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import Final

from infra.local.interruption import ended_like_interrupted
from tests.support.dynamodb import dynamodb
from tests.support.flow_emulator import emulator

SERVERS: Final[Mapping[str, Callable[[], AbstractContextManager[None]]]] = {
    "dynamodb": dynamodb,
    "emulator": partial(emulator, coverage=False),
}
"""The emulator deploys contracts twice as fast when it does not note which of their lines run."""

if __name__ == "__main__":
    with ended_like_interrupted(), suppress(KeyboardInterrupt), SERVERS[sys.argv[1]]():
        print("ready", flush=True)
        sys.stdin.read()
