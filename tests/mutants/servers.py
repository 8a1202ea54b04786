"""Runs the servers that it is given the names of, until its standard input ends; prints a line when they are ready."""

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
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
    with ended_like_interrupted(), suppress(KeyboardInterrupt), ExitStack() as stack:
        for name in sys.argv[1:]:
            stack.enter_context(SERVERS[name]())
        print("ready", flush=True)
        sys.stdin.read()
