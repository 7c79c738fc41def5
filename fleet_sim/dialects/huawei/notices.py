"""What a gateway is told of a batch task with each message for one of its children.

    task_id            the task
    sub_device_count   how many of the gateway's children take part
    task_ext_info      the object that its operator gave it; left out where there is none

They stand among the `paras` of `version_query` and of the upgrade events, where the task is one of
`task_mode` GATEWAY. A device that comes by itself is told the same in such a task, as the gateway
that it may be: its count is 0 where it has no children ([U]).

Source: "Platform Delivering an Event to Obtain Version Information", "Platform Delivering an
Upgrade Event"; device SDKs for Python and Java.
"""

from __future__ import annotations

import json
from typing import Any

from fleet_sim.dialects.huawei.payload import Fields, read_fields, read_text, read_whole
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.messages import GatewayNotice


def notice_fields(notice: GatewayNotice | None) -> Fields:
    """Write a notice; None is nothing."""
    if notice is None:
        return {}
    fields: dict[str, Any] = {"task_id": notice.job_id, "sub_device_count": notice.children}
    return {**fields, "task_ext_info": json.loads(notice.extra)} if notice.extra else fields


def read_notice(paras: Fields) -> GatewayNotice | None:
    """Read a notice; None where no task is named.

    Raises:
        DialectError: One of its fields is of another type.
    """
    job_id = read_text(paras, "task_id", default="")
    if not job_id:
        return None
    children = read_whole(paras, "sub_device_count", default=0)
    return GatewayNotice(job_id, children, read_extra(paras))


def read_extra(fields: Fields) -> str:
    """Return an operator's object as text, "" for an empty or a missing one.

    Raises:
        DialectError: It is no object, or holds what could not be written again.
    """
    extra = read_fields(fields, "task_ext_info")
    try:
        return json.dumps(extra, separators=(",", ":"), allow_nan=False) if extra else ""
    except (ValueError, RecursionError) as error:
        told = "a number beyond all others" if isinstance(error, ValueError) else "too many levels"
        raise DialectError(f"task_ext_info holds {told}") from error
