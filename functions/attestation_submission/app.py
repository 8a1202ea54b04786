"""Every five minutes: request an attestation of the newest statement and advance those under way."""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.attestation_submission import advance_attestations, record_policies
from flareflow.entrypoints.metrics import Metric, publish
from flareflow.entrypoints.schedule import ScheduledTick, deadline_of

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    ScheduledTick.model_validate(event)
    deadline = deadline_of(context)
    policies = record_policies().run(deadline)
    report = advance_attestations().run(deadline)
    publish(metrics, {Metric.ATTESTATIONS_UNDER_WAY: len(report.states)})
    logger.info("attestations advanced", states=report.states, new_policies=policies)
    return {"states": {str(epoch): state for epoch, state in report.states.items()}, "new_policies": policies}
