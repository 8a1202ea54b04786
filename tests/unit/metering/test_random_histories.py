"""Random histories of what the gate and LiteLLM tell, over a table in memory."""

from tests.support.usage_histories import Histories, tried

TestHistories = Histories.TestCase
TestHistories.settings = tried(examples=40, steps=25)
