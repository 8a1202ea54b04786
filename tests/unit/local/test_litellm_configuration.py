"""The configuration of the local LiteLLM is one that the gate accepts, and agrees with what the functions are told."""

import os

import yaml

from flareflow_gate import configuration
from infra.local.litellm.servers import KIT
from infra.local.stack import FIXED_PARAMETERS


def test_the_gate_accepts_the_configuration_and_the_functions_know_its_timeout() -> None:
    configured = yaml.safe_load((KIT / "config.yaml").read_text())
    timeout = configured["litellm_settings"]["request_timeout"]
    assert str(timeout) == FIXED_PARAMETERS["LitellmRequestTimeoutSeconds"]
    assert float(FIXED_PARAMETERS["LookBackSeconds"]) >= timeout + 120
    # the master key comes from the environment, which has none here
    configured["general_settings"]["master_key"] = "sk-master"
    configuration.check(configured, os.environ)
