"""A conversation: one HTTP request that takes several calls of the backend to answer.

The neutral calls are smaller than some of Huawei's: a list of operations counts the tasks of each,
a retry of "whatever can be retried" has to find that first. So a request is answered by a
generator, which yields one call at a time, is sent its answer, and returns the response.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from fleet_sim.dialects.http import HttpRequest, HttpResponse
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.filters import Filter
from fleet_sim.model.northbound import (
    Answer,
    Call,
    FirmwareRow,
    JobRow,
    Listed,
    Page,
    Refusal,
    Refused,
    SearchFirmware,
    SearchJobs,
    SearchTasks,
    TaskRow,
)

Talk: TypeAlias = "Generator[Call, Answer, HttpResponse]"

PAGES_MAX = 1_000  # A hundred thousand rows; ours, so that a walk ends whatever comes.


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and what it is answered by.

    Attributes:
        request: As it came, past authority.
        names: The parts of its path that stand for names.
        contract: Ranges and defaults.
        epoch_ms: The wall clock when it came.
        default_product: The product of a package that names none.
    """

    request: HttpRequest
    names: tuple[str, ...]
    contract: ContractProfile
    epoch_ms: int
    default_product: str

    def query(self, name: str) -> str:
        """Return a parameter of the query, the first of its name, or ""."""
        return next((value for key, value in self.request.query if key == name), "")


@dataclass(frozen=True, slots=True)
class Code:
    """An error of one of the two generations: HTTP status, number, and its text."""

    status: int
    code: str
    text: str


class ApiError(Exception):
    """A request is refused; what it is refused with is in the error.

    Attributes:
        why: The vendor's error.
        detail: What was wrong, behind the vendor's text; may be "".
    """

    def __init__(self, why: Code, detail: str = "") -> None:
        super().__init__(f"{why.text} {detail}".rstrip())
        self.why = why


class SearchRefusedError(Exception):
    """The backend refused a search; the gate answers with the generation's error for it.

    Attributes:
        reason: Why.
    """

    def __init__(self, reason: Refusal) -> None:
        super().__init__(f"a search was refused: {reason}")
        self.reason = reason


def refuse(why: Code, detail: str = "") -> NoReturn:
    """Refuse a request.

    Raises:
        ApiError: Always.
    """
    raise ApiError(why, detail)


def tasks(where: Filter, size: int) -> Generator[Call, Answer, tuple[TaskRow, ...]]:
    """Find every task that matches."""
    rows = yield from _walk(SearchTasks, where, size)
    return tuple(row for row in rows if isinstance(row, TaskRow))


def jobs(where: Filter, size: int) -> Generator[Call, Answer, tuple[JobRow, ...]]:
    """Find every job that matches."""
    rows = yield from _walk(SearchJobs, where, size)
    return tuple(row for row in rows if isinstance(row, JobRow))


def packages(where: Filter, size: int) -> Generator[Call, Answer, tuple[FirmwareRow, ...]]:
    """Find every firmware that matches."""
    rows = yield from _walk(SearchFirmware, where, size)
    return tuple(row for row in rows if isinstance(row, FirmwareRow))


def _walk(
    search: type[SearchTasks | SearchJobs | SearchFirmware], where: Filter, size: int
) -> Generator[Call, Answer, list[object]]:
    """Turn every page, the largest there are, from the first one, number 0.

    Raises:
        SearchRefusedError: The backend did not answer by rows.
    """
    found: list[object] = []
    for number in range(PAGES_MAX):
        answer = yield search(where, Page(number, size))
        match answer:
            case Listed(rows=rows, total=total):
                found.extend(rows)
                if not rows or len(found) >= total:
                    break
            case Refused(reason=reason):
                raise SearchRefusedError(reason)
            case _:
                raise AssertionError("a search is answered by rows or refused")
    return found
