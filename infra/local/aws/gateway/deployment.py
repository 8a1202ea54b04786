"""The template together with the resources that were provisioned: what CloudFormation would know after deploying it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

from pydantic import TypeAdapter

from infra.local.aws import session as aws
from infra.local.aws.gateway.intrinsics import Intrinsics, Physical
from infra.local.aws.gateway.policies import Role
from infra.local.aws.gateway.template import CODE_BUCKET, Properties, Template
from infra.local.ports import HOST, port, url
from infra.local.run_dir import run_dir
from infra.paths import ROOT

RESOURCES: Final = TypeAdapter(dict[str, Physical])
PARAMETERS: Final = TypeAdapter(dict[str, str])
API_TYPE: Final = "AWS::ApiGatewayV2::Api"
ROLE_TYPE: Final = "AWS::IAM::Role"
FUNCTION_TYPE: Final = "AWS::Lambda::Function"


def resources_file() -> Path:
    """The provisioned resources by logical id; written by `infra.local.aws.provision`."""
    return run_dir() / "resources.json"


def parameters_file() -> Path:
    """The parameters of the running stack's template; written once the contracts are deployed."""
    return run_dir() / "parameters.json"


def sam_environment_file() -> Path:
    """The functions' environments for `sam local invoke --env-vars`: {logical id: {variable: value}}."""
    return run_dir() / "sam-env.json"


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One Lambda function of the template; `reserved` is its ReservedConcurrentExecutions."""

    name: str
    code: Path
    handler: str
    timeout_seconds: float
    memory_mb: int
    reserved: int | None
    environment: Mapping[str, str]

    @property
    def arn(self) -> str:
        return function_arn(self.name)


@dataclass(frozen=True)
class Deployment:
    """Functions, roles and APIs of the template, with every reference resolved."""

    template: Template
    provisioned: Mapping[str, Physical]

    @classmethod
    def load(cls) -> Self:
        """The deployment of the running stack. Raises `FileNotFoundError` before `make up`."""
        parameters = PARAMETERS.validate_json(parameters_file().read_bytes())
        provisioned = RESOURCES.validate_json(resources_file().read_bytes())
        return cls(Template.load(parameters), provisioned)

    def physical(self, logical_id: str) -> Physical:
        """What `Ref` and `Fn::GetAtt` give for a resource. Raises `LookupError` if it does not exist locally."""
        if logical_id in self.provisioned:
            return self.provisioned[logical_id]
        match self.template.resources[logical_id]["Type"]:
            case "AWS::Lambda::Function":
                return Physical(ref=logical_id, attributes={"Arn": function_arn(logical_id)})
            case "AWS::ApiGatewayV2::Api" | "AWS::CloudFront::Distribution":
                return Physical(ref=logical_id.lower())
            case "AWS::ApiGatewayV2::Integration" | "AWS::Events::Rule":
                return Physical(ref=logical_id, attributes={"Arn": aws.arn("events", f"rule/{logical_id}")})
            case other:
                raise LookupError(f"{logical_id} is a {other}, which has no local stand-in")

    def resolve(self, value: Any) -> Any:
        """A value of the template with its intrinsic functions replaced by their results."""
        return Intrinsics(self.template.parameters, self.physical, self.template.conditions).resolve(value)

    @cached_property
    def functions(self) -> Mapping[str, FunctionSpec]:
        """All functions by logical id, which is also a function's local name."""
        return {name: self._function(name, given) for name, given in self.template.of_type(FUNCTION_TYPE)}

    @cached_property
    def roles(self) -> Mapping[str, Role]:
        """The execution role of each function, by the function's name."""
        declared = dict(self.template.of_type(ROLE_TYPE))
        of_functions = {name: given["Role"]["Fn::GetAtt"][0] for name, given in self.template.of_type(FUNCTION_TYPE)}
        return {name: Role.parse(role, self.resolve(declared[role])) for name, role in of_functions.items()}

    @cached_property
    def http_api(self) -> tuple[str, Properties]:
        """The id and the resolved OpenAPI body of the one HTTP API that the template has."""
        [(name, body)] = [(name, given["Body"]) for name, given in self.template.of_type(API_TYPE) if "Body" in given]
        return self.physical(name).ref, self.resolve(body)

    @cached_property
    def websocket_api_id(self) -> str:
        """The id of the one WebSocket API that the template has."""
        [name] = [name for name, given in self.template.of_type(API_TYPE) if given.get("ProtocolType") == "WEBSOCKET"]
        return self.physical(name).ref

    def _function(self, name: str, properties: Properties) -> FunctionSpec:
        code = properties["Code"]
        return FunctionSpec(
            name=name,
            code=ROOT / f"s3://{code['S3Bucket']}/{code['S3Key']}".removeprefix(CODE_BUCKET),
            handler=properties["Handler"],
            timeout_seconds=float(properties["Timeout"]),
            memory_mb=int(properties["MemorySize"]),
            reserved=properties.get("ReservedConcurrentExecutions"),
            environment=self._environment(name, properties["Environment"]["Variables"]),
        )

    def _environment(self, function: str, variables: Mapping[str, Any]) -> Mapping[str, str]:
        resolved = {name: self.with_local_addresses(str(self.resolve(value))) for name, value in variables.items()}
        return {**resolved, **aws.function_environment(function)}

    def with_local_addresses(self, text: str) -> str:
        """The text, with the gateway's addresses in place of the WebSocket API's public ones, which only AWS serves."""
        host = f"{self.websocket_api_id}.execute-api.{aws.REGION}.{aws.URL_SUFFIX}"
        served = f"ws://{HOST}:{port('gateway_websocket')}"
        return text.replace(f"https://{host}", url("gateway_aws")).replace(f"wss://{host}", served)

    def write_sam_environment(self) -> None:
        """Write the environments of all functions for `sam local invoke --env-vars`."""
        environments = {name: dict(spec.environment) for name, spec in self.functions.items()}
        sam_environment_file().write_text(json.dumps(environments, indent=1))


def function_arn(name: str) -> str:
    return aws.arn("lambda", f"function:{name}")


def function_of(uri: str) -> str:
    """The function's name, from its ARN or from an integration URI of API Gateway that contains the ARN."""
    return uri.partition(":function:")[2].partition("/")[0]
