"""Tokens of calls, counted again from their text."""
