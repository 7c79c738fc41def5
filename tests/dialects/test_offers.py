from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from fleet_sim.dialects import registry
from fleet_sim.dialects.credentials import KeepAliveRange
from fleet_sim.dialects.downloads import BlockRules
from fleet_sim.dialects.interface import Dialect
from fleet_sim.dialects.offers import misfits
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.ids import IdForms
from tests.dialects.third_party.installing import offering, with_path

Offer = Callable[..., None]
ENOS = registry.get("enos")
OURS = ("alibaba", "enos", "huawei", "tuya", "tuyalink")
INTERRUPTED = 130


@pytest.fixture
def offer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Offer]:
    """Return what puts the package `brk` on the path, with the dialect `acme` or what is named."""

    def put(module: str = "", points: str | None = None) -> None:
        site = offering(tmp_path / "site", "brk", "acme", module, points=points)
        monkeypatch.syspath_prepend(site)
        registry.forget()

    yield put
    monkeypatch.undo()
    registry.forget()
    sys.modules.pop("brk", None)


@pytest.mark.parametrize(
    ("module", "why"),
    [
        ("import sys\nsys.exit()\n", "SystemExit"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
        ("raise KeyboardInterrupt\n", "KeyboardInterrupt"),
        ("def stop():\n    raise KeyboardInterrupt('no')\nstop()\n", "KeyboardInterrupt: no"),
        ("raise GeneratorExit\n", "GeneratorExit"),
        ("class Own(BaseException): pass\nraise Own('x')\n", "Own: x"),
        ("raise BaseExceptionGroup('g', [SystemExit(1)])\n", "BaseExceptionGroup: g (1 sub-exc"),
    ],
)
def test_whatever_an_import_raises_is_the_packages_fault(
    offer: Offer, module: str, why: str
) -> None:
    """Also what is meant to end a program: the other dialects can be had as before."""
    offer(module)

    assert set(registry.names()) == {"acme", *OURS}
    assert [registry.get(name).name for name in OURS] == list(OURS)
    with pytest.raises(DialectError) as caught:
        registry.get("acme")
    assert str(caught.value).startswith(f"the dialect 'acme' of brk 1.0 cannot be used: {why}")


def test_a_persons_interrupt_passes_through_an_import(offer: Offer) -> None:
    """A signal comes between two instructions, and none of them is a `raise`."""
    offer("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    former = signal.signal(signal.SIGINT, signal.default_int_handler)

    try:
        with pytest.raises(KeyboardInterrupt):
            registry.get("acme")
    finally:
        signal.signal(signal.SIGINT, former)


@pytest.mark.parametrize("verb", [["list", "dialects"], ["check", "four-clouds"]])
def test_a_persons_interrupt_at_an_import_ends_the_program(tmp_path: Path, verb: list[str]) -> None:
    """With the code of an interrupt, whichever verb asked for the dialect."""
    site = offering(
        tmp_path / "site", "brk", "acme", "import signal\nsignal.raise_signal(signal.SIGINT)\n"
    )
    chosen = ["--dialect", "acme"] if verb[0] == "check" else []

    done = subprocess.run(
        [sys.executable, "-m", "fleet_sim", *verb, *chosen],
        capture_output=True,
        timeout=60,
        check=False,
        env=with_path(site),
    )

    assert done.returncode == INTERRUPTED


@pytest.mark.parametrize(
    ("points", "name", "why"),
    [
        ("acme = brk:", "acme", "its entry point leads to 'brk:'; write module:NAME"),
        ("acme =", "acme", "its entry point leads to ''; write module:NAME"),
        ("acme = brk:X [extra", "acme", "its entry point leads to 'brk:X [extra'; write module:"),
        ("acme = brk", "acme", "brk is no Dialect"),
        ("acme", "brk", "its entry_points.txt is not well formed; write lines of name = module:X"),
    ],
)
def test_an_entry_point_that_leads_nowhere_is_told(
    offer: Offer, points: str, name: str, why: str
) -> None:
    """By the package's own name where not even the dialect's can be read."""
    offer(points=f"[fleet_sim.dialects]\n{points}\n")

    assert set(registry.names()) == {name, *OURS}
    with pytest.raises(DialectError) as caught:
        registry.get(name)
    assert str(caught.value).startswith(f"the dialect {name!r} of brk 1.0 cannot be used: {why}")


def test_a_list_of_entry_points_that_is_no_text_concerns_nobody(
    offer: Offer, tmp_path: Path
) -> None:
    """Whose it is cannot be read, so it is passed by."""
    offer()
    (record,) = (tmp_path / "site").glob("*.dist-info")
    (record / "entry_points.txt").write_bytes(b"\xff\xfe[fleet_sim.dialects]")
    registry.forget()

    assert registry.names() == OURS


def test_a_package_without_a_name_is_an_unknown_one(offer: Offer, tmp_path: Path) -> None:
    """Its record is damaged, and its module is not even there."""
    offer(points="[fleet_sim.dialects]\nacme = nowhere_at_all:X\n")
    (record,) = (tmp_path / "site").glob("*.dist-info")
    (record / "METADATA").unlink()
    registry.forget()

    with pytest.raises(DialectError, match=r"^the dialect 'acme' of an unknown package cannot"):
        registry.get("acme")


@pytest.mark.parametrize("name", ["brk", "Brk"])
def test_a_version_that_is_shadowed_offers_nothing(
    offer: Offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """An import finds the version before it on the path, which has no dialect any more."""
    offer()
    newer = offering(tmp_path / "newer", name, "acme", "", version="2.0", points="")
    monkeypatch.syspath_prepend(newer)
    registry.forget()

    assert registry.names() == OURS


def test_of_two_versions_the_first_on_the_path_is_offered(
    offer: Offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is behind it offers a dialect of another name, which nobody can import."""
    offer(points="[fleet_sim.dialects]\nold = brk:FOUND\n")
    newer = offering(tmp_path / "newer", "brk", "acme", "", version="2.0")
    monkeypatch.syspath_prepend(newer)
    registry.forget()

    assert registry.names() == ("acme", *OURS)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"contract": 42}, "its contract is 42, and not a ContractProfile"),
        (
            {"contract": replace(ENOS.contract, timeout_s="soon")},  # type: ignore[arg-type]
            "timeout_s of its contract is 'soon': input should be a valid integer",
        ),
        (
            {"contract": replace(ENOS.contract, silent_device="maybe")},  # type: ignore[arg-type]
            "silent_device of its contract is 'maybe': input should be 'times_out' or 'waits'",
        ),
        ({"about": None}, "its about is None, and not a text"),
        ({"operator": "x"}, "its operator is 'x', and not something to be called"),
        ({"http": 1}, "its http is 1, and not an HttpChannel"),
        ({"server_of": 1}, "its server_of is 1, and not something to be called, or None"),
        ({"firmware_hmac": 1}, "its firmware_hmac is 1, and not something to be called, or None"),
        ({"block_rules": 42}, "its block_rules is 42, and not BlockRules, or None"),
        (
            {"block_rules": BlockRules("a", 512, 1)},  # type: ignore[arg-type]
            "size_bytes_min of its block_rules is 'a': input should be a valid integer",
        ),
        ({"keep_alive": 30}, "its keep_alive is 30, and not KeepAliveRange, or None"),
        (
            {"keep_alive": KeepAliveRange(30.0, 1_200, 2)},  # type: ignore[arg-type]
            "lowest_s of its keep_alive is 30.0: input should be a valid integer",
        ),
        ({"ids": "hex"}, "its ids is 'hex', and not IdForms"),
        (
            {"ids": IdForms(job=16)},  # type: ignore[arg-type]
            "job of its ids is 16: input should be an instance of IdForm",
        ),
        ({"covers": {"devices": 3}}, "its covers is {'devices': 3}, and not a mapping of texts"),
        ({"devices": None}, "its devices is no DeviceCodec: it lacks credentials, filters, encode"),
        ({"server": ENOS.devices}, "its server is no ServerCodec: it lacks claimed, keeps_session"),
        ({"gateways": 3}, "its gateways is no GatewayCodec: it lacks children_max, claimed, own"),
        ({"about": "x" * 200, "covers": ["y" * 200]}, "its covers is ['" + "y" * 58 + "…, and not"),
    ],
)
def test_what_is_not_of_its_type_is_named(changed: dict[str, Any], why: str) -> None:
    """A dataclass takes whatever it is given; who runs it is told before the run."""
    (found,) = misfits(replace(ENOS, **changed))

    assert found.startswith(why)


@pytest.mark.parametrize("name", [one.name for one in fields(Dialect) if one.name != "name"])
def test_each_part_of_a_dialect_is_looked_at(name: str) -> None:
    """A plain object fits nowhere; the name is held against the entry point's instead."""
    changed: dict[str, Any] = {name: object()}

    (found,) = misfits(replace(ENOS, **changed))

    assert found.startswith(f"its {name} is ")


class _Odd:
    """Raises wherever it is looked at, also when what it raised is to be told."""

    def __repr__(self) -> str:
        raise _OddError

    def __getattribute__(self, name: str) -> object:
        raise SystemExit(3) if name == "__class__" else RuntimeError("not yet")


class _OddError(Exception):
    def __str__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("operator", "its operator is <_Odd that cannot be shown>, and not something to be"),
        ("server", "its server cannot be looked at: RuntimeError: not yet"),
        ("http", "its http cannot be looked at: SystemExit: 3"),
        ("contract", "its contract cannot be looked at: SystemExit: 3"),
    ],
)
def test_what_raises_when_it_is_looked_at_is_named(name: str, why: str) -> None:
    """Whatever it raises: a stranger's property or `__repr__` is a stranger's code."""
    changed: dict[str, Any] = {name: _Odd()}

    found = next(misfits(replace(ENOS, **changed)))

    assert found.startswith(why)


def test_what_raises_when_it_is_loaded_is_told(offer: Offer) -> None:
    """By an error that cannot even be put in words, it is told by its type."""
    offer(
        "class Odd(Exception):\n    def __str__(self): raise ValueError\n"
        "class Found:\n    __class__ = property(lambda self: (_ for _ in ()).throw(Odd()))\n"
        "FOUND = Found()\n"
    )

    with pytest.raises(DialectError) as caught:
        registry.get("acme")

    assert str(caught.value) == "the dialect 'acme' of brk 1.0 cannot be used: Odd"


def test_our_own_dialects_are_what_they_say() -> None:
    """The measure that strangers are held to is met at home."""
    assert [list(misfits(registry.get(name))) for name in OURS] == [[]] * len(OURS)


def test_every_verb_says_what_is_wrong_and_does_the_rest(tmp_path: Path) -> None:
    """The list has it as a row; a scenario that wants it is mistaken, any other runs."""
    module = "from dataclasses import replace\nfrom fleet_sim.dialects.enos.dialect import ENOS\n"
    site = offering(
        tmp_path / "site", "brk", "acme", f"{module}FOUND = replace(ENOS, name='acme', gate=7)\n"
    )
    why = "the dialect 'acme' of brk 1.0 cannot be used: its gate is 7, and not something to be"

    def fleet_sim(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "fleet_sim", *words]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, env=with_path(site)
        )

    listed = json.loads(fleet_sim("list", "dialects", "--ui", "json").stdout)
    told = [
        fleet_sim("check", "happy-path", "--dialect", "acme"),
        fleet_sim("run", "happy-path", "--virtual", "--dialect", "acme"),
        fleet_sim("serve", "--dialect", "acme"),
    ]

    assert next(one for one in listed if one["name"] == "acme")["about"].startswith(why)
    assert [one.returncode for one in told] == [2, 2, 2]
    assert all(why in " ".join(one.stderr.split()) for one in told)
    assert fleet_sim("check", "four-clouds").returncode == 0
