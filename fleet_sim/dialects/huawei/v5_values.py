"""The forms of values in IoTDA v5: which characters, and how many.

Source: the ranges beside each parameter in the SDK for Python 3.1.219. The platform shows the same
error whichever of them is missed; the text tells which.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleet_sim.dialects.huawei import v5_codes
from fleet_sim.dialects.huawei.payload import Fields, read_text
from fleet_sim.dialects.huawei.talk import Asked, refuse
from fleet_sim.dialects.wire import DialectError


@dataclass(frozen=True, slots=True)
class Form:
    """What a value may look like.

    Attributes:
        pattern: All of it.
        told: The same, for people.
    """

    pattern: re.Pattern[str]
    told: str


NAME_36 = Form(re.compile(r"[A-Za-z0-9_-]{1,36}"), "1 to 36 letters, digits, _ and -")
DEVICE = Form(re.compile(r"[A-Za-z0-9_-]{1,128}"), "1 to 128 letters, digits, _ and -")
VERSION = Form(re.compile(r"[A-Za-z0-9_.-]{1,256}"), "1 to 256 letters, digits, _, - and .")
TASK_NAME = Form(
    re.compile(r"[A-Za-z0-9_\u3400-\u9fff]{1,128}"),
    "1 to 128 letters, digits, _ and Chinese characters",
)
REGION = Form(re.compile(r"[A-Za-z0-9-]{1,256}"), "1 to 256 letters, digits and -")
BUCKET = Form(re.compile(r"[a-z0-9.-]{3,63}"), "3 to 63 small letters, digits, - and .")
OBJECT_KEY = Form(re.compile(r".{1,1024}", re.DOTALL), "1 to 1024 characters")
SIGN = Form(re.compile(r"[A-Fa-f0-9]{64}"), "64 hexadecimal digits")


def read_value(fields: Fields, name: str, form: Form, *, default: str | None = None) -> str:
    """Return a text of a form.

    Raises:
        DialectError: It is missing (or empty) and has no default, or has another form.
    """
    value = read_text(fields, name, default=default)
    if value == default:
        return value
    if not form.pattern.fullmatch(value):
        raise DialectError(f"{name} is not {form.told}")
    return value


def query_value(asked: Asked, name: str, form: Form) -> str:
    """Return a parameter of the query of a form, or "" for none.

    Raises:
        ApiError: It has another form.
    """
    value = asked.query(name)
    if value and not form.pattern.fullmatch(value):
        refuse(v5_codes.BAD_INPUT, f"{name} is not {form.told}.")
    return value
