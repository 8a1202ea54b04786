"""The Flare network of the local stack: an Anvil chain with short voting rounds."""

from typing import Final

from infra.deploy.networks import PUBLIC_SOURCE, FlareNetwork

LOCAL_FLARE: Final = FlareNetwork(
    "local", 31_337, source_id=PUBLIC_SOURCE, rounds_per_reward_epoch=240, message_window=10, round_seconds=5
)
