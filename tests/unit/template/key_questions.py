"""What a key has used, asked under the roles of the functions that tell it."""

import json
from dataclasses import replace

from tests.unit.template.aws_in_memory import AwsInMemory
from tests.unit.template.events import http, http_event
from tests.unit.template.handling import chain_of, replaced
from tests.unit.template.litellm_stand_in import KEY_HASH, LiteLLM


def ask_about_keys(aws: AwsInMemory, litellm: LiteLLM, subscription_id: int) -> None:
    """For a gate, and for a rotation that LiteLLM does not carry out."""
    with aws.function("CreditLeasesFunction") as (_, bootstrap, handle):
        event = http_event("POST", "/internal/credit/keys", {"key_hash": KEY_HASH})
        event["headers"]["authorization"] = f"Bearer {bootstrap.lease_credit().gate_secret()}"
        assert json.loads(handle(event)["body"])["total"]["requests"] == "2"
    with aws.function("KeyProvisioningFunction") as (app, bootstrap, handle):
        chain, root = chain_of(subscription_id), bootstrap.rotate_key()
        root = replace(root, subscriptions=chain, create=replace(root.create, subscriptions=chain))
        with replaced(app, rotate_key=root):
            litellm.is_down = True
            refused = http(handle, "POST", f"/v1/keys/{KEY_HASH}/rotations", {}, "rotation-1")
            assert refused["code"] == "temporarily_unavailable"
            litellm.is_down = False
