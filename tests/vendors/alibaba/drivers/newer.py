"""An operator on `alibabacloud-iot20180120`, which signs in headers; runs where that is installed.

First line of stdin: `host` (with its port), `key`, `secret`, and as wished `signature` ("v2": sign
in parameters, as before). Then calls, an object a line: `action` and `given` (parameters by their
names in the API, lists as lists). Each is answered on stdout by
`{"event": "answered", "answer": …}`, with what the SDK's strict models have read; where the SDK
raises, it has `raised` instead, with `code`, `status` and `text`.
"""

import json
import sys

from alibabacloud_iot20180120 import models
from alibabacloud_iot20180120.client import Client
from alibabacloud_tea_openapi.models import Config
from alibabacloud_tea_util.models import RuntimeOptions
from darabonba.exceptions import DaraException


def methods_of(client):
    """Return the SDK's methods by action, without case and underscores.

    One is called `list_otatask_by_job_with_options`, one `generate_otaupload_urlwith_options`.
    """
    ending = "withoptions"
    short = {name.replace("_", ""): name for name in dir(client)}
    return {
        name.removesuffix(ending): getattr(client, real)
        for name, real in short.items()
        if name.endswith(ending)
    }


def carry_out(methods, call):
    """Make one call; return what is to be told of it."""
    request = getattr(models, f"{call['action']}Request")().from_map(call["given"])
    try:
        answer = methods[call["action"].lower()](request, RuntimeOptions(autoretry=False))
    except DaraException as error:
        status = getattr(error, "status_code", None)
        return {"raised": {"code": error.code, "status": status, "text": error.message}}
    return {"answer": answer.body.to_map()}


def main():
    """Read the settings, then make calls until stdin ends."""
    settings = json.loads(sys.stdin.readline())
    client = Client(
        Config(
            access_key_id=settings["key"],
            access_key_secret=settings["secret"],
            endpoint=settings["host"],
            protocol="http",
            signature_algorithm=settings.get("signature"),
        )
    )
    methods = methods_of(client)
    for line in sys.stdin:
        told = {"event": "answered", **carry_out(methods, json.loads(line))}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
