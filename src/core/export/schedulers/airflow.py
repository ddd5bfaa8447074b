"""Airflow: runs the bundle @NAME@ each day, for the interval of the data that Airflow asks for.

Put it into the folder of DAGs. Variables of Airflow: `pipewright_@NAME@_bundle` (the bundle's folder on the worker) and
`pipewright_@NAME@_out` (the folder for results); secrets are variables too, in any secrets backend.
"""

import os
import subprocess
from datetime import datetime, timezone

try:
    from airflow.sdk import Variable, dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task
    from airflow.models import Variable

# Of each the variable `pipewright_@NAME@_` with its name in small letters.
SECRETS = [
@SECRETS@
]

# Values other than the design's own; what is not in a comment must be given.
GIVEN = {
@GIVEN@
}

# Options of a run that only replaces the rows of its interval: ["--from", "{start}", "--to", "{end}", "--lookback", "6h"].
OPTIONS = []


def intervals(start, end):
    """What of the data a run is for."""
    return {
@INTERVALS@
    }


@dag(dag_id="pipewright_@NAME@", schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc), catchup=False, max_active_runs=1)
def pipeline():
    @task(retries=1)
    def run(data_interval_start=None, data_interval_end=None):
        bundle, out = Variable.get("pipewright_@NAME@_bundle"), Variable.get("pipewright_@NAME@_out")
        secrets = {name: Variable.get(f"pipewright_@NAME@_{name.lower()}") for name in SECRETS}
        environment = {**os.environ, **GIVEN, **intervals(data_interval_start, data_interval_end), **secrets}
        start, end = (moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (data_interval_start, data_interval_end))
        options = [option.format(start=start, end=end) for option in OPTIONS]
        subprocess.run([os.path.join(bundle, "run.sh"), out, *options], env=environment, check=True)

    run()


pipeline()
