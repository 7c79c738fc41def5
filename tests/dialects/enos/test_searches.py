from __future__ import annotations

import pytest
from hypothesis import given

from fleet_sim.dialects.enos.searches import read_filter, write_filter
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.filters import AllOf, AnyOf, Comparison, Filter, Operator, Value
from fleet_sim.model.northbound import (
    Call,
    JobStatus,
    SearchDevices,
    SearchFirmware,
    SearchJobs,
    SearchTasks,
    TaskStatus,
)
from tests.dialects.enos.strategies import TASK_FILTERS


def _is(field: str, *values: Value) -> Comparison:
    return Comparison(field, Operator.IN if len(values) > 1 else Operator.EQUAL, values)


def _like(field: str, text: str) -> Comparison:
    return Comparison(field, Operator.LIKE, (text,))


_ANY_NAME = AnyOf((_like("name.default", "x"), _like("name.zh_CN", "x"), _like("name.en_US", "x")))


@pytest.mark.parametrize(
    ("search", "text", "where"),
    [
        (SearchTasks, "jobId='j'", _is("job_id", "j")),
        (SearchTasks, "deviceKey in ('a','b')", _is("device_key", "a", "b")),
        (SearchTasks, "fromVersion='1.0'", _is("from_version", "1.0")),
        (SearchTasks, "toVersion='2.0'", _is("to_version", "2.0")),
        (SearchTasks, "desc='user cancel'", _is("desc", "user cancel")),
        (SearchTasks, "status='init'", _is("status", "queued")),
        (SearchTasks, "status='published'", _is("status", "pushed")),
        (SearchTasks, "status='upgrading'", _is("status", "under_way")),
        (SearchTasks, "status='succeeded'", _is("status", "succeeded")),
        (SearchTasks, "status='failed'", _is("status", "failed", "cancelled")),
        (SearchTasks, "status in ('failed','init')",
         _is("status", "failed", "cancelled", "queued")),
        (SearchDevices, "productKey='p'", _is("product_key", "p")),
        (SearchDevices, "firmwareVersion in ('1','2')", _is("firmware_version", "1", "2")),
        (SearchDevices, "isUpgrading = True", _is("is_upgrading", True)),  # noqa: FBT003
        (SearchDevices, "isUpgrading='false'", _is("is_upgrading", False)),  # noqa: FBT003
        (SearchJobs, "firmwareId='f' and type='verify'",
         AllOf((_is("firmware_id", "f"), _is("kind", "verify")))),
        (SearchJobs, "status='started'", _is("status", "started", "finished")),
        (SearchJobs, "status='stopped'", _is("status", "stopped")),
        (SearchJobs, "name like 'x'", _ANY_NAME),
        (SearchJobs, "firmwareName.defaultValue like 'x'", _like("firmware_name.default", "x")),
        (SearchJobs, "firmwareName.ja_JP like 'x'", _like("firmware_name.ja_JP", "x")),
        (SearchFirmware, "isVerified=false", _is("is_verified", False)),  # noqa: FBT003
        (SearchFirmware, "name.default like 'x'", _like("name.default", "x")),
        (SearchFirmware, "name like 'x'", _ANY_NAME),
    ],
)  # fmt: skip
def test_documented_fields_become_neutral(search: type[Call], text: str, where: Filter) -> None:
    """Every field of the four pages; `failed` covers the cancelled, `started` the finished."""
    assert read_filter(text, search) == where


@pytest.mark.parametrize("search", [SearchTasks, SearchDevices, SearchJobs, SearchFirmware])
@pytest.mark.parametrize("operator", ["=", "!=", "like"])
def test_an_unknown_field_passes_under_its_own_name(search: type[Call], operator: str) -> None:
    """Refusing it is the backend's promise to keep, so the gate does not keep it for it."""
    found = read_filter(f"noSuchField {operator} 'x'", search)

    assert found == Comparison("noSuchField", Operator(operator), ("x",))


@pytest.mark.parametrize(
    ("search", "name"),
    [
        (SearchTasks, "job_id"),
        (SearchTasks, "progress"),
        (SearchTasks, "kind"),
        (SearchTasks, "order"),
        (SearchTasks, "status.x"),
        (SearchJobs, "name.fr_FR"),
        (SearchJobs, "firmware_name.default"),
        (SearchFirmware, "firmware_id"),
        (SearchDevices, "device_key"),
    ],
)
def test_our_own_names_are_no_fields_of_the_vendor(search: type[Call], name: str) -> None:
    """A client that guesses them must not reach through to the backend's rows."""
    with pytest.raises(DialectError, match="this search does not know"):
        read_filter(f"{name}='x'", search)


@pytest.mark.parametrize(
    ("search", "text"),
    [
        (SearchTasks, "status != 'init'"),
        (SearchTasks, "jobId like 'j'"),
        (SearchDevices, "isUpgrading in (true,false)"),
        (SearchDevices, "isUpgrading='maybe'"),
        (SearchDevices, "firmwareVersion=true"),
        (SearchJobs, "type in ('upgrade')"),
        (SearchJobs, "status in ('started')"),
        (SearchJobs, "name='x'"),
        (SearchFirmware, "isVerified like 'true'"),
    ],
)
def test_a_known_field_by_another_operator_is_refused(search: type[Call], text: str) -> None:
    """Each page gives each field its operators, and its kind of value."""
    with pytest.raises(DialectError, match="compares"):
        read_filter(text, search)


@pytest.mark.parametrize("word", ["queued", "cancelled", "under_way", "FAILED", "enos:x", ""])
def test_a_status_of_no_page_matches_nothing(word: str) -> None:
    """Not even when it is one of ours, and it survives the way back."""
    found = read_filter(f"status='{word}'", SearchTasks)

    assert isinstance(found, Comparison)
    assert not set(found.values) & {status.value for status in TaskStatus}
    assert write_filter(found, SearchTasks) == f"status='{word}'"


@given(where=TASK_FILTERS)
def test_a_filter_survives_the_wire(where: Filter) -> None:
    """What an operator asks for is what the backend evaluates."""
    assert read_filter(write_filter(where, SearchTasks), SearchTasks) == where


def test_several_of_what_takes_one_become_a_choice() -> None:
    """The job search knows no `in` for status, so the values stand side by side."""
    where = _is("status", JobStatus.STARTED, JobStatus.STOPPED)

    assert write_filter(where, SearchJobs) == "status='started' or status='stopped'"
    beside = AllOf((_is("firmware_id", "f"), where))
    assert write_filter(beside, SearchJobs) == (
        "firmwareId='f' and (status='started' or status='stopped')"
    )


def test_statuses_that_share_a_word_are_written_once() -> None:
    """Cancelled and failed are one word to EnOS."""
    where = _is("status", TaskStatus.FAILED, TaskStatus.CANCELLED)

    assert write_filter(where, SearchTasks) == "status='failed'"
