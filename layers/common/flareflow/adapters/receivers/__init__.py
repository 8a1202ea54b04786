"""The servers that accounts name in their webhooks."""
