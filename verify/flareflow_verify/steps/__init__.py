"""The steps of a check, from Flare's voters down to the charge, so that the first link that does not fit is named.

A step compares one link with what the steps before it have shown, and returns what it compared.
"""
