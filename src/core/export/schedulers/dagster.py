"""Dagster: the results of the bundle @NAME@ as an asset, made each day.

`dagster dev -f` this file. Variables of the environment: `PIPEWRIGHT_BUNDLE` (the bundle's folder) and `PIPEWRIGHT_OUT`
(the folder for results); secrets are variables of the environment too, as Dagster has them.
"""

import os
import subprocess

import dagster as dg

SECRETS = [
@SECRETS@
]

# Values other than the design's own; what is not in a comment must be given.
GIVEN = {
@GIVEN@
}

DAYS = dg.DailyPartitionsDefinition(start_date="2024-01-01")


def intervals(start, end):
    """What of the data a run is for."""
    return {
@INTERVALS@
    }


@dg.asset(name="pipewright_@NAME@", partitions_def=DAYS)
def results(context: dg.AssetExecutionContext) -> None:
    window = context.partition_time_window
    secrets = {name: dg.EnvVar(name).get_value() for name in SECRETS}
    missing = sorted(name for name, value in secrets.items() if value is None)
    if missing:
        raise dg.Failure(f"no value for the secrets {', '.join(missing)}", allow_retries=False)
    bundle, out = (dg.EnvVar(name).get_value() for name in ("PIPEWRIGHT_BUNDLE", "PIPEWRIGHT_OUT"))
    environment = {**os.environ, **GIVEN, **intervals(window.start, window.end), **secrets}
    subprocess.run([os.path.join(bundle, "run.sh"), out], env=environment, check=True)


JOB = dg.define_asset_job("pipewright_@NAME@_job", selection=[results])

defs = dg.Definitions(assets=[results], schedules=[dg.build_schedule_from_partitioned_job(JOB)])
