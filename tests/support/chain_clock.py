"""Time that tests set themselves.

The emulator's clock cannot be moved: a block has the machine's time. So a deployment on which a test lets time pass
asks a contract of the tests for it. Its time stands still until the test moves it.
"""

from dataclasses import dataclass
from typing import Final

from flareflow.adapters.flow.json_cdc import Argument, string, ufix64
from infra.local.flow.contracts import LocalDeployer

START_SECONDS: Final = 1_800_000_000
_NAME: Final = "ChainClock"
_CLOCK: Final = f"""
    access(all) contract {_NAME} {{
        access(all) var timestamp: UFix64
        access(all) fun advance(_ seconds: UFix64) {{ self.timestamp = self.timestamp + seconds }}
        init() {{ self.timestamp = {START_SECONDS}.0 }}
    }}
"""
_DEPLOY: Final = f"""
    transaction(code: String) {{
        prepare(signer: auth(AddContract) &Account) {{ signer.contracts.add(name: "{_NAME}", code: code.utf8) }}
    }}
"""


@dataclass(frozen=True, slots=True)
class ClockedDeployer(LocalDeployer):
    """Deploys contracts that ask the tests' clock wherever their source asks for the time of the block."""

    def deploy_clock(self) -> None:
        self.flow.run_code(self.account, _DEPLOY, string(_CLOCK))

    def run(self, path: str, *arguments: Argument) -> object:
        if path.startswith("deploy/"):
            code, *others = arguments
            arguments = (string(self._clocked(str(code.value))), *others)
        return LocalDeployer.run(self, path, *arguments)

    def _clocked(self, code: str) -> str:
        """The import shares the first line, so that coverage counts the lines of the source."""
        return f"import {_NAME} from 0x{self.address}; " + code.replace(
            "getCurrentBlock().timestamp", f"{_NAME}.timestamp"
        )

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass, to the last 1e-8."""
        code = f"""
            import {_NAME} from 0x{self.address}
            transaction(seconds: UFix64) {{ execute {{ {_NAME}.advance(seconds) }} }}
        """
        self.flow.run_code(self.account, code, ufix64(round(seconds * 10**8)))

    def seconds(self) -> int:
        """The time on this clock, in whole seconds since 1970."""
        code = f"""
            import {_NAME} from 0x{self.address}
            access(all) fun main(): UFix64 {{ return {_NAME}.timestamp }}
        """
        answer = self.flow.rest.execute(code, [])
        assert isinstance(answer, int)
        return answer // 10**8
