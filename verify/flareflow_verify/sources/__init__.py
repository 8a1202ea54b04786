"""Where evidence comes from: the statements' host, a node of Flow, a node of Flare. None is believed."""
