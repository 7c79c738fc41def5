"""Building blocks of the northbound JSON: strict shapes, and one sentence for what breaks them.

Keys are camelCase on the wire; unknown keys are left alone. A number may come as a string of digits
and a boolean as `"true"` or `"false"`, because official samples send them so.

Source: "Internationalized name struct", "Pagination request struct"; official samples in Python and
Java.
"""

from __future__ import annotations

import re
from typing import Annotated, NoReturn, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from fleet_sim.dialects.enos import codes
from fleet_sim.dialects.enos.searches import LOCALES
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.northbound import Names, Page

TEXT_CHARS_MAX = 1024  # ours: longer than any name, version or key in the pages
INTEGER_MAX = 2**31 - 1  # the pages' "Integer"
LONG_MAX = 2**63 - 1  # the pages' "Long"

_DIGITS = re.compile(r"-?[0-9]{1,19}", re.ASCII)


def _whole(value: object) -> object:
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value


def _flag(value: object) -> object:
    known = {"true": True, "false": False}
    return known.get(value.lower(), value) if isinstance(value, str) else value


Whole = Annotated[int, Field(ge=-LONG_MAX, le=LONG_MAX), BeforeValidator(_whole)]
Count = Annotated[int, Field(ge=1, le=INTEGER_MAX), BeforeValidator(_whole)]
Flag = Annotated[bool, BeforeValidator(_flag)]
# No NUL in anything that is kept: PostgreSQL stores none.
_NO_NUL = r"^[^\x00]*$"
Words = Annotated[str, Field(max_length=TEXT_CHARS_MAX, pattern=_NO_NUL)]
Text = Annotated[str, Field(min_length=1, max_length=TEXT_CHARS_MAX, pattern=_NO_NUL)]


class Shape(BaseModel):
    """A JSON object of the API."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


class I18n(Shape):
    """`StringI18n`: a default text, and locale to text."""

    default_value: str
    i18n_value: dict[str, str] | None = Field(default=None, alias="i18nValue")

    def names(self) -> Names:
        """Return the neutral form; locales in sorted order."""
        return Names(self.default_value, tuple(sorted((self.i18n_value or {}).items())))


def checked_names(name: str, value: I18n) -> Names:
    """Return the neutral form of a name that somebody asks us to keep.

    Raises:
        DialectError: The default is empty, a text is too long or holds a NUL, or its locale is none
            that EnOS supports.
    """
    if not value.default_value:
        refuse(f"{name}.defaultValue", "is empty")
    names = value.names()
    for locale, text in (("defaultValue", names.default), *names.by_locale):
        if len(text) > TEXT_CHARS_MAX or "\x00" in text:
            refuse(f"{name}.{locale}", f"is longer than {TEXT_CHARS_MAX} or holds a NUL")
    for locale, _ in names.by_locale:
        if locale not in LOCALES:
            refuse(f"{name}.i18nValue.{locale}", f"is no locale; known: {', '.join(LOCALES)}")
    return names


def i18n_of(names: Names | None) -> dict[str, object] | None:
    """Write a display name."""
    if names is None:
        return None
    return {"defaultValue": names.default, "i18nValue": dict(names.by_locale)}


class PageBody(Shape):
    """`Pagination`: pages count from 1. `sorters` is left alone, for no OTA search supports it.

    The largest page is not checked here: it is a rule of the contract, kept by the backend.
    """

    page_no: Count | None = None
    page_size: Count | None = None

    def page(self) -> Page:
        """Return the neutral form."""
        return Page(self.page_no, self.page_size)


class SearchBody(Shape):
    """The body of every search; all of it is optional."""

    expression: str | None = None
    pagination: PageBody | None = None


class KeysBody(Shape):
    """The body of `cancelTask` and `retryTask`."""

    device_keys: Annotated[list[Text], Field(min_length=1)]


AnyShape = TypeVar("AnyShape", bound=Shape)


def read_body(shape: type[AnyShape], body: bytes, name: str = "body") -> AnyShape:
    """Read a JSON body.

    Raises:
        DialectError: 99400 with the first parameter at fault; `name` when it is the whole body.
    """
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        _refuse_first(error, name)


def _refuse_first(error: ValidationError, name: str) -> NoReturn:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(step) for step in first["loc"]) or name
    if first["type"] == "missing":
        refuse(where, "is missing")
    message = first["msg"]
    refuse(where, message[:1].lower() + message[1:])


def refuse(name: str, why: str) -> NoReturn:
    """Refuse an argument: `Invalid Argument {name}: {why}`.

    Raises:
        DialectError: Always, with 99400.
    """
    raise DialectError(f"Invalid Argument {name}: {why}", code=codes.INVALID_ARGUMENT)
