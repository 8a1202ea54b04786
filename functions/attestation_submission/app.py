"""Every five minutes: have Flare attest the newest statement, and follow what was requested before."""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.attestation_submission import advance_attestations, record_policies
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
    metrics.add_metric("AttestationsUnderWay", MetricUnit.Count, len(report.states))
    logger.info("attestations advanced", states=report.states, new_policies=policies)
    return {"states": {str(epoch): state for epoch, state in report.states.items()}, "new_policies": policies}
