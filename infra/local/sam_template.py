"""`python -m infra.local.sam_template`: the built template for `sam local invoke`; prints its path.

`sam local` hands a function only the variables that the template names, so the ones that lead to the local stack
(`AWS_ENDPOINT_URL*` and credentials) are named here, and in no template that is deployed.
"""

import json
from pathlib import Path
from typing import Final

from samtranslator.yaml_helper import yaml_parse

from infra.local.gateway.deployment import sam_environment_file
from infra.local.paths import ROOT

BUILT: Final = ROOT / ".aws-sam" / "build" / "template.yaml"


def write_local_template() -> Path:
    """Beside the built one, whose relative paths it keeps. Raises `FileNotFoundError` before build or `make up`."""
    environments = json.loads(sam_environment_file().read_text())
    template = yaml_parse(BUILT.read_text())
    for name, variables in environments.items():
        properties = template["Resources"][name]["Properties"]
        named = properties.setdefault("Environment", {}).setdefault("Variables", {})
        named |= {variable: "" for variable in variables if variable not in named}
    local = BUILT.with_name("local.json")
    local.write_text(json.dumps(template))
    return local


if __name__ == "__main__":
    print(write_local_template())
