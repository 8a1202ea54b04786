"""The translation inside LiteLLM's query engine, tested by Node's own test runner."""

import os
import subprocess

from infra.local.litellm import servers


def test_the_translation_between_prismas_protocols() -> None:
    environment = {**os.environ, "NODE_PATH": str(servers.INSTALLED / "node_modules")}
    folder = servers.KIT / "query_engine"
    ran = subprocess.run(
        ["node", "--test", "--test-reporter=tap", str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "# pass 0" not in ran.stdout
