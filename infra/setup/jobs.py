"""What `make install` makes in `.local/`, and from what. Standard library only, any Python from 3.9."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Union

from infra.paths import BIN, LOCAL, ROOT, VENV
from infra.setup import doctor

UV: Final = LOCAL / "uv" / "bin" / "uv"
SAM: Final = LOCAL / "sam"
SAM_ENVIRONMENT: Final = {"SAM_CLI_TELEMETRY": "0", "AWS_EC2_METADATA_DISABLED": "true"}
NODE: Final = LOCAL / "node"
DYNAMODB: Final = LOCAL / "dynamodb" / "lib"
LITELLM: Final = LOCAL / "litellm"
RECORDS: Final = LOCAL / "install"
KITS: Final = ROOT / "infra" / "local"
GO_KIT: Final = KITS / "flow" / "go"
REQUIREMENTS: Final = ROOT / "requirements"

MAVEN_COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
COMMAND_SECONDS_MAX: Final = 1200

Command = Sequence[Union[str, Path]]


@dataclass(frozen=True)
class Job:
    """Commands that make something out of `inputs`, once the jobs that it `needs` are done.

    Done already when `makes` are all there and the inputs are those of the last time.
    """

    name: str
    commands: Sequence[Command]
    inputs: Sequence[Path]
    makes: Sequence[Path]
    needs: Sequence[str] = ()
    env: dict[str, str] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        return RECORDS / f"{self.name}.log"

    @property
    def stamp(self) -> Path:
        return RECORDS / f"{self.name}.stamp"

    def fingerprint(self) -> str:
        digest = hashlib.sha256(repr(self.commands).encode())
        for path in self.inputs:
            files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
            for file in files:
                digest.update(file.read_bytes())
        return digest.hexdigest()

    def is_done(self) -> bool:
        there = all(path.exists() for path in self.makes)
        return there and self.stamp.exists() and self.stamp.read_text() == self.fingerprint()

    def run(self) -> None:
        """Run the commands, output to the log.

        Raises `subprocess.SubprocessError` or `OSError` when one cannot run, fails or takes too long.
        """
        fingerprint = self.fingerprint()
        with self.log.open("wb") as log:
            for command in self.commands:
                subprocess.run(
                    [str(word) for word in command],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=ROOT,
                    env={**os.environ, **self.env},
                    timeout=COMMAND_SECONDS_MAX,
                    check=True,
                )
        self.stamp.write_text(fingerprint)


def jobs(python: str) -> list[Job]:
    """All jobs, the longest first, each after those that it needs."""
    return [
        flow_tools(),
        uv(python),
        debian(),
        environment("python", python, VENV, "dev.txt"),
        litellm(python),
        environment("sam", python, SAM, "sam.txt"),
        node(),
        dynamodb(),
    ]


def flow_tools() -> Job:
    """The Flow emulator, the FCL dev wallet and the Cadence linter."""
    names = ("flow-emulator", "fcl-dev-wallet", "cadence-lint")
    return Job(
        "flow-tools", [[GO_KIT / "build.sh", BIN, *names]], inputs=[GO_KIT], makes=[BIN / name for name in names]
    )


def uv(python: str) -> Job:
    """The installer of everything in Python, by the one that comes with Python."""
    lock = REQUIREMENTS / "uv.txt"
    commands: list[Command] = [
        [python, "-m", "venv", UV.parent.parent],
        [UV.parent / "pip", "install", "--quiet", "--require-hashes", "-r", lock],
    ]
    return Job("uv", commands, inputs=[lock], makes=[UV])


def debian() -> Job:
    """The Debian packages that are missing, if any."""
    packages = [] if shutil.which("mvn") else ["maven"]
    packages += [] if any(Path(doctor.POSTGRES_HOME).glob("*/bin/initdb")) else ["postgresql"]
    commands = [["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", *packages]]
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    return Job("debian", commands if packages else [], inputs=[], makes=[], env=quiet)


def environment(name: str, python: str, home: Path, lock: str) -> Job:
    """A virtual environment that holds exactly what the lock says."""
    inside = home / "bin" / "python"
    commands: list[Command] = [
        [UV, "venv", "--quiet", "--allow-existing", "--python", python, home],
        [UV, "pip", "sync", "--quiet", "--require-hashes", "--python", inside, REQUIREMENTS / lock],
    ]
    return Job(name, commands, inputs=[REQUIREMENTS / lock], makes=[inside], needs=["uv"])


def litellm(python: str) -> Job:
    """The LiteLLM proxy, its query engine, and an empty database with its tables."""
    kit = KITS / "litellm"
    sources = [kit / name for name in ("install.sh", "make_database.sh", "postgres.sh", "package-lock.json")]
    return Job(
        "litellm",
        [[kit / "install.sh", LITELLM]],
        inputs=[REQUIREMENTS / "litellm.txt", *sources],
        makes=[LITELLM / "venv" / "bin" / "litellm", LITELLM / "database" / "COMPLETE"],
        needs=["uv", "debian"],
        env={"UV": str(UV), "PYTHON": python},
    )


def node() -> Job:
    """Anvil and the Solidity compiler.

    Not by `npm ci`: it refuses a lock that lacks the other systems' builds of Anvil, which not every registry has.
    `npm install` keeps to the lock's versions and hashes too.
    """
    kit = KITS / "flare" / "node"
    manifests = [kit / name for name in ("package.json", "package-lock.json", ".npmrc")]
    commands: list[Command] = [
        ["mkdir", "-p", NODE],
        ["cp", *manifests, NODE],
        ["npm", "install", "--prefix", NODE, "--no-save"],
    ]
    made = [NODE / "node_modules" / ".bin" / "anvil", NODE / "node_modules" / "solc"]
    return Job("node", commands, inputs=manifests, makes=made)


def dynamodb() -> Job:
    """DynamoDB Local with its libraries."""
    pom = KITS / "aws" / "dynamodb" / "pom.xml"
    command: Command = ["mvn", "-q", "-B", "-f", pom, MAVEN_COPY, f"-DoutputDirectory={DYNAMODB}"]
    return Job("dynamodb", [command], inputs=[pom], makes=[DYNAMODB], needs=["debian"])
