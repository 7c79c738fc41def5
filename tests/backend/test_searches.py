import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.backend.searches import _TASK_FIELDS, _compile
from fleet_sim.model.filters import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Comparison,
    Filter,
    Operator,
    Value,
    matches,
)
from fleet_sim.model.northbound import (
    Answer,
    Call,
    DeviceRow,
    FirmwareRow,
    JobRow,
    Listed,
    ListVersions,
    Names,
    Page,
    Refusal,
    Refused,
    ReportedRow,
    Row,
    Scope,
    SearchDevices,
    SearchFirmware,
    SearchJobs,
    SearchReported,
    SearchTasks,
    StopJob,
    TaskRow,
    UpdateJob,
    Versions,
)
from tests.backend.playbook import EPOCH_MS, PRODUCT, Server, contract


def equal(field: str, value: Value) -> Comparison:
    """Return `field = value`."""
    return Comparison(field, Operator.EQUAL, (value,))


def among(field: str, *values: Value) -> Comparison:
    """Return `field in (values)`."""
    return Comparison(field, Operator.IN, values)


def like(field: str, value: str) -> Comparison:
    """Return `field like value`."""
    return Comparison(field, Operator.LIKE, (value,))


def _listed(answer: Answer) -> Listed:
    assert isinstance(answer, Listed), answer
    return answer


def _keys(answer: Answer) -> list[str]:
    return [row.device_key for row in _listed(answer).rows if isinstance(row, TaskRow | DeviceRow)]


def _job_to(server: Server, target: str) -> str:
    (found,) = [key for key, row in server.rows["jobs"].items() if row["target"] == target]
    return found


@pytest.fixture
def server() -> Server:
    """Three devices in one job, one in another, one job for an older version besides."""
    server = Server()
    server.fleet("d1", "d10", "d2")
    server.fleet("x1", version="0.9")
    server.job("2.0", concurrency=10)
    server.job("3.0")
    server.progress("d1", 10, "loading")
    server.failure("d2")
    return server


# --- tasks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        (equal("device_key", "d1"), ["d1", "d1"]),
        (among("device_key", "d1", "d2", "nobody"), ["d1", "d2", "d1", "d2"]),
        (equal("device_key", "d"), []),
        (like("device_key", "d1"), ["d1", "d10", "d1", "d10"]),
        (equal("from_version", "0.9"), ["x1", "x1"]),
        (equal("to_version", "3.0"), ["d1", "d10", "d2", "x1"]),
        (equal("status", "under_way"), ["d1"]),
        (among("status", "failed", "cancelled"), ["d2"]),
        (equal("desc", "loading"), ["d1"]),
        (equal("product_key", "other"), []),
        (Comparison("status", Operator.NOT_EQUAL, ("queued",)), ["d1", "d10", "d2", "x1", "d2"]),
        (AllOf((equal("device_key", "d1"), equal("to_version", "3.0"))), ["d1"]),
        (
            AnyOf((equal("status", "under_way"), equal("status", "failed"))),
            ["d1", "d2"],
        ),
        (AllOf(), ["d1", "d10", "d2", "x1", "d1", "d10", "d2", "x1"]),
    ],
)
def test_a_filter_finds_exactly_the_tasks_that_match(
    server: Server, where: Filter, keys: list[str]
) -> None:
    """By every field and operator; rows come in the order of creation."""
    assert _keys(server.call(SearchTasks(where, Page(size=200)))) == keys


def test_one_jobs_tasks_are_found_with_and_without_more(server: Server) -> None:
    """The short cut through the job gives what the long way would."""
    job = equal("job_id", _job_to(server, "2.0"))

    alone = _keys(server.call(SearchTasks(job)))
    both = _keys(server.call(SearchTasks(AllOf((equal("status", "failed"), job)))))
    twice = _keys(server.call(SearchTasks(AllOf((job, equal("job_id", "other"))))))

    assert alone == ["d1", "d10", "d2", "x1"]
    assert both == ["d2"]
    assert twice == []
    assert _keys(server.call(SearchTasks(equal("job_id", "other")))) == []


# --- the other searches ------------------------------------------------------------------------


def test_devices_come_by_identity(server: Server) -> None:
    """Those that never reported are not among them; each field filters."""
    server.register("mute")

    def found(where: Filter) -> list[str]:
        return _keys(server.call(SearchDevices(where, Page())))

    assert found(EVERYTHING) == ["d1", "d10", "d2", "x1"]
    assert found(equal("firmware_version", "0.9")) == ["x1"]
    assert found(equal("is_upgrading", value=True)) == ["d1", "d10", "d2", "x1"]
    assert found(AllOf((equal("product_key", PRODUCT), equal("is_upgrading", value=False)))) == []


def test_jobs_come_newest_first(server: Server) -> None:
    """Each field filters, names by their default and by locale."""
    third = server.job("4.0", names=Names("night", (("zh_CN", "夜"),)))
    server.call(StopJob(_job_to(server, "3.0")))

    def found(where: Filter) -> list[str]:
        rows = _listed(server.call(SearchJobs(where, Page()))).rows
        return [row.firmware_version for row in rows if isinstance(row, JobRow)]

    assert found(EVERYTHING) == ["4.0", "3.0", "2.0"]
    assert found(equal("status", "stopped")) == ["3.0"]
    assert found(equal("kind", "verify")) == []
    assert found(among("firmware_version", "4.0", "2.0")) == ["4.0", "2.0"]
    assert found(equal("job_id", third)) == ["4.0"]
    assert found(like("name.default", "igh")) == ["4.0"]
    assert found(like("name.zh_CN", "夜")) == ["4.0"]
    assert found(like("name.en_US", "night")) == ["4.0"]
    assert found(like("firmware_name.default", "fw 3")) == ["3.0"]


def test_jobs_are_found_by_a_device_that_has_a_task_in_them(server: Server) -> None:
    """Alone or among other demands; a device of that name in no job finds none."""
    only = server.job("4.0", scope=Scope(PRODUCT, total=False, device_keys=("d1",)))

    def found(where: Filter) -> list[str]:
        rows = _listed(server.call(SearchJobs(where, Page()))).rows
        return [row.job_id for row in rows if isinstance(row, JobRow)]

    everywhere = found(EVERYTHING)
    assert found(equal("device_key", "d1")) == everywhere
    assert found(equal("device_key", "d2")) == [job for job in everywhere if job != only]
    assert found(AllOf((equal("job_id", only), equal("device_key", "d1")))) == [only]
    assert found(AllOf((equal("job_id", only), equal("device_key", "d2")))) == []
    assert found(equal("device_key", "nobody")) == []


def test_firmware_come_oldest_first(server: Server) -> None:
    """Each field filters."""

    def found(where: Filter) -> list[str]:
        rows = _listed(server.call(SearchFirmware(where, Page()))).rows
        return [row.order.version for row in rows if isinstance(row, FirmwareRow)]

    assert found(EVERYTHING) == ["2.0", "3.0"]
    assert found(like("name.default", "3.")) == ["3.0"]
    assert found(equal("is_verified", value=False)) == ["2.0", "3.0"]
    assert found(equal("product_key", "other")) == []


def test_versions_are_those_reported_sorted(server: Server) -> None:
    """Each once, of one product."""
    server.version("d1", "2.0")

    assert server.call(ListVersions(PRODUCT)) == Versions(("0.9", "1.0", "2.0"))
    assert server.call(ListVersions("other")) == Versions(())


def test_whether_a_job_that_is_not_there_has_no_tasks_or_is_refused_is_the_vendors() -> None:
    """One that is there and has no tasks is shown without any, whatever is asked of them."""
    server = Server(contract(unknown_job="refused"))
    empty = server.job()
    where = AllOf((equal("status", "failed"), equal("job_id", "no")))

    assert server.call(SearchTasks(equal("job_id", "no"))) == Refused(Refusal.NO_SUCH_JOB, "no")
    assert server.call(SearchTasks(where)) == Refused(Refusal.NO_SUCH_JOB, "no")
    assert _keys(server.call(SearchTasks(equal("job_id", empty)))) == []
    assert _keys(Server().call(SearchTasks(equal("job_id", "no")))) == []


@pytest.mark.parametrize("search", [SearchTasks, SearchDevices, SearchJobs, SearchFirmware])
@pytest.mark.parametrize("field", ["colour", "", "progress", "name", "names", "job_id.x"])
def test_an_unknown_field_is_refused_by_name(
    server: Server,
    search: type[SearchTasks] | type[SearchDevices] | type[SearchJobs] | type[SearchFirmware],
    field: str,
) -> None:
    """Never "everything", wherever in the filter it stands."""
    for where in (
        equal(field, "x"),
        AllOf((AnyOf((equal("product_key", "x"), equal(field, "x"))),)),
    ):
        assert server.call(search(where)) == Refused(Refusal.BAD_ARGUMENT, field)


# --- pages -------------------------------------------------------------------------------------


def _pages(server: Server, size: int, numbers: range) -> list[Listed]:
    return [_listed(server.call(SearchTasks(EVERYTHING, Page(n, size)))) for n in numbers]


def test_walking_all_pages_yields_each_row_once(server: Server) -> None:
    """Full pages but the last, the same total on each, nothing past the end."""
    pages = _pages(server, 3, range(1, 5))

    ids = [row.task_id for page in pages for row in page.rows if isinstance(row, TaskRow)]
    assert [len(page.rows) for page in pages] == [3, 3, 2, 0]
    assert [page.total for page in pages] == [8, 8, 8, 8]
    assert len(set(ids)) == 8


def test_the_contract_counts_pages() -> None:
    """The first page's number, the default size."""
    server = Server(contract(page_base=0, page_size_default=2))
    server.fleet("a", "b", "c")
    server.job()

    first = _listed(server.call(SearchTasks()))
    second = _listed(server.call(SearchTasks(page=Page(number=1))))

    assert (first.page_number, first.page_size, len(first.rows)) == (0, 2, 2)
    assert (second.page_number, len(second.rows), second.total) == (1, 1, 3)


@pytest.mark.parametrize(
    ("page", "named"),
    [
        (Page(number=0), "page_number"),
        (Page(number=-1), "page_number"),
        (Page(size=0), "page_size"),
        (Page(size=-5), "page_size"),
        (Page(size=201), "page_size"),
    ],
)
@pytest.mark.parametrize("search", [SearchTasks, SearchDevices, SearchJobs, SearchFirmware])
def test_a_page_that_cannot_be_is_refused(
    search: type[SearchTasks] | type[SearchDevices] | type[SearchJobs] | type[SearchFirmware],
    page: Page,
    named: str,
) -> None:
    """Below the first, empty, or larger than the contract allows."""
    call: Call = search(EVERYTHING, page)

    assert Server().call(call) == Refused(Refusal.BAD_ARGUMENT, named)


@pytest.mark.parametrize(
    ("search", "most"),
    [(SearchTasks, 200), (SearchDevices, 200), (SearchFirmware, 200), (SearchJobs, 300),
     (SearchReported, 300)],
)  # fmt: skip
def test_some_lists_may_have_larger_pages(
    search: type[SearchTasks | SearchDevices | SearchFirmware | SearchJobs | SearchReported],
    most: int,
) -> None:
    """Those of jobs and of what modules run, where the contract lets them."""
    server, plain = Server(contract(wide_page_size_max=300)), Server()

    assert _listed(server.call(search(EVERYTHING, Page(1, most)))).page_size == most
    assert server.call(search(EVERYTHING, Page(1, most + 1))) == Refused(
        Refusal.BAD_ARGUMENT, "page_size"
    )
    assert _listed(plain.call(search(EVERYTHING, Page(1, 200)))).page_size == 200
    assert isinstance(plain.call(search(EVERYTHING, Page(1, 201))), Refused)


# --- laws --------------------------------------------------------------------------------------

_values = st.sampled_from(["d1", "d", "2.0", "queued", "failed", "loading", ""])
_comparisons = st.builds(
    Comparison,
    st.sampled_from(sorted(_TASK_FIELDS)),
    st.sampled_from(list(Operator)),
    st.lists(_values, min_size=1, max_size=3).map(tuple),
)
_filters: st.SearchStrategy[Filter] = st.recursive(
    _comparisons,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: AllOf(tuple(parts)))
        | st.lists(inner, max_size=3).map(lambda parts: AnyOf(tuple(parts)))
    ),
    max_leaves=6,
)


@given(where=_filters)
def test_compiled_filters_mean_what_the_model_says(where: Filter) -> None:
    """The fast test of a state agrees with `model.filters.matches`, for every filter."""
    server = Server(check=False)
    server.fleet("d1", "x1")
    server.job()
    server.progress("d1", 1, "loading")
    books = server.brain._books

    test = _compile(books, where, _TASK_FIELDS.get)

    for task in books.tasks.values():
        fast = test is None or test(task)
        assert fast == matches(where, lambda field, task=task: _TASK_FIELDS[field](task))  # type: ignore[misc]


def test_one_jobs_search_leaves_other_jobs_alone(server: Server) -> None:
    """What observers ask all day costs as much as their job is large, however many there are."""
    job_id = _job_to(server, "2.0")
    del server.brain._books.tasks

    assert len(_keys(server.call(SearchTasks(equal("job_id", job_id))))) == 4


# --- what modules run --------------------------------------------------------------------------


def test_reported_versions_are_listed_by_device_and_module() -> None:
    """The device as a whole first; nothing of a device that has reported nothing."""
    server = Server()
    server.fleet("b")
    server.register("a", "silent")
    server.connect("a")
    server.version("a", "7", module="wifi")
    server.version("a", "5", module="mcu")
    server.version("b", "1", module="mcu")

    answer = server.call(SearchReported())
    of_mcu = server.call(SearchReported(Comparison("module", Operator.EQUAL, ("mcu",))))

    assert isinstance(answer, Listed)
    assert [_reported(row) for row in answer.rows] == [
        ("a", "mcu", "5"),
        ("a", "wifi", "7"),
        ("b", "", "1.0"),
        ("b", "mcu", "1"),
    ]
    assert isinstance(of_mcu, Listed)
    assert [_reported(row) for row in of_mcu.rows] == [("a", "mcu", "5"), ("b", "mcu", "1")]


def _reported(row: Row) -> tuple[str, str, str]:
    assert isinstance(row, ReportedRow)
    return row.device_key, row.module, row.version


def test_a_task_tells_when_it_was_made_when_it_began_and_for_which_module() -> None:
    """Tasks are found by module and by firmware as well."""
    server = Server()
    server.fleet("a")
    server.gone("a")
    server.version("a", "1.0", module="mcu")
    firmware_id = server.upload(module="mcu")
    server.after(1_000)
    job_id = server.job(firmware_id=firmware_id)
    before = server.task(job_id, "a")
    server.after(1_000)
    server.connect("a", version="1.0")

    after = server.task(job_id, "a")
    fields = (("module", "mcu"), ("firmware_id", firmware_id), ("module", ""))
    found = [
        server.call(SearchTasks(Comparison(field, Operator.EQUAL, (value,))))
        for field, value in fields
    ]

    assert (before.created_epoch_ms, before.started_epoch_ms) == (EPOCH_MS + 1_000, None)
    assert after.started_epoch_ms == EPOCH_MS + 2_000
    assert (after.module, after.from_version) == ("mcu", "1.0")
    assert [one.total for one in found if isinstance(one, Listed)] == [1, 1, 0]


def test_a_task_shows_its_own_timeout() -> None:
    """A later change of the job's is for the devices that join it from then on."""
    server = Server()
    server.fleet("a")
    job_id = server.job(open_list=True, timeout_s=300)
    server.call(UpdateJob(job_id, timeout_s=600))
    server.fleet("b")

    assert {row.device_key: row.timeout_s for row in server.rows_of(job_id)} == {"a": 300, "b": 600}
