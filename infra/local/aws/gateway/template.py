"""`template.yaml`, translated by SAM into what CloudFormation would deploy. No network is needed.

The local stack provisions and runs what is found here, so nothing of the template is written twice.
"""

import json
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import intrinsics_multi_constructor

from infra.local.aws.session import REGION
from infra.paths import ROOT

TEMPLATE: Final = ROOT / "template.yaml"
CODE_BUCKET: Final = "s3://code/"

type Properties = Mapping[str, Any]


class _Loader(yaml.CSafeLoader):
    """Reads short forms such as `!Ref` as SAM's own loader does, which is in Python and takes ten times as long."""


_Loader.add_multi_constructor("!", intrinsics_multi_constructor)


def read_template(path: Path = TEMPLATE) -> dict[str, Any]:
    """A SAM template, parsed."""
    parsed: dict[str, Any] = yaml.load(path.read_text(), _Loader)
    return parsed


class _NoManagedPolicies:
    """The translator wants AWS' list of managed policies only for templates that name one; ours names none."""

    def load(self) -> dict[str, str]:
        return {}


@dataclass(frozen=True, slots=True)
class Template:
    """The translated resources by logical id and the conditions, with unresolved intrinsic functions, and all
    parameters' values."""

    resources: Mapping[str, Properties]
    parameters: Mapping[str, str]
    conditions: Properties

    @classmethod
    def load(cls, given: Mapping[str, str], path: Path = TEMPLATE) -> "Template":
        """Raises `ValueError` for a parameter that the template does not have."""
        return cls.translated(read_template(path), given)

    @classmethod
    def translated(cls, source: Properties, given: Mapping[str, str]) -> "Template":
        """From a parsed SAM template. Raises `ValueError` for a parameter that it does not have."""
        declared = source.get("Parameters", {})
        if unknown := set(given) - set(declared):
            raise ValueError(f"the template has no parameter {', '.join(sorted(unknown))}")
        defaults = {name: str(spec["Default"]) for name, spec in declared.items() if "Default" in spec}
        parameters = {**defaults, **given}
        os.environ.setdefault("AWS_DEFAULT_REGION", REGION)  # the translator derives the partition from it
        logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it warns that its metrics are not collected
        translated = transform(_with_code_uris(source), parameters, _NoManagedPolicies())
        return cls(translated["Resources"], parameters, translated.get("Conditions", {}))

    def of_type(self, resource_type: str) -> Iterator[tuple[str, Properties]]:
        """Logical id and properties of all resources of a type, in the template's order."""
        for logical_id, resource in self.resources.items():
            if resource["Type"] == resource_type:
                yield logical_id, resource.get("Properties", {})


def _with_code_uris(source: Properties) -> Any:
    """A copy with local code folders written as S3 addresses, because the translator accepts no other form.

    Objects that YAML anchors share are copied apart, because the translator changes the objects that it reads.
    """
    source = json.loads(json.dumps(source))
    for resource in source["Resources"].values():
        properties = resource.get("Properties", {})
        for name in ("CodeUri", "ContentUri"):
            if name in properties:
                properties[name] = CODE_BUCKET + properties[name]
    return source
