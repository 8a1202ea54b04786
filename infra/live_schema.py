"""Writes `docs/live.schema.json` from `flareflow.realtime.payloads`, and `docs/webhooks.schema.json` from what of them
webhooks are told; run it as `python -m infra.live_schema`.
"""

import json
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from flareflow.realtime.frames import FRAME_BYTES_MAX
from flareflow.realtime.payloads import CONTROLS, PAYLOADS, Snapshot
from flareflow.webhooks.events import TOLD
from infra.paths import ROOT

PAGE: Final = ROOT / "docs" / "live.schema.json"
WEBHOOKS_PAGE: Final = ROOT / "docs" / "webhooks.schema.json"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
REF: Final = "#/$defs/{model}"

NUMBER: Final = {"type": "string", "pattern": "^(0|[1-9][0-9]*)$"}
TIME: Final = {"type": "string", "format": "date-time"}


class DecimalText(GenerateJsonSchema):
    """Numbers as our JSON has them: decimal text."""

    def int_schema(self, schema: Any) -> dict[str, Any]:
        return dict(NUMBER)


def render() -> str:
    """The whole document."""
    definitions: dict[str, Any] = {}
    messages = [_message(payload, definitions) for payload in (*PAYLOADS, Snapshot)]
    messages += [_control(payload, definitions) for payload in CONTROLS]
    for message in messages:
        definitions[message["title"]] = message
    document = {
        "$schema": DIALECT,
        "title": "Frame",
        "description": f"What a client of the WebSocket receives: an object of at most {FRAME_BYTES_MAX} bytes.",
        **_object({"messages": {"type": "array", "items": {"$ref": REF.format(model="Message")}, "minItems": 1}}),
        "$defs": {"Message": {"oneOf": [{"$ref": REF.format(model=one["title"])} for one in messages]}, **definitions},
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def render_webhooks() -> str:
    """The document about messages to webhooks."""
    definitions: dict[str, Any] = {}
    messages = []
    for kind, payload in TOLD.items():
        data = _defined(payload, definitions)
        definitions[data["title"]] = data
        head = {"id": {"type": "string", "pattern": "^evt_[0-9a-f]{32}$"}, "type": {"const": str(kind)}}
        envelope = {**head, "subscription_id": NUMBER, "at": TIME, "data": {"$ref": REF.format(model=data["title"])}}
        messages.append({"description": data["description"], **_object(envelope)})
    document = {
        "$schema": DIALECT,
        "title": "WebhookMessage",
        "description": "The body of what is posted to a webhook.",
        "oneOf": messages,
        "$defs": definitions,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _message(payload: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """A message about a subscription: the envelope with `data` of one type."""
    data = _defined(payload, definitions)
    name = f"{data['title']}Message"
    definitions[data["title"]] = data
    envelope = {
        "type": {"const": str(payload.type)},
        "subscription_id": NUMBER,
        "sequence": NUMBER,
        "at": TIME,
        "data": {"$ref": REF.format(model=data["title"])},
    }
    return {"title": name, "description": data["description"], **_object(envelope)}


def _control(payload: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """A message about the connection: its fields beside its type."""
    fields = _defined(payload, definitions)
    return {
        "title": fields["title"],
        "description": fields["description"],
        **_object({"type": {"const": payload.type}, **fields["properties"]}),
    }


def _defined(payload: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a class; those that it refers to are added to the definitions."""
    schema = TypeAdapter(payload).json_schema(ref_template=REF, mode="serialization", schema_generator=DecimalText)
    for name, inner in schema.pop("$defs", {}).items():
        definitions[name] = _complete(inner)
    return _complete(schema)


def _complete(schema: dict[str, Any]) -> dict[str, Any]:
    """All fields of an object are there. A later version may add some."""
    if schema.get("type") != "object":
        return schema
    return {**{name: value for name, value in schema.items() if name != "type"}, **_object(schema["properties"])}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    plain = {
        name: {key: value for key, value in one.items() if key not in {"title", "default"}}
        for name, one in properties.items()
    }
    return {"type": "object", "properties": plain, "required": list(plain)}


if __name__ == "__main__":
    PAGE.write_text(render())
    WEBHOOKS_PAGE.write_text(render_webhooks())
