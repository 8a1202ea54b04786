"""What is installed into `.local/`, from what, and for what. Standard library only, any Python from 3.9."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Union

from infra.paths import BIN, LOCAL, PAGE, ROOT, VENV
from infra.setup import doctor

UV: Final = LOCAL / "uv" / "bin" / "uv"
SAM: Final = LOCAL / "sam"
FOCUS: Final = LOCAL / "focus"
SAM_ENVIRONMENT: Final = {"SAM_CLI_TELEMETRY": "0", "AWS_EC2_METADATA_DISABLED": "true"}
LIGHTHOUSE: Final = LOCAL / "lighthouse"
DYNAMODB: Final = LOCAL / "dynamodb" / "lib"
LITELLM: Final = LOCAL / "litellm"
RECORDS: Final = LOCAL / "install"
KITS: Final = ROOT / "infra" / "local"
GO_KIT: Final = KITS / "flow" / "go"
REQUIREMENTS: Final = ROOT / "requirements"
FRONTEND: Final = ROOT / "frontend"
CADENCE: Final = ROOT / "infra" / "cadence"

MAVEN_COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
COMMAND_SECONDS_MAX: Final = 3_600

STACK: Final = ("flow-emulator", "fcl-dev-wallet", "uv", "debian", "python", "litellm", "node", "dynamodb", "page")
TARGETS: Final = {
    "python": ("uv", "python"),
    "page": ("uv", "python", "page"),
    "unit": ("uv", "python", "node"),
    "sam": ("uv", "python", "sam"),
    "check": ("cadence-lint", "uv", "python", "sam"),
    "stack": STACK,
    "test": (*STACK, "chromium", "focus"),
    "bench-page": (*STACK, "chromium", "lighthouse"),
    "all": (*STACK, "chromium", "focus", "lighthouse", "sam", "cadence-lint"),
}
"""The jobs that each purpose needs; the emulator first, because it takes longest."""

Command = Sequence[Union[str, Path]]


@dataclass(frozen=True)
class Job:
    """Commands that make something out of `inputs`, once the jobs of `needs` that are to be done too have ended.

    Done already when `makes` are all there and the inputs are those of the last time. `home` holds absolute paths, so
    it works only in the checkout that it was made in; in a copy of the checkout it is removed and made anew.
    `usual_seconds` were measured on two idle cores with empty caches.
    """

    name: str
    doing: str
    usual_seconds: float
    commands: Sequence[Command]
    inputs: Sequence[Path]
    makes: Sequence[Path]
    needs: Sequence[str] = ()
    env: dict[str, str] = field(default_factory=dict)
    home: Path | None = None

    @property
    def log(self) -> Path:
        return RECORDS / f"{self.name}.log"

    @property
    def stamp(self) -> Path:
        """Two lines: the fingerprint of what was made, and the checkout that it was made in."""
        return RECORDS / f"{self.name}.stamp"

    def fingerprint(self) -> str:
        commands = repr(self.commands) if self.home else repr(self.commands).replace(str(ROOT), ".")
        digest = hashlib.sha256(commands.encode())
        for path in self.inputs:
            files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
            for file in files:
                digest.update(file.read_bytes())
        return digest.hexdigest()

    def is_done(self) -> bool:
        there = all(path.exists() for path in self.makes)
        return there and self._is_at_home() and self.stamp.read_text().splitlines()[:1] == [self.fingerprint()]

    def run(self) -> None:
        """Run the commands, output to the log.

        Raises `subprocess.SubprocessError` or `OSError` when one cannot run, fails or takes too long.
        """
        if self.home and not self._is_at_home():
            remove(self.home)
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
        self.stamp.write_text(f"{fingerprint}\n{ROOT}\n")

    def _is_at_home(self) -> bool:
        """Whether it was made before, in this checkout if that matters."""
        if not self.stamp.exists():
            return False
        return not self.home or self.stamp.read_text().splitlines()[1:] in ([], [str(ROOT)])


def remove(path: Path) -> None:
    """Remove a folder or file where it is there; of a link only the link."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.exists() or path.is_symlink():
        path.unlink()


def jobs(target: str, python: str) -> list[Job]:
    """The jobs of a target of `TARGETS`, each after those that it needs."""
    every = [
        go_program("flow-emulator", "compiling the Flow emulator", 180),
        uv(python),
        debian(),
        chromium(),
        environment("python", "installing FlareFlow's Python packages", python, VENV, "dev.txt"),
        litellm(python),
        environment("sam", "installing the SAM command line", python, SAM, "sam.txt"),
        npm_kit("node", "installing Anvil and the Solidity compiler", KITS / "flare" / "node", ("anvil", "solcjs")),
        environment("focus", "installing the validator of FOCUS", python, FOCUS, "focus.txt"),
        npm_kit("lighthouse", "installing Lighthouse", ROOT / "tests" / "benchmarks" / "page", ("lighthouse",)),
        dynamodb(),
        page(),
        go_program("cadence-lint", "compiling the Cadence linter", 60, needs=["flow-emulator"]),
        go_program("fcl-dev-wallet", "compiling the development wallet", 30, needs=["flow-emulator", "cadence-lint"]),
    ]
    return [job for job in every if job.name in TARGETS[target]]


def go_program(name: str, doing: str, usual_seconds: float, needs: Sequence[str] = ()) -> Job:
    """A program of the Go kit; one after the other, because they share most of what is compiled."""
    return Job(name, doing, usual_seconds, [[GO_KIT / "build.sh", BIN, name]], [GO_KIT], [BIN / name], needs)


def uv(python: str) -> Job:
    """The installer of all Python packages, itself installed by the one that comes with Python."""
    home, lock = UV.parent.parent, REQUIREMENTS / "uv.txt"
    commands: list[Command] = [
        [python, "-m", "venv", home],
        [UV.parent / "pip", "install", "--quiet", "--require-hashes", "-r", lock],
    ]
    return Job("uv", "installing uv", 15, commands, inputs=[lock], makes=[UV], home=home)


def debian() -> Job:
    """What the stack needs of Debian and the machine does not have."""
    packages = [] if shutil.which("mvn") else ["maven"]
    packages += [] if any(Path(doctor.POSTGRES_HOME).glob("*/bin/initdb")) else ["postgresql"]
    return debian_packages("debian", packages)


def chromium() -> Job:
    """The browser that the tests of the page drive."""
    return debian_packages("chromium", [] if shutil.which("chromium") else ["chromium"], needs=["debian"])


def debian_packages(name: str, packages: Sequence[str], needs: Sequence[str] = ()) -> Job:
    """The packages, if there are any; one job after the other, because `apt-get` runs only once at a time."""
    commands = [["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", *packages]]
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    doing = f"installing {' and '.join(packages)}" if packages else "nothing to install"
    seconds = 60 if packages else 0
    return Job(name, doing, seconds, commands if packages else [], inputs=[], makes=[], needs=needs, env=quiet)


def environment(name: str, doing: str, python: str, home: Path, lock: str) -> Job:
    """A virtual environment that holds exactly what the lock says, compiled: the stack starts twenty Pythons."""
    inside = home / "bin" / "python"
    sync: Command = ["sync", "--quiet", "--require-hashes", "--compile-bytecode", "--python", inside]
    commands: list[Command] = [
        [UV, "venv", "--quiet", "--allow-existing", "--python", python, home],
        [UV, "pip", *sync, REQUIREMENTS / lock],
    ]
    return Job(name, doing, 30, commands, [REQUIREMENTS / lock], [inside], needs=["uv"], home=home)


def litellm(python: str) -> Job:
    """The LiteLLM proxy, its query engine, and an empty database with its tables."""
    kit = KITS / "litellm"
    sources = [
        kit / name for name in ("install.sh", "make_database.sh", "postgres.sh", "query_engine/package-lock.json")
    ]
    return Job(
        "litellm",
        "installing LiteLLM and making its database",
        75,
        [[kit / "install.sh", LITELLM]],
        inputs=[REQUIREMENTS / "litellm.txt", *sources],
        makes=[LITELLM / "venv" / "bin" / "litellm", LITELLM / "database" / "COMPLETE"],
        needs=["uv", "debian"],
        env={"UV": str(UV), "PYTHON": python},
        home=LITELLM,
    )


def npm_kit(name: str, doing: str, kit: Path, programs: Sequence[str]) -> Job:
    """Programs of npm packages, in a folder of this name.

    Not by `npm ci`: it refuses a lock that lacks the other systems' builds of a program, which not every registry has.
    `npm install` keeps to the lock's versions and hashes too.
    """
    home = LOCAL / name
    manifests = [kit / file for file in ("package.json", "package-lock.json", ".npmrc")]
    commands: list[Command] = [
        ["mkdir", "-p", home],
        ["cp", *manifests, home],
        ["npm", "install", "--prefix", home, "--no-save"],
    ]
    made = [home / "node_modules" / ".bin" / program for program in programs]
    return Job(name, doing, 15, commands, inputs=manifests, makes=made)


def dynamodb() -> Job:
    """DynamoDB Local with its libraries."""
    pom = KITS / "aws" / "dynamodb" / "pom.xml"
    command: Command = ["mvn", "-q", "-B", "-f", pom, MAVEN_COPY, f"-DoutputDirectory={DYNAMODB}"]
    return Job("dynamodb", "installing DynamoDB Local", 20, [command], [pom], [DYNAMODB], needs=["debian"])


def page() -> Job:
    """The page, built from its sources and from the transactions that it sends."""
    made = {PAGE.name, "node_modules"}
    sources = [path for path in sorted(FRONTEND.iterdir()) if path.name not in made]
    commands: list[Command] = [
        ["npm", "install", "--prefix", FRONTEND, "--no-save"],
        ["npm", "run", "build", "--prefix", FRONTEND],
    ]
    return Job("page", "building the page", 20, commands, [*sources, CADENCE], makes=[PAGE / "index.html"])
