"""Creates the tables, buckets, queues, keys and secrets of `template.yaml` in DynamoDB Local and moto's server.

A resource is named after its logical id, so a second run finds it. References to what was created are written to
`.local/run-<base>/resources.json`, from which the gateway and `sam local invoke` make the functions' environments.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import boto3

from infra.local.aws import session as aws
from infra.local.aws.gateway.deployment import RESOURCES, resources_file
from infra.local.aws.gateway.intrinsics import Intrinsics, Physical
from infra.local.aws.gateway.template import Properties, Template
from infra.local.ports import url

TABLE_PROPERTIES: Final = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
QUEUE_PROPERTIES_OF_AWS: Final = frozenset({"QueueName", "Tags"})


def table_definition(properties: Properties) -> dict[str, Any]:
    """What DynamoDB is asked to create for a table of the template."""
    wanted = {key: properties[key] for key in TABLE_PROPERTIES if key in properties}
    return wanted | {"StreamSpecification": {"StreamEnabled": True, **properties["StreamSpecification"]}}


def physical_name(logical_id: str) -> str:
    """The name of a table, bucket or queue; in lower case, as buckets require."""
    return f"flareflow-{logical_id.lower()}"


@dataclass(frozen=True, slots=True)
class Provisioner:
    """Creates each resource when it is first referred to, so after the resources that it refers to.

    `secret_values` gives the values of secrets by logical id; a secret that is not given is generated.
    """

    template: Template
    secret_values: Mapping[str, str]
    made: dict[str, Physical] = field(default_factory=dict)
    session: boto3.Session = field(default_factory=aws.session)

    def make(self, logical_id: str) -> Physical:
        """The created resource. Raises `LookupError` for a type that is not created locally."""
        if logical_id not in self.made:
            resource = self.template.resources[logical_id]
            if resource["Type"] not in MAKERS:
                raise LookupError(f"{logical_id} is a {resource['Type']}, which is not made locally")
            maker = MAKERS[resource["Type"]]
            intrinsics = Intrinsics(self.template.parameters, self.make, self.template.conditions)
            resolved = intrinsics.resolve(resource.get("Properties", {}))
            self.made[logical_id] = maker(self, logical_id, resolved)
        return self.made[logical_id]

    def make_all(self) -> Mapping[str, Physical]:
        for logical_id, resource in self.template.resources.items():
            if resource["Type"] in MAKERS:
                self.make(logical_id)
        return self.made

    def table(self, logical_id: str, properties: Properties) -> Physical:
        dynamodb = self.session.client("dynamodb", endpoint_url=url("dynamodb"))
        name = physical_name(logical_id)
        if name not in dynamodb.list_tables()["TableNames"]:
            dynamodb.create_table(TableName=name, **table_definition(properties))
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=properties["TimeToLiveSpecification"])
        stream = dynamodb.describe_table(TableName=name)["Table"]["LatestStreamArn"]
        # DynamoDB Local has an account of its own in its ARNs, by which only its stream can be read
        return Physical(ref=name, attributes={"Arn": aws.arn("dynamodb", f"table/{name}"), "StreamArn": stream})

    def bucket(self, logical_id: str, properties: Properties) -> Physical:
        s3 = self.session.client("s3", endpoint_url=url("moto"))
        name = physical_name(logical_id)
        s3.create_bucket(Bucket=name)
        if versioning := properties.get("VersioningConfiguration"):
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=versioning)
        host = f"{name}.s3.{aws.REGION}.{aws.URL_SUFFIX}"
        return Physical(ref=name, attributes={"Arn": f"arn:{aws.PARTITION}:s3:::{name}", "RegionalDomainName": host})

    def queue(self, logical_id: str, properties: Properties) -> Physical:
        sqs = self.session.client("sqs", endpoint_url=url("moto"))
        attributes: Any = {
            key: _attribute(value) for key, value in properties.items() if key not in QUEUE_PROPERTIES_OF_AWS
        }
        address = sqs.create_queue(QueueName=physical_name(logical_id), Attributes=attributes)["QueueUrl"]
        return Physical(ref=address, attributes={"Arn": aws.arn("sqs", physical_name(logical_id))})

    def key(self, logical_id: str, properties: Properties) -> Physical:
        kms = self.session.client("kms", endpoint_url=url("moto"))
        alias = f"alias/{physical_name(logical_id)}"
        known = {entry["AliasName"]: entry.get("TargetKeyId", "") for entry in kms.list_aliases()["Aliases"]}
        if alias not in known:
            made = kms.create_key(KeySpec=properties["KeySpec"], KeyUsage=properties["KeyUsage"])
            known[alias] = made["KeyMetadata"]["KeyId"]
            kms.create_alias(AliasName=alias, TargetKeyId=known[alias])
        return Physical(ref=known[alias], attributes={"Arn": aws.arn("kms", f"key/{known[alias]}")})

    def secret(self, logical_id: str, properties: Properties) -> Physical:
        client = self.session.client("secretsmanager", endpoint_url=url("moto"))
        name = physical_name(logical_id)
        value = self.secret_values.get(logical_id) or _generated(properties["GenerateSecretString"])
        try:
            arn = client.create_secret(Name=name, SecretString=value)["ARN"]
        except client.exceptions.ResourceExistsException:
            arn = client.describe_secret(SecretId=name)["ARN"]
        return Physical(ref=arn)


type Maker = Callable[[Provisioner, str, Properties], Physical]

MAKERS: Final[Mapping[str, Maker]] = {
    "AWS::DynamoDB::Table": Provisioner.table,
    "AWS::S3::Bucket": Provisioner.bucket,
    "AWS::SQS::Queue": Provisioner.queue,
    "AWS::KMS::Key": Provisioner.key,
    "AWS::SecretsManager::Secret": Provisioner.secret,
}


def provision(template: Template, secret_values: Mapping[str, str]) -> Mapping[str, Physical]:
    """Create everything that the template declares and write down the references; a second run changes nothing."""
    made = Provisioner(template, secret_values).make_all()
    resources_file().write_bytes(RESOURCES.dump_json(dict(made), indent=1))
    return made


def _attribute(value: Any) -> str:
    """A queue attribute as SQS expects it: text, with structured values as JSON."""
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return json.dumps(value)
        case _:
            return str(value)


def _generated(how: Mapping[str, Any]) -> str:
    return secrets.token_hex(int(how["PasswordLength"]) // 2)
