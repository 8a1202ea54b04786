"""DynamoDB Local, in memory; all credentials and regions see the same tables."""

from typing import Final

from infra.local.ports import port
from infra.local.server import Server, listens
from infra.paths import LOCAL, ROOT

HOME: Final = LOCAL / "dynamodb"
MAIN: Final = ROOT / "infra" / "local" / "aws" / "dynamodb" / "LoopbackServer.java"
HEAP: Final = "-Xmx512m"


def server() -> Server:
    flags = ["-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port("dynamodb"))]
    return Server(
        name="dynamodb",
        command=["java", HEAP, "-Djava.library.path=lib", "-cp", "lib/*", str(MAIN), *flags],
        cwd=HOME,
        ports=["dynamodb"],
        is_ready=listens("dynamodb"),
    )
