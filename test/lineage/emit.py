"""Sends events with OpenLineage's own Python client: emit.py URL TOKEN. The same events every time."""

import sys

from openlineage.client import OpenLineageClient
from openlineage.client import event_v2 as v2
from openlineage.client import run as v1
from openlineage.client.facet_v2 import (
    parent_run,
    schema_dataset,
    source_code_location_job,
    sql_job,
)
from openlineage.client.transport.http import (
    ApiKeyTokenProvider,
    HttpCompression,
    HttpConfig,
    HttpTransport,
)

url, token = sys.argv[1:]
v2.set_producer("https://example.org/pipeline/1.0")
run_id = "01941f29-7c00-7aaa-8bbb-0123456789ab"


def client(compression=None):
    auth = ApiKeyTokenProvider({"apiKey": token})
    return OpenLineageClient(
        transport=HttpTransport(HttpConfig(url=url, auth=auth, compression=compression))
    )


job = v2.Job(
    namespace="acme/shop",
    name="orders.load",
    facets={
        "sql": sql_job.SQLJobFacet(query="SELECT * FROM ordérs -- ☃"),
        "sourceCodeLocation": source_code_location_job.SourceCodeLocationJobFacet(
            type="git", url="https://example.org/shop.git", version="0123abc"
        ),
    },
)
orders = v2.InputDataset(
    namespace="postgres://db:5432",
    name="shop.public.orders",
    facets={
        "schema": schema_dataset.SchemaDatasetFacet(
            fields=[schema_dataset.SchemaDatasetFacetFields(name="id", type="BIGINT")]
        )
    },
)
facts = v2.OutputDataset(namespace="s3://lake", name="facts/orders")
parent = parent_run.ParentRunFacet(
    run=parent_run.Run(runId="01941f29-7c00-7aaa-8bbb-000000000000"),
    job=parent_run.Job(namespace="acme/shop", name="nightly"),
)


def event(state, time, **rest):
    return v2.RunEvent(
        eventType=state,
        eventTime=time,
        run=v2.Run(runId=run_id, facets={"parent": parent}),
        job=job,
        **rest,
    )


plain, zipped = client(), client(HttpCompression.GZIP)
plain.emit(event(v2.RunState.START, "2026-01-02T03:04:05.678901+00:00", inputs=[orders]))
plain.emit(event(v2.RunState.RUNNING, "2026-01-02T03:04:06Z"))
zipped.emit(event(v2.RunState.COMPLETE, "2026-01-02T05:04:07+02:00", outputs=[facts]))
plain.emit(v2.JobEvent(eventTime="2026-01-02T03:04:08Z", job=job, inputs=[orders], outputs=[facts]))
plain.emit(
    v2.DatasetEvent(
        eventTime="2026-01-02T03:04:09Z",
        dataset=v2.StaticDataset(namespace="s3://lake", name="facts/orders"),
    )
)
# The classes of before, which integrations still use.
plain.emit(
    v1.RunEvent(
        v1.RunState.FAIL,
        "2026-01-02T03:04:10Z",
        v1.Run(run_id),
        v1.Job("food_delivery", "etl.orders"),
        "https://example.org/old",
    )
)
