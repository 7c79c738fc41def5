"""An operator on `aliyun-python-sdk-iot`, which signs in parameters; runs where that is installed.

First line of stdin: `host` (with its port), `key`, `secret`. Then calls, an object a line, with
`action`, `given` (parameters by their names in the API, lists as lists), and as wished `method`.
Each is answered on stdout by `{"event": "answered", "answer": …}`; where the SDK raises, it has
`raised` instead, with `code`, `status` and `text`.
"""

import importlib
import json
import sys

from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException
from aliyunsdkcore.client import AcsClient

REGION = "cn-shanghai"  # Sent along and looked at by nobody, for the endpoint is named.


def request_of(call, settings):
    """Build the SDK's own request for an action; the setters of lists end in one more `s`."""
    module = importlib.import_module(f"aliyunsdkiot.request.v20180120.{call['action']}Request")
    request = getattr(module, f"{call['action']}Request")()
    for name, value in call["given"].items():
        getattr(request, f"set_{name}s" if isinstance(value, list) else f"set_{name}")(value)
    if call.get("method"):
        request.set_method(call["method"])
    request.set_endpoint(settings["host"])
    request.set_protocol_type("http")
    return request


def carry_out(client, call, settings):
    """Make one call; return what is to be told of it."""
    try:
        body = client.do_action_with_exception(request_of(call, settings))
    except ServerException as error:
        return {"raised": {**said(error), "status": error.get_http_status()}}
    except ClientException as error:
        return {"raised": said(error)}
    return {"answer": json.loads(body)}


def said(error):
    """Return what an error of the SDK says."""
    return {"code": error.get_error_code(), "text": error.get_error_msg()}


def main():
    """Read the settings, then make calls until stdin ends."""
    settings = json.loads(sys.stdin.readline())
    client = AcsClient(settings["key"], settings["secret"], REGION, auto_retry=False)
    for line in sys.stdin:
        told = {"event": "answered", **carry_out(client, json.loads(line), settings)}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
