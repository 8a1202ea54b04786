"""The documents of the HTTP API: docs/openapi.json and docs/problems.md, made from the handlers and template.yaml."""
