"""CloudFormation's intrinsic functions: those that `template.yaml` uses."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from infra.local.aws.session import PSEUDO_PARAMETERS

NO_VALUE: Final = object()
PLACEHOLDER: Final = re.compile(r"\$\{([^!}][^}]*)\}")


class Physical(BaseModel):
    """A provisioned resource: `ref` is the value of `Ref`, `attributes` those of `Fn::GetAtt`."""

    model_config = ConfigDict(frozen=True)

    ref: str
    attributes: Mapping[str, str] = {}


class UnknownIntrinsicError(Exception):
    """The template uses an intrinsic function that is not implemented here."""


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """Replaces intrinsic functions by their results.

    `physical` gives the resource of a logical id, and raises `LookupError` if the local stack has none. What is
    `AWS::NoValue` is left out of the object that has it.
    """

    parameters: Mapping[str, str]
    physical: Callable[[str], Physical]
    conditions: Mapping[str, Any] = field(default_factory=dict)

    def resolve(self, value: Any) -> Any:
        """The value with every intrinsic function in it replaced, at any depth. Raises `UnknownIntrinsicError`."""
        match value:
            case list():
                return [self.resolve(inner) for inner in value]
            case {"Ref": str(name)}:
                return self._ref(name)
            case dict() if len(value) == 1 and (name := next(iter(value))).startswith("Fn::"):
                return self._function(name, value[name])
            case dict():
                resolved = {name: self.resolve(inner) for name, inner in value.items()}
                return {name: inner for name, inner in resolved.items() if inner is not NO_VALUE}
            case _:
                return value

    def _function(self, name: str, argument: Any) -> Any:
        match name, argument:
            case "Fn::GetAtt", [str(resource), str(attribute)]:
                return self.physical(resource).attributes[attribute]
            case "Fn::Sub", str(text):
                return self._sub(text, {})
            case "Fn::Sub", [str(text), given]:
                return self._sub(text, self.resolve(given))
            case "Fn::Split", [str(separator), text]:
                return self.resolve(text).split(separator)
            case "Fn::Select", [index, options]:
                return self.resolve(options)[int(index)]
            case _:
                return self._conditional(name, argument)

    def _conditional(self, name: str, argument: Any) -> Any:
        match name, argument:
            case "Fn::If", [str(condition), if_true, if_false]:
                return self.resolve(if_true if self.resolve(self.conditions[condition]) else if_false)
            case "Fn::Equals", [one, other]:
                return self.resolve(one) == self.resolve(other)
            case "Fn::Not", [condition]:
                return not self.resolve(condition)
            case _:
                raise UnknownIntrinsicError(f"the local stack cannot resolve {name} of {argument}")

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        for known in (PSEUDO_PARAMETERS, self.parameters):
            if name in known:
                return known[name]
        return self.physical(name).ref

    def _sub(self, text: str, given: Mapping[str, str]) -> str:
        def value(found: re.Match[str]) -> str:
            name = found[1]
            if name in given:
                return given[name]
            resource, dot, attribute = name.partition(".")
            return self.physical(resource).attributes[attribute] if dot else self._ref(name)

        return PLACEHOLDER.sub(value, text).replace("${!", "${")
