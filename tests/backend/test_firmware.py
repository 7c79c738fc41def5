import hashlib
from dataclasses import replace
from typing import Any

import pytest

from fleet_sim.backend.events import Called, Forget, Keep, KeepFile
from fleet_sim.model.filters import EVERYTHING
from fleet_sim.model.northbound import (
    Answer,
    CreateFirmware,
    CreateJob,
    DeleteFirmware,
    Done,
    FetchFile,
    FileFound,
    FirmwareCreated,
    FirmwareOrder,
    FirmwareRow,
    GetFirmware,
    JobCreated,
    JobOrder,
    Names,
    Page,
    Refusal,
    Refused,
    RetryTasks,
    Scope,
    SearchFirmware,
    Shown,
    Trial,
    UpdateFirmware,
    UpdateJob,
)
from tests.backend.playbook import CONTENT, EPOCH_MS, Server, contract, device, firmware_order


def test_a_firmware_is_kept_and_shown() -> None:
    """Its row tells what was ordered, its size, its address and when it came."""
    server = Server()
    server.now_ms = 5

    firmware_id = server.upload()

    row = FirmwareRow(
        firmware_id=firmware_id,
        order=firmware_order(),
        url=f"http://files/{firmware_id}/2.0.bin",
        size_bytes=len(CONTENT),
        is_verified=False,
        created_epoch_ms=EPOCH_MS + 5,
        updated_epoch_ms=EPOCH_MS + 5,
    )
    assert server.call(GetFirmware(firmware_id)) == Shown(row)
    assert server.files == {firmware_id: CONTENT}


def test_the_file_comes_before_the_row_that_names_it() -> None:
    """A crash in between leaves a file too many, never a row without its file."""
    server = Server()

    effects = server.do(Called(1, CreateFirmware(firmware_order(), CONTENT)))

    kinds = [type(effect) for effect in effects]
    assert kinds.index(KeepFile) < kinds.index(Keep)


@pytest.mark.parametrize(
    ("order", "content", "refused"),
    [
        (firmware_order("2.0", names=Names("x")), CONTENT, Refused(Refusal.VERSION_EXISTS, "2.0")),
        (
            firmware_order("3.0", names=Names("fw 2.0")),
            CONTENT,
            Refused(Refusal.NAME_EXISTS, "fw 2.0"),
        ),
        (firmware_order("3.0"), b"", Refused(Refusal.BAD_ARGUMENT, "file: it is empty")),
        (
            firmware_order("3.0", digest_method="crc"),
            CONTENT,
            Refused(Refusal.BAD_ARGUMENT, "digest_method: crc is not known"),
        ),
        (
            firmware_order("3.0"),
            b"other bytes",
            Refused(Refusal.BAD_ARGUMENT, "digest: the file's sha256 differs"),
        ),
    ],
)
def test_a_firmware_that_cannot_be_is_refused(
    order: FirmwareOrder, content: bytes, refused: Answer
) -> None:
    """A version or name that the product has, no bytes, another digest: nothing is kept."""
    server = Server()
    server.upload("2.0")

    assert server.call(CreateFirmware(order, content)) == refused
    assert len(server.rows["firmware"]) == 1


def test_another_product_may_have_the_same_version_and_name() -> None:
    """Both are unique within a product only."""
    server = Server()
    server.upload("2.0")

    answer = server.call(CreateFirmware(firmware_order("2.0", product_key="other"), CONTENT))

    assert isinstance(answer, FirmwareCreated)


def test_a_push_says_what_goes_to_devices() -> None:
    """A difference, the package's text, and the job's tags as they are at that moment."""
    server = Server(contract(open_list_windows=True, repush_on_reconnect="always"))
    server.fleet("d1", version="1.0")
    firmware_id = server.upload(is_patch=True, from_versions=("1.0",), custom='{"a":1}')
    job_id = server.job(firmware_id=firmware_id, tags=(("k", "v"), ("a", "b")))

    server.call(UpdateJob(job_id, tags=(("k", "w"),)))
    server.gone("d1")
    server.connect("d1", version="1.0")

    first, again = (request.image for request in server.requests("d1"))
    assert (first.is_patch, first.custom, first.tags) == (True, '{"a":1}', (("k", "v"), ("a", "b")))
    assert again == replace(first, tags=(("k", "w"),))


_METHODS = ("md5", "sha256")


@pytest.mark.parametrize("method", _METHODS)
def test_a_digest_may_be_spelt_in_capitals(method: str) -> None:
    """It is compared as a number; a push gives it in lower case, and that by the other method."""
    server = Server()
    server.fleet("d1")
    digest = hashlib.new(method, CONTENT).hexdigest()

    firmware_id = server.upload(digest=digest.upper(), digest_method=method)
    server.job(firmware_id=firmware_id)

    image = server.requests("d1")[0].image
    assert (image.digest, image.digest_method) == (digest, method)
    assert all(image.digest_by(one) == hashlib.new(one, CONTENT).hexdigest() for one in _METHODS)


def test_a_push_describes_the_firmware() -> None:
    """Version, address, size and digest of a push are those of the firmware."""
    server = Server()
    server.fleet("d1")
    firmware_id = server.upload()

    server.job(firmware_id=firmware_id)

    image = server.requests("d1")[0].image
    assert image.version == "2.0"
    assert image.url == f"http://files/{firmware_id}/2.0.bin"
    assert image.size_bytes == len(CONTENT)
    assert image.digest == hashlib.sha256(CONTENT).hexdigest()


def test_a_firmware_tells_its_last_change() -> None:
    """To name it anew is one; so is that it was verified."""
    server = Server()
    server.fleet("d1")
    firmware_id, found = server.upload(needs_verification=True), []
    server.after(1_000)
    server.call(UpdateFirmware(firmware_id, desc="x"))
    found.append(_updated(server, firmware_id))
    server.job(
        firmware_id=firmware_id, kind="verify", scope=Scope(total=False, device_keys=("d1",))
    )
    server.after(1_000)
    server.version("d1", "2.0")
    found.append(_updated(server, firmware_id))

    assert found == [EPOCH_MS + 1_000, EPOCH_MS + 2_000]


def _updated(server: Server, firmware_id: str) -> int | None:
    answer = server.call(GetFirmware(firmware_id))
    assert isinstance(answer, Shown)
    assert isinstance(answer.row, FirmwareRow)
    return answer.row.updated_epoch_ms


def test_a_deleted_firmware_is_gone_with_its_file() -> None:
    """It is not found any more, and its version may come again under another id."""
    server = Server()
    first = server.upload()

    answer = server.call(DeleteFirmware(first))

    assert answer == Done()
    assert server.call(GetFirmware(first)) == Refused(Refusal.NO_SUCH_FIRMWARE, first)
    assert server.files == {}
    assert server.upload() != first


def test_the_row_is_forgotten_before_the_answer() -> None:
    """A delete that was answered stays deleted."""
    server = Server()
    firmware_id = server.upload()

    effects = server.do(Called(9, DeleteFirmware(firmware_id)))

    assert effects[0] == Forget("firmware", firmware_id)


def test_a_firmware_with_open_tasks_stays() -> None:
    """While a device is still to be upgraded to it, it cannot be deleted; afterwards it can."""
    server = Server()
    server.fleet("d1")
    firmware_id = server.upload()
    server.job(firmware_id=firmware_id)

    while_open = server.call(DeleteFirmware(firmware_id))
    server.version("d1", "2.0")

    assert while_open == Refused(Refusal.FIRMWARE_IN_USE, firmware_id)
    assert server.call(DeleteFirmware(firmware_id)) == Done()


def test_calls_on_an_unknown_firmware_say_so() -> None:
    """Get and delete of an id that was never given."""
    server = Server()

    assert server.call(GetFirmware("x")) == Refused(Refusal.NO_SUCH_FIRMWARE, "x")
    assert server.call(DeleteFirmware("x")) == Refused(Refusal.NO_SUCH_FIRMWARE, "x")


# --- verification ------------------------------------------------------------------------------


def _verify(server: Server, firmware_id: str, *keys: str) -> Answer:
    scope = Scope(total=False, device_keys=keys)
    return server.call(CreateJob(JobOrder(firmware_id, "verify", scope)))


def test_an_unverified_firmware_takes_no_upgrade_job() -> None:
    """A firmware that needs verification is refused until enough devices have proved it."""
    server = Server()
    server.fleet("d1", "d2", "d3")
    firmware_id = server.upload(needs_verification=True, verify_successes_min=2)
    order = JobOrder(firmware_id, "upgrade", Scope())

    first = server.call(CreateJob(order))
    _verify(server, firmware_id, "d1", "d2")
    server.version("d1", "2.0")
    second = server.call(CreateJob(order))
    server.version("d2", "2.0")
    third = server.call(CreateJob(order))

    assert first == second == Refused(Refusal.FIRMWARE_UNVERIFIED, firmware_id)
    assert isinstance(third, JobCreated)


def test_failures_verify_nothing() -> None:
    """A verify job that fails leaves the firmware unverified."""
    server = Server()
    server.fleet("d1")
    firmware_id = server.upload(needs_verification=True)
    _verify(server, firmware_id, "d1")

    server.failure("d1")

    answer = server.call(GetFirmware(firmware_id))
    assert isinstance(answer, Shown)
    assert isinstance(answer.row, FirmwareRow)
    assert not answer.row.is_verified


def test_verification_survives_a_restart() -> None:
    """A restarted server still knows that the firmware was verified."""
    server = Server()
    server.fleet("d1")
    firmware_id = server.upload(needs_verification=True)
    _verify(server, firmware_id, "d1")
    server.version("d1", "2.0")

    server.restart()

    answer = server.call(SearchFirmware(EVERYTHING, Page()))
    assert [row.is_verified for row in answer.rows] == [True]  # type: ignore[union-attr]


def test_a_verify_job_names_its_devices() -> None:
    """A total scope is refused."""
    server = Server()
    firmware_id = server.upload()

    answer = server.call(CreateJob(JobOrder(firmware_id, "verify", Scope())))

    assert answer == Refused(Refusal.VERIFY_SCOPE_TOTAL)


@pytest.mark.parametrize(("limit", "named", "shown"), [(None, 6, "5"), (2, 3, "2")])
def test_a_verify_job_has_few_devices(limit: int | None, named: int, shown: str) -> None:
    """One device more than the firmware's limit, or five, is refused; the limit itself is not."""
    server = Server()
    keys = [f"d{number}" for number in range(named)]
    server.fleet(*keys)
    firmware_id = server.upload(verify_devices_max=limit)

    assert _verify(server, firmware_id, *keys) == Refused(Refusal.VERIFY_TOO_MANY, shown)
    assert isinstance(_verify(server, firmware_id, *keys[1:]), JobCreated)


def test_verify_jobs_push_even_if_devices_should_ask() -> None:
    """A verification does not wait for devices to ask."""
    server = Server()
    server.fleet("d1")

    server.job(kind="verify", scope=Scope(total=False, device_keys=("d1",)), devices_must_ask=True)

    assert server.pushes("d1") == 1


def test_verify_jobs_wait_where_the_contract_lets_them() -> None:
    """As the order says, and as any job would."""
    server = Server(contract(verify_pushes_always=False))
    server.fleet("d1")

    server.job(kind="verify", scope=Scope(total=False, device_keys=("d1",)), devices_must_ask=True)

    assert server.pushes("d1") == 0
    server.ask("d1")
    assert server.journal[-1].kind == "attempt_started"


def test_one_job_at_a_time_verifies_a_firmware() -> None:
    """Not while one is under way, nor after it has succeeded; after a failure, again."""
    server = Server(contract(verification="by_job"))
    server.fleet("d1", "d2")
    firmware_id = server.upload(needs_verification=True)
    said = [_verify(server, firmware_id, "d1"), _verify(server, firmware_id, "d2")]

    server.failure("d1")
    said.append(_verify(server, firmware_id, "d2"))
    server.version("d2", "2.0")
    said.append(_verify(server, firmware_id, "d1"))

    assert [type(one) for one in said] == [JobCreated, Refused, JobCreated, Refused]
    assert said[1] == Refused(Refusal.VERIFY_RUNNING, firmware_id)
    assert said[3] == Refused(Refusal.VERIFY_DONE, firmware_id)
    assert isinstance(server.call(CreateJob(JobOrder(firmware_id, "upgrade", Scope()))), JobCreated)


def test_a_firmware_is_verified_by_all_devices_of_the_job() -> None:
    """One that failed keeps it from that, until its retry succeeds."""
    server = Server(contract(verification="by_job"))
    server.fleet("d1", "d2", "d3")
    firmware_id = server.upload(needs_verification=True)

    def stands() -> tuple[bool, Trial | None]:
        answer = server.call(GetFirmware(firmware_id))
        assert isinstance(answer, Shown)
        assert isinstance(answer.row, FirmwareRow)
        return answer.row.is_verified, answer.row.trial

    found = [stands()]
    made = _verify(server, firmware_id, "d1", "d2", "d3")
    assert isinstance(made, JobCreated)
    found.append(stands())
    server.version("d1", "2.0")
    server.version("d2", "2.0")
    found.append(stands())
    server.failure("d3")
    found.append(stands())
    server.call(RetryTasks(made.job_id, ("d3",)))
    server.version("d3", "2.0")
    found.append(stands())

    assert found == [
        (False, None),
        (False, Trial(0, is_over=False)),
        (False, Trial(66, is_over=False)),
        (False, Trial(66, is_over=True)),
        (True, Trial(100, is_over=True)),
    ]


def test_a_kept_file_is_found_by_the_firmwares_id() -> None:
    """By its name; None once it is forgotten."""
    server = Server()
    firmware_id = server.upload()

    assert server.brain.file_of(firmware_id) == "2.0.bin"
    server.call(DeleteFirmware(firmware_id))
    assert server.brain.file_of(firmware_id) is None


def test_a_push_by_blocks_names_a_stream_and_no_address() -> None:
    """Each firmware has one of its own, by which its file is found until it is forgotten."""
    server = Server()
    server.fleet("d1")
    other = server.upload("3.0")
    firmware_id = server.upload()

    server.job(firmware_id=firmware_id, by_blocks=True)

    image = server.requests("d1")[0].image
    assert image.stream is not None
    assert image.url == ""
    assert server.brain.file_at(image.stream) == (firmware_id, "2.0.bin")
    first, second = image.stream
    assert server.brain.file_at((first, second + 1)) is None
    found = {server.brain.file_at((number, second)) for number in range(first + 5)}
    assert found == {None, (firmware_id, "2.0.bin"), (other, "3.0.bin")}
    server.call(DeleteFirmware(other))
    assert (other, "3.0.bin") not in {
        server.brain.file_at((number, second)) for number in range(first + 5)
    }


def test_a_file_is_fetched_on_behalf_of_a_known_device() -> None:
    """By its keys or by its asset; a stranger gets none, and nobody a file that is gone."""
    server = Server()
    firmware_id = server.upload()
    server.register("d1", asset_id="asset-1")
    stranger = Refused(Refusal.BAD_ARGUMENT, "device: there is none of this name")

    for asked in (FetchFile(firmware_id, device("d1")), FetchFile(firmware_id, asset_id="asset-1")):
        assert server.call(asked) == FileFound(firmware_id, "2.0.bin")
    for asked in (FetchFile(firmware_id, device("d2")), FetchFile(firmware_id, asset_id="asset-2")):
        assert server.call(asked) == stranger
    server.call(DeleteFirmware(firmware_id))
    assert server.call(FetchFile(firmware_id, device("d1"))) == Refused(
        Refusal.NO_SUCH_FIRMWARE, firmware_id
    )


# --- more than an image --------------------------------------------------------------------------


def test_a_firmware_is_described_anew() -> None:
    """What is left open stays; another's name is refused."""
    server = Server()
    first, second = server.upload("2.0"), server.upload("3.0", desc="old", custom="x")

    answers = [
        server.call(UpdateFirmware(second, names=Names("fw 2.0"))),
        server.call(UpdateFirmware(second, names=Names("fw 3.0"), desc="new")),
        server.call(UpdateFirmware("nobody")),
    ]

    assert answers == [
        Refused(Refusal.NAME_EXISTS, "fw 2.0"),
        Done(),
        Refused(Refusal.NO_SUCH_FIRMWARE, "nobody"),
    ]
    order = server.rows["firmware"][second]["order"]
    assert (order["desc"], order["custom"]) == ("new", "x")
    assert server.rows["firmware"][first]["order"]["desc"] == ""


@pytest.mark.parametrize("module", ["mcu", "MCU"])
def test_one_version_may_be_there_for_each_module_and_each_source(module: str) -> None:
    """But only once for each; letters' case makes no other module."""
    server = Server()
    server.upload("2.0")
    server.upload("2.0", names=Names("for the mcu"), module="mcu")
    server.upload("2.0", names=Names("patch"), is_patch=True, from_versions=("1.0",))

    again = firmware_order("2.0", names=Names("again"), module=module)

    assert server.call(CreateFirmware(again, CONTENT)) == Refused(Refusal.VERSION_EXISTS, "2.0")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"is_patch": True}, "from_versions: a patch is for one version"),
        (
            {"is_patch": True, "from_versions": ("1.0", "1.1")},
            "from_versions: a patch is for one version",
        ),
        ({"from_versions": ("2.0",)}, "from_versions: the image's own is among them"),
    ],
)
def test_sources_that_make_no_sense_are_refused(more: dict[str, Any], why: str) -> None:
    """With what is wrong."""
    answer = Server().call(CreateFirmware(firmware_order("2.0", **more), CONTENT))

    assert answer == Refused(Refusal.BAD_ARGUMENT, why)
