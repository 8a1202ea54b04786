"""`template.yaml` as CloudFormation would get it: run through the SAM translator, offline.

What the local stack makes and runs is read from here, so that nothing is listed twice.
"""

import json
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from infra.local.aws.session import REGION
from infra.paths import ROOT

TEMPLATE: Final = ROOT / "template.yaml"
CODE_BUCKET: Final = "s3://code/"

type Properties = Mapping[str, Any]


class _NoManagedPolicies:
    """The translator asks for AWS' managed policies only where a template names one; ours names none."""

    def load(self) -> dict[str, str]:
        return {}


@dataclass(frozen=True, slots=True)
class Template:
    """The translated resources by logical id, intrinsics unresolved; `parameters` are given values over defaults."""

    resources: Mapping[str, Properties]
    parameters: Mapping[str, str]

    @classmethod
    def load(cls, given: Mapping[str, str], path: Path = TEMPLATE) -> "Template":
        """Raises `ValueError` for a parameter that the template does not have."""
        return cls.translated(yaml_parse(path.read_text()), given)

    @classmethod
    def translated(cls, source: Properties, given: Mapping[str, str]) -> "Template":
        """From a parsed SAM template. Raises `ValueError` for a parameter that it does not have."""
        declared = source.get("Parameters", {})
        if unknown := set(given) - set(declared):
            raise ValueError(f"the template has no parameter {', '.join(sorted(unknown))}")
        defaults = {name: str(spec["Default"]) for name, spec in declared.items() if "Default" in spec}
        parameters = {**defaults, **given}
        os.environ.setdefault("AWS_DEFAULT_REGION", REGION)  # the translator asks boto3 for the partition
        logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it warns that nobody collects its metrics
        translated = transform(_with_code_uris(source), parameters, _NoManagedPolicies())
        return cls(translated["Resources"], parameters)

    def of_type(self, resource_type: str) -> Iterator[tuple[str, Properties]]:
        """Logical id and properties of each resource of a type, in the template's order."""
        for logical_id, resource in self.resources.items():
            if resource["Type"] == resource_type:
                yield logical_id, resource.get("Properties", {})


def _with_code_uris(source: Properties) -> Any:
    """Local code folders written as S3 addresses, the only form in which the translator takes them.

    What YAML anchors made one object becomes several, as in CloudFormation: the translator changes what it reads.
    """
    source = json.loads(json.dumps(source))
    for resource in source["Resources"].values():
        properties = resource.get("Properties", {})
        for name in ("CodeUri", "ContentUri"):
            if name in properties:
                properties[name] = CODE_BUCKET + properties[name]
    return source
