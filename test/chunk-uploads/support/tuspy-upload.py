"""Sends uploads with tuspy: a JSON object a line in, a JSON object a line out."""

import io
import json
import sys

from tusclient import client
from tusclient.exceptions import TusCommunicationError

for line in sys.stdin:
    wish = json.loads(line)
    headers = {"Authorization": "Bearer " + wish["token"]}
    try:
        with open(wish["file"], "rb") as file:
            uploader = client.TusClient(wish["endpoint"], headers=headers).uploader(
                file_stream=io.BytesIO(file.read()),
                chunk_size=wish["chunk_size"],
                metadata=wish["metadata"],
                retries=20,
                retry_delay=0.1,
                **({"url": wish["url"]} if wish.get("url") else {}),
            )
        uploader.upload()
        result = uploader.request.response_headers.get("proofline-result") if uploader.request else None
        answer = {"url": uploader.url, "result": result}
    except TusCommunicationError as error:
        answer = {"status": error.status_code, "body": (error.response_content or b"").decode()}
    print(json.dumps(answer), flush=True)
