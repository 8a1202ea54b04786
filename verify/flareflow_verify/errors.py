"""Why a command cannot be carried out."""


class CommandError(Exception):
    """Nothing could be checked; the message says why."""
