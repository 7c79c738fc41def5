"""The reference OTA server: one event in, its effects out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, assert_never

from fleet_sim.backend import (
    dispatch,
    firmware,
    jobs,
    joining,
    modules,
    rates,
    registration,
    reports,
    requests,
    rows,
    searches,
    task_calls,
    tasks,
    tokens,
    waiting,
)
from fleet_sim.backend.books import Books
from fleet_sim.backend.events import (
    Answered,
    Called,
    DeviceActivated,
    DeviceBound,
    DeviceConnected,
    DeviceGone,
    Effect,
    Event,
    Journal,
    MessageArrived,
    Registered,
    Tell,
    TimeReached,
)
from fleet_sim.backend.planted import known
from fleet_sim.backend.state import DeviceState, JobState, TaskState
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.ids import HEX_IDS, IdForms
from fleet_sim.model.messages import ServerMessage, UpgradeRequest, VersionAsked, VersionOffer
from fleet_sim.model.northbound import (
    Answer,
    Call,
    CancelJob,
    CancelTasks,
    ConfirmTasks,
    CreateFirmware,
    CreateJob,
    CreateModule,
    DeleteFirmware,
    DeleteJob,
    DeleteModule,
    FetchFile,
    GetFirmware,
    GetJob,
    ListModules,
    ListVersions,
    RetryTasks,
    SearchDevices,
    SearchFirmware,
    SearchJobs,
    SearchReported,
    SearchTasks,
    StartJob,
    StopJob,
    UpdateFirmware,
    UpdateJob,
    UpdateModule,
)


class Brain:
    """All an OTA server decides, and nothing it touches.

    Args:
        contract: What it promises.
        epoch_ms: The wall clock at instant 0, for windows and for what is shown.
        seed: For the ids it gives.
        file_url: Firmware id and file name to the address devices are given.
        planted: Bugs to carry; see `planted.PLANTED`. ValueError if one of them is unknown.
        ids: How these look.
        products: Keys of products that are known although they may have no devices yet.
    """

    def __init__(
        self,
        *,
        contract: ContractProfile,
        epoch_ms: int,
        seed: int,
        file_url: Callable[[str, str], str],
        planted: frozenset[str] = frozenset(),
        ids: IdForms = HEX_IDS,
        products: frozenset[str] = frozenset(),
    ) -> None:
        self._books = Books(
            contract=contract,
            planted=known(planted),
            epoch_ms=epoch_ms,
            seed=seed,
            file_url=file_url,
            ids=ids,
            products=products,
        )

    def handle(self, event: Event, now_ms: int) -> tuple[Effect, ...]:
        """Take one event and say what to do: what to write down first, then what to say.

        Args:
            event: What happened.
            now_ms: When, counted from the instant whose wall clock is `epoch_ms`; never earlier
                than the event before.
        """
        self._take(event, now_ms)
        dispatch.pump(self._books, now_ms)
        return self._settled()

    @property
    def next_at_ms(self) -> int | None:
        """The earliest instant at which time alone changes something; None: never."""
        return self._books.timers.next_at_ms

    def restore(
        self, tables: Mapping[str, Sequence[Mapping[str, Any]]], now_ms: int
    ) -> tuple[Effect, ...]:
        """Take up what an earlier brain left behind; call it once, before any event.

        Nobody is connected yet. Timers go on from their first anchor; those that ran out meanwhile
        fire now, once each.

        Args:
            tables: Table to rows, in any order: the rows that `Keep` wrote.
            now_ms: The present, by this brain's `epoch_ms`.
        """
        _read(self._books, tables)
        _resume(self._books, now_ms)
        self._on_time(now_ms)
        dispatch.pump(self._books, now_ms)
        return self._settled()

    def registration_of(self, device: DeviceId) -> Registration | None:
        """Return what is known of a device; None where nothing is."""
        state = self._books.devices.get(device)
        return None if state is None else state.registration

    def secret_of(self, device: DeviceId) -> str | None:
        """Return the device's secret, None for a stranger and for one that has none yet."""
        return registration.of(self._books, device).secret or None

    def is_connected(self, device: DeviceId) -> bool:
        """Tell whether a device has a connection."""
        state = self._books.devices.get(device)
        return state is not None and state.is_connected

    def children_of(self, gateway: DeviceId) -> tuple[Registration, ...]:
        """Return the devices that come by this gateway alone, sorted."""
        everybody = (one.registration for one in self._books.devices.values())
        found = (one for one in everybody if one.gateway == gateway)
        return tuple(sorted(found, key=lambda one: one.device))

    def file_of(self, firmware_id: str) -> str | None:
        """Return the name of a firmware's file, None for no such firmware."""
        return firmware.file_of(self._books, firmware_id)

    def opens(self, firmware_id: str, token: str, now_ms: int) -> bool:
        """Tell whether a device that shows this token, "" for none, may have a firmware's file."""
        return tokens.opens(self._books, firmware_id, token, now_ms)

    def file_at(self, stream: tuple[int, int]) -> tuple[str, str] | None:
        """Return the firmware and file name that devices mean by a stream; None: there is none."""
        return firmware.file_at(self._books, stream)

    def stands(self, device: DeviceId, message: ServerMessage) -> bool:
        """Tell whether something said earlier should still be sent.

        A driver that holds a `Tell` until its rows are durable asks this when it lets go. Meanwhile
        the device may have reported the target version, or an operator may have cancelled: then an
        upgrade request or an offer has lost its attempt, and sending it would ask for what nobody
        wants. The device asks again.
        """
        match message:
            case UpgradeRequest(message_id):
                is_owed = any(
                    requests.is_request_of(one, message_id) for one in self._running(device)
                )
                return is_owed or "B28" in self._books.planted
            case VersionAsked(message_id):
                return any(
                    one.asked_at_ms is not None and requests.is_request_of(one, message_id)
                    for one in self._running(device)
                )
            case VersionOffer(images=images) if images:
                running = self._running(device)
                return any(dispatch.is_offer_of(self._books, one, message) for one in running)
            case _:
                return True

    def _settled(self) -> tuple[Effect, ...]:
        """Return what the event led to, without what it has itself overtaken.

        An answer may start one job's attempt and have another job take the device over.
        """
        return tuple(
            effect
            for effect in self._books.settle()
            if not isinstance(effect, Tell) or self.stands(effect.device, effect.message)
        )

    def _running(self, device: DeviceId) -> list[TaskState]:
        state = self._books.devices.get(device)
        return [task for task in state.open_tasks if task.is_active] if state else []

    def _take(self, event: Event, now_ms: int) -> None:  # noqa: C901, PLR0912 - one case each
        books = self._books
        match event:
            case MessageArrived(device, message):
                if (state := self._device(device)) is not None:
                    reports.on_message(self._books, state, message, now_ms)
            case DeviceConnected(device):
                if (state := self._device(device)) is not None:
                    reports.on_connected(self._books, state, now_ms)
            case DeviceGone(device):
                if (state := self._device(device)) is not None:
                    reports.on_gone(self._books, state, now_ms)
            case Called(call_id, call):
                self._books.say(Answered(call_id, self._answer(call, now_ms)))
            case Registered(told):
                self._register(registration.completed(books, told), now_ms)
            case DeviceBound(device, gateway):
                self._register(replace(registration.of(books, device), gateway=gateway), now_ms)
            case DeviceActivated(device, is_told):
                self._register(registration.activated(books, device), now_ms)
                if is_told:
                    registration.tell(books, device)
            case TimeReached():
                self._on_time(now_ms)
            case _:
                assert_never(event)

    def _device(self, device: DeviceId) -> DeviceState | None:
        """Return what is known of a device; one that nobody registered is only noted."""
        state = self._books.devices.get(device)
        if state is None:
            self._books.say(Journal("unknown_device", str(device)))
        return state

    def _register(self, known: Registration, now_ms: int) -> None:
        """Write down what is known of a device now, unless it was known before."""
        books = self._books
        state = books.devices.get(known.device)
        if state is None:
            state = books.devices[known.device] = DeviceState(known)
            books.sorted_devices = None
        elif state.registration == known:
            return
        before, state.registration = state.registration.gateway, known
        tasks.rehome(books, state, before)
        books.keep(state)
        joining.join_open_lists(books, state, now_ms)
        waiting.stir_device(books, state)

    def _on_time(self, now_ms: int) -> None:
        books = self._books
        for subject in books.timers.due(now_ms):
            match subject:
                case TaskState() if subject.is_active:
                    tasks.time_out(books, subject, now_ms)
                case TaskState(online_by_ms=int(by_ms)) if by_ms <= now_ms:
                    tasks.miss(books, subject, now_ms)
                case TaskState():
                    waiting.line_up(books, subject, now_ms)
                    waiting.stir(books, subject)
                case JobState():
                    books.stirred[subject.number] = subject
                case DeviceState():
                    reports.on_reachable(books, subject)

    def _answer(self, call: Call, now_ms: int) -> Answer:  # noqa: C901, PLR0912 - one case a call
        books = self._books
        match call:
            case SearchTasks(where, page):
                return searches.tasks(books, where, page)
            case SearchDevices(where, page):
                return searches.devices(books, where, page)
            case SearchJobs(where, page):
                return searches.all_jobs(books, where, page, now_ms)
            case SearchFirmware(where, page):
                return searches.all_firmware(books, where, page)
            case SearchReported(where, page):
                return searches.reported(books, where, page)
            case ListVersions(product_key):
                return searches.versions(books, product_key)
            case CreateFirmware():
                return firmware.create(books, call, now_ms)
            case GetFirmware(firmware_id):
                return firmware.get(books, firmware_id)
            case UpdateFirmware():
                return firmware.update(books, call, now_ms)
            case DeleteFirmware(firmware_id):
                return firmware.delete(books, firmware_id)
            case FetchFile():
                return firmware.fetch(books, call)
            case CreateModule() | UpdateModule() | DeleteModule() | ListModules():
                return modules.answer(books, call, now_ms)
            case CreateJob(order):
                return jobs.create(books, order, now_ms)
            case GetJob(job_id):
                return jobs.get(books, job_id, now_ms)
            case StartJob(job_id):
                return jobs.start(books, job_id, now_ms)
            case StopJob(job_id):
                return jobs.stop(books, job_id, now_ms)
            case DeleteJob(job_id):
                return jobs.delete(books, job_id)
            case UpdateJob():
                return jobs.update(books, call, now_ms)
            case CancelJob():
                return task_calls.cancel_all(books, call, now_ms)
            case ConfirmTasks():
                return task_calls.confirm(books, call, now_ms)
            case CancelTasks():
                return task_calls.cancel(books, call, now_ms)
            case RetryTasks():
                return task_calls.retry(books, call, now_ms)
            case _:
                assert_never(call)


def _read(books: Books, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Turn rows into states, each after those it refers to."""
    for row in tables.get("counters", ()):
        books.counters[row["key"]] = row["value"]
    for row in tables.get("devices", ()):
        device = rows.device_from(row)
        books.devices[device.device] = device
    for row in _by_number(tables.get("modules", ())):
        module = rows.module_from(row, books.epoch_ms)
        books.modules[module.key] = module
    for row in _by_number(tables.get("firmware", ())):
        books.firmware[row["key"]] = rows.firmware_from(row["key"], row, books.epoch_ms)
    for row in _by_number(tables.get("jobs", ())):
        books.jobs[row["key"]] = rows.job_from(row["key"], row, books.epoch_ms)
    for row in _by_number(tables.get("tasks", ())):
        task = rows.task_from(
            row["key"], row, books.epoch_ms, jobs=books.jobs, devices=books.devices
        )
        tasks.enter(books, task)


def _resume(books: Books, now_ms: int) -> None:
    """Give restored tasks their slots, timers and places in line again."""
    for task in books.tasks.values():
        if "B03" in books.planted:
            task.has_slot = False
        task.job.slots += task.has_slot
        device = task.device
        if task.attempt and (device.latest is None or _is_later(task, device.latest)):
            device.latest = task
        if task.is_active:
            device.active[task.job.lane] = task
            lost = "B09" in books.planted
            books.timers.arm(task, None if lost else tasks.deadline(books, task))
        elif task.is_waiting:
            if not task.awaits_round:
                waiting.line_up(books, task, now_ms)
            waiting.stir(books, task)
    for job in books.jobs.values():
        rates.recall(books, job, now_ms)


def _is_later(task: TaskState, other: TaskState) -> bool:
    return (task.pushed_at_ms or 0) >= (other.pushed_at_ms or 0)


def _by_number(table: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(table, key=lambda row: row["number"])
