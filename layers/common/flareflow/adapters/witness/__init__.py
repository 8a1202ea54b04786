"""Witnesses of the log, which are run by others."""
