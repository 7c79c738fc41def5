"""The documents and the code say the same: examples load, and lists are complete."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

import pytest

from fleet_sim.device.personas import PERSONAS
from fleet_sim.dialects import registry
from fleet_sim.model import record
from fleet_sim.model.contract import ContractProfile
from fleet_sim.network.profiles import LinkProfile
from fleet_sim.oracle.catalogue import PROMISES
from fleet_sim.oracle.metrics import METRICS
from fleet_sim.report.run import Generator, Timing
from fleet_sim.scenario.happenings import Happening
from fleet_sim.scenario.jobs import Job
from fleet_sim.scenario.load import load
from fleet_sim.scenario.models import Fleet, Scenario
from fleet_sim.scenario.targets import Target

_ROOT = Path(__file__).parent.parent
_DOCS = {path.name: path.read_text(encoding="utf-8") for path in (_ROOT / "docs").glob("*.md")}
_README = (_ROOT / "README.md").read_text(encoding="utf-8")
# What a block needs around it to be a scenario.
_REST = 'fleets: {meters: {devices: 10, firmware: "1.0.0"}}\n'


# A key of a job, and whether a vendor's jobs have it.
_KEYS: Mapping[str, Callable[[ContractProfile], bool]] = {
    "concurrency": lambda one: one.cap_default is not None,
    "timeout": lambda one: one.timeout_s_max is not None,
    "retries": lambda one: one.retry_count_max > 0,
    "retry_interval": lambda one: one.retry_interval_s_max != 0,
    "from": lambda one: one.source_versions_max != 0,
    "ask": lambda one: one.devices_may_ask,
    "incremental": lambda one: one.policy_names is not None,
    "rate": lambda one: one.pushes_a_minute is not None,
    "window": lambda one: one.window_min_s is not None,
}


def quoted(text: str) -> set[str]:
    """Return every word a document sets in code, alone or as one of several."""
    return set(re.findall(r"[\w-]+", " ".join(re.findall(r"`([^`\n]+)`", text))))


def keys_of(model: type) -> set[str]:
    """Return a pydantic model's keys as scenarios write them."""
    return {field.alias or name for name, field in model.model_fields.items()}  # type: ignore[attr-defined]


def yaml_blocks() -> list[str]:
    """Return every YAML example of every document."""
    texts = [_README, *_DOCS.values()]
    return [block for text in texts for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]


def test_there_are_examples() -> None:
    """The search for examples finds some, so the next test is one."""
    assert len(yaml_blocks()) >= 4


@pytest.mark.parametrize("block", yaml_blocks(), ids=lambda block: block.splitlines()[0])
def test_every_example_is_a_scenario(block: str) -> None:
    """What a reader copies passes the check."""
    text = block if "fleets:" in block else _REST + block

    scenario = load(text, "example.yaml")

    assert scenario.fleets


def test_every_key_is_documented() -> None:
    """A new key of a scenario has its line."""
    keys = keys_of(Scenario) | keys_of(Fleet) | keys_of(Job) | keys_of(Happening) | keys_of(Target)
    headings = set(re.findall(r"^## (\w+)$", _DOCS["scenario.md"], re.MULTILINE))

    assert keys - quoted(_DOCS["scenario.md"]) - headings == set()


def test_every_persona_metric_and_knob_is_documented() -> None:
    """Names that a scenario may use are named."""
    knobs = {field.name for field in fields(LinkProfile)} - {"name"}

    assert (set(PERSONAS) | set(METRICS) | knobs) - quoted(_DOCS["scenario.md"]) == set()


def test_every_promise_is_documented_in_its_own_words() -> None:
    """Id, name and statement as the command lists them."""
    missing = [
        promise.id
        for promise in PROMISES.values()
        if f"| {promise.id} | `{promise.name}` | {promise.statement} |" not in _DOCS["verdicts.md"]
    ]

    assert missing == []


def test_every_field_of_run_json_is_documented() -> None:
    """Timing and generator included."""
    named = {field.name for kind in (Timing, Generator) for field in fields(kind)}

    assert named - quoted(_DOCS["verdicts.md"]) == set()


def test_every_kind_of_record_is_documented() -> None:
    """Whatever the model lists, the reader of a log finds."""
    table = (record.__doc__ or "").split("it belongs to", 1)[1].split("`rows` of a poll", 1)[0]
    head = re.compile(r"^    (?:[DWCN] |  ) ((?:\w+(?:\(why\))?(?:, )?)+)(?: |$)", re.MULTILINE)
    heads = head.findall(table)
    kinds = {kind.removesuffix("(why)") for head in heads for kind in head.split(", ")}

    assert {"boot", "offline", "push_sent", "rows", "fault_healed"} <= kinds
    assert len(kinds) >= 30
    assert kinds - quoted(_DOCS["run-log.md"]) == set()


def test_the_number_of_promises_told_is_true() -> None:
    """The README and the changelog count them in words and figures."""
    changelog = (_ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert len(PROMISES) == 26
    assert "Twenty-six promises" in _README
    assert "26 promises" in changelog


def test_what_a_vendors_jobs_lack_is_documented() -> None:
    """The table says "none" where the contract has none, and nowhere else."""
    rows = [line.split(" | ") for line in _DOCS["dialects.md"].splitlines()]
    [names] = [row[1:] for row in rows if row[0] == "| key of a job"]
    vendors = [quoted(name).pop() for name in names]
    cells = {row[0].strip("| `"): row[1:] for row in rows if len(row) == len(vendors) + 1}
    said = {
        (vendor, key): not cell.startswith("none")
        for key in _KEYS
        for vendor, cell in zip(vendors, cells[key], strict=True)
    }

    assert vendors == ["enos", "tuya", "alibaba", "tuyalink", "huawei"]
    assert said == {
        (vendor, key): has_it(registry.get(vendor).contract)
        for vendor in vendors
        for key, has_it in _KEYS.items()
    }


def test_every_dialect_is_documented() -> None:
    """In the README and on its page; what each covers has a row."""
    assert set(registry.names()) <= quoted(_README)
    for name in registry.names():
        assert re.search(rf"^\| `{name}` \| .+ \| .+ \|$", _DOCS["dialects.md"], re.MULTILINE)
