import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_sim.scenario.errors import Mistake, ScenarioError
from fleet_sim.scenario.load import decode, load
from tests.scenario.writing import FILE, FULL, broken, loaded, told

METERS = '{devices: 10, dialect: enos, firmware: "1.2.0", network: wifi_good}'

# What stands in the full scenario, what is put for it (the caret says where the message points),
# and the message from its path on; a message that ends in … may go on.
BROKEN = (
    # --- the scenario's own keys
    ("name: full", "name: ‸a b", 'name is "a b"; write 1 to 64 letters, digits, …'),
    ("name: full", "name: ‸7", "name is 7; write 1 to 64 letters, …"),
    ("name: full", "name: ‸../etc", 'name is "../etc"; write 1 to 64 letters, …'),
    ("about: Every key there is.", "about: ‸[a]", "about is a list; write a text"),
    ("about: Every key there is.", "about: ‸7", 'about is 7, a number; quote it: "7"'),
    ("about: Every key there is.", 'about: ‸" "', "about is empty; write a text of 1 to 4,000 …"),
    ("about: Every key there is.", f"about: ‸{'x' * 4001}", "about is 4,001 characters long; …"),
    ("duration: 10m", "duration: ‸10", "duration is 10; write a duration with its unit, …"),
    ("duration: 10m", "duration: ‸ten", 'duration is "ten"; write a duration with its unit, …'),
    ("duration: 10m", "duration: ‸-5m", 'duration is "-5m"; write a duration with its unit, …'),
    ("duration: 10m", "duration: ‸10m 5", 'duration is "10m 5"; write a duration …'),
    ("duration: 10m", "duration: ‸0.5s", 'duration is "0.5s"; it goes from 1s to 720h'),
    ("duration: 10m", "duration: ‸721h", 'duration is "721h"; it goes from 1s to 720h'),
    ("duration: 10m", "duration: ‸[1m]", "duration is a list; write a duration with its unit, …"),
    ("duration: 10m", "duration: ‸true", "duration is true; write a duration with its unit, …"),
    ("seed: 42", "seed: ‸x", 'seed is "x"; write a whole number from 0 to …'),
    ("seed: 42", "seed: ‸-1", "seed is -1; it goes from 0 to 9,223,372,036,854,775,807"),
    ("seed: 42", "seed: ‸1.5", "seed is 1.5; write a whole number from 0 to …"),
    ("seed: 42", "seed: ‸true", "seed is true; write a whole number from 0 to …"),
    ("seed: 42", "seed: ‸99999999999999999999", "seed is 99999999999999999999; it goes from 0 …"),
    ("seed: 42", "‸sed: 42", 'sed is no key here; did you mean "seed"? (about, …'),
    ("observe: {every: 1s}", "observe: {every: ‸1ms}", 'observe.every is "1ms"; it goes from …'),
    ("observe: {every: 1s}", "observe: {‸evry: 1s}", "observe.evry is no key here; did you …"),
    ("observe: {every: 1s}", "observe: ‸1s", 'observe is "1s"; write a mapping with keys (every)'),
    # --- networks
    ("like: regular_3g", "like: ‸regular3g", 'networks.shed.like is "regular3g"; did you mean …'),
    ("like: regular_3g", "like: ‸3", "networks.shed.like is 3; known are: dsl_good, …"),
    ("loss_percent: 2", "loss_percent: ‸200", "networks.shed.loss_percent is 200; it goes from …"),
    ("loss_percent: 2", "loss_percent: ‸60", "networks.shed.loss_percent is 60.0; …"),
    ("loss_percent: 2", "loss_percent: ‸2%", 'networks.shed.loss_percent is "2%"; write a …'),
    ("loss_percent: 2", "loss_percent: ‸.nan", "networks.shed.loss_percent is .nan; it goes …"),
    ("rtt_ms: 400", "‸rtt: 400", 'networks.shed.rtt is no knob here; did you mean "rtt_ms"? …'),
    ("rtt_ms: 400", "rtt_ms: ‸0", "networks.shed.rtt_ms is 0.0; …"),
    ("rtt_ms: 400", "is_tail: ‸yes", 'networks.shed.is_tail is "yes"; write true or false'),
    ("rtt_ms: 400", "outage_kind: ‸flop", 'networks.shed.outage_kind is "flop"; known are: fin, …'),
    ("rtt_ms: 400", "‸name: x", "networks.shed.name is no knob here; known are: burst, …"),
    (
        "  shed: {like",
        "  ‸nb_iot: {}\n  shed: {like",
        "networks.nb_iot is the name of a built-in …",
    ),
    (
        "  shed: {like",
        "  ‸1: {}\n  shed: {like",
        "networks.1 is no name here; a name has 1 to 32 …",
    ),
    ("  shed: {like", "  other: ‸5\n  shed: {like", "networks.other is 5; write a mapping like …"),
    # --- fleets
    ("  meters: {", f"  ‸9x: {METERS}\n  meters: {{", "fleets.9x is no name here; a name has …"),
    (METERS, "‸many", 'fleets.meters is "many"; write a mapping with keys (devices, firmware, …'),
    ("devices: 10,", "devices: ‸many,", 'fleets.meters.devices is "many"; write a whole number …'),
    ("devices: 10,", "devices: ‸0,", "fleets.meters.devices is 0; it goes from 1 to 1,000,000"),
    ("devices: 10,", "devices: ‸1000001,", "fleets.meters.devices is 1000001; it goes from 1 to …"),
    ("devices: 10,", "devices: ‸1e3,", "fleets.meters.devices is 1e3; write a whole number from …"),
    ("devices: 10,", "‸devcies: 10, devices: 1,", "fleets.meters.devcies is no key here; did …"),
    (
        "  meters: {devices: 10,",
        "  ‸meters: {",
        'fleets.meters has no "devices"; write how many, …',
    ),
    (
        "dialect: enos",
        "dialect: ‸enoss",
        'fleets.meters.dialect is "enoss"; did you mean "enos"? …',
    ),
    ("dialect: enos", "dialect: ‸5", "fleets.meters.dialect is 5; known are: …"),
    (
        'firmware: "1.2.0", ',
        "firmware: ‸1.10, ",
        'fleets.meters.firmware is 1.10, a number to YAML; quote it: "1.10"',
    ),
    ('firmware: "1.2.0", ', "firmware: ‸2, ", "fleets.meters.firmware is 2, a number to YAML; …"),
    ('firmware: "1.2.0", ', 'firmware: ‸"1 2", ', 'fleets.meters.firmware is "1 2"; write a …'),
    ('firmware: "1.2.0", ', "firmware: ‸[a], ", "fleets.meters.firmware is a list; write a …"),
    ('"1.1.0": 20%', "‸1.10: 20%", 'fleets.field.firmware."1.10" is no text to YAML; quote it: …'),
    ('"1.1.0": 20%', '"1.1.0": ‸20', 'fleets.field.firmware."1.1.0" is 20; write a share of the …'),
    ('"1.1.0": 20%', '"1.1.0": ‸101%', 'fleets.field.firmware."1.1.0" is "101%"; write a share …'),
    ('"1.1.0": 20%', '"1.1.0": ‸-1%', 'fleets.field.firmware."1.1.0" is "-1%"; write a share …'),
    (
        '    firmware: {"1.1.0": 20%',
        '    ‸firmware: {"1.1.0": 19.9%',
        "fleets.field.firmware adds up to 99.9%; shares add up to 100%",
    ),
    (
        '"1.1.0": 20%',
        '"1.1.0": {share: 20%, ‸up_s: 3}',
        'fleets.field.firmware."1.1.0".up_s is no key here; a share is all there is',
    ),
    ("network: wifi_good}", "network: ‸wifi_god}", 'fleets.meters.network is "wifi_god"; did …'),
    ("shed: 40%}", "‸shad: 40%}", 'fleets.field.network.shad is unknown; did you mean "shed"? …'),
    ("shed: 40%}", "shed: ‸40}", "fleets.field.network.shed is 40; write a share of the devices …"),
    (
        "    network: {wifi_good: 60%",
        "    ‸network: {wifi_good: 61%",
        "fleets.field.network adds up to 101%; shares add up to 100%",
    ),
    ("brick: 5%", "‸brik: 5%", 'fleets.field.personas.brik is unknown; did you mean "brick"? …'),
    (
        "brick: 5%",
        "brick: ‸x",
        'fleets.field.personas.brick is "x"; write a share of the devices …',
    ),
    ("brick: 5%", "‸brick: {attempts: 1}", "fleets.field.personas.brick has no share; write one …"),
    ("up_s: 20", "up_s: ‸20s", 'fleets.field.personas.flap.up_s is "20s"; write a plain number, …'),
    ("up_s: 20", "up_s: ‸0", "fleets.field.personas.flap.up_s is 0; it goes from 0.1 to …"),
    ("up_s: 20", "up_s: ‸.inf", "fleets.field.personas.flap.up_s is .inf; it goes from 0.1 to …"),
    ("up_s: 20", "‸upp_s: 20", "fleets.field.personas.flap.upp_s is no knob of flap; did you …"),
    ("up_s: 20", "attempts: ‸0", "fleets.field.personas.flap.attempts is 0; write the first n …"),
    ("up_s: 20", "attempts: ‸[1, x]", "fleets.field.personas.flap.attempts is a list; write …"),
    ("up_s: 20", "probability: ‸2", "fleets.field.personas.flap.probability is 2; it goes from …"),
    (
        "    personas: {healthy: 90%",
        "    ‸personas: {healthy: 80%",
        "fleets.field.personas adds up to 90%; shares add up to 100%",
    ),
    ("attributes: {model: m1}", "attributes: ‸m1", 'fleets.field.attributes is "m1"; write a …'),
    ("{model: m1}", "{model: ‸[m1]}", "fleets.field.attributes.model is a list; write a text"),
    ("{model: m1}", "{‸model: null}", "fleets.field.attributes.model is empty; write a text"),
    ("tags: {site: north}", "tags: {site: ‸''}", "fleets.field.tags.site is empty; write a text …"),
    (
        "over: 10s",
        "over: ‸10",
        "fleets.field.connect.over is 10; write a duration with its unit, …",
    ),
    ("over: 10s", "over: ‸25h", 'fleets.field.connect.over is "25h"; it goes from 0s to 24h'),
    ("over: 10s", "‸ovr: 10s", 'fleets.field.connect.ovr is no key here; did you mean "over"? …'),
    ("install: 2s", "install: ‸2", "fleets.field.install is 2; write a duration with its unit, …"),
    ("reboot: 500ms", "reboot: ‸soon", 'fleets.field.reboot is "soon"; write a duration with …'),
    # --- jobs
    (
        "{at: 30s, upgrade",
        "{at: ‸30, upgrade",
        "jobs.0.at is 30; write a duration with its unit, …",
    ),
    (
        "{at: 30s, upgrade",
        "{at: ‸11m, upgrade",
        'jobs.0.at is "11m"; the run ends at 10m (duration)',
    ),
    ("- {at: 30s, upgrade", "- ‸{upgrade", 'jobs.0 has no "at"; write when it is ordered, like …'),
    ("upgrade: meters", "upgrade: ‸metres", 'jobs.0.upgrade is "metres"; did you mean "meters"? …'),
    ("upgrade: field, ", "upgrade: ‸[field], ", "jobs.1.upgrade is a list; known are: field, …"),
    (
        'to: "1.3.0", image',
        "to: ‸1.3, image",
        'jobs.0.to is 1.3, a number to YAML; quote it: "1.3"',
    ),
    (
        '- {at: 30s, upgrade: meters, to: "1.3.0", ',
        "- ‸{at: 30s, upgrade: meters, ",
        'jobs.0 has no "to"; …',
    ),
    ("size: 256KiB", "size: ‸256 kilo", 'jobs.0.image.size is "256 kilo"; write a size with its …'),
    ("size: 256KiB", "size: ‸256", "jobs.0.image.size is 256; write a size with its unit, …"),
    ("size: 256KiB", "size: ‸0B", 'jobs.0.image.size is "0B"; an image has 1B to 100MB'),
    ("size: 256KiB", "size: ‸1GB", 'jobs.0.image.size is "1GB"; an image has 1B to 100MB'),
    ("size: 256KiB", "‸sise: 256KiB", 'jobs.0.image.sise is no key here; did you mean "size"? …'),
    ("size: 256KiB", "firmware_id: ‸f1", "jobs.0.image.firmware_id names a firmware of the …"),
    ("image: {size: 256KiB}", "image: ‸{size: 1kB, firmware_id: f}", "jobs.0.image has a size …"),
    ("concurrency: 30", "concurrency: ‸0", "jobs.0.concurrency is 0; it goes from 1 to 1,000,000"),
    ("concurrency: 30", "concurrency: ‸3x", 'jobs.0.concurrency is "3x"; write a whole number …'),
    ("concurrency: 30", "‸concurency: 30", "jobs.0.concurency is no key here; did you mean …"),
    ("timeout: 5m", "timeout: ‸300", "jobs.0.timeout is 300; write a duration with its unit, …"),
    ("timeout: 5m", "timeout: ‸1ms", 'jobs.0.timeout is "1ms"; it goes from 1s to 720h'),
    ("retries: 2", "retries: ‸-1", "jobs.1.retries is -1; it goes from 0 to 100"),
    ("retries: 2", "retries: ‸two", 'jobs.1.retries is "two"; write a whole number from 0 to 100'),
    ("retries: 2, ret", "‸ret", "jobs.1.retry_interval has no effect without retries; …"),
    ("retry_interval: 10s", "retry_interval: ‸10", "jobs.1.retry_interval is 10; write a …"),
    ('from: ["1.1.0"]', "from: [‸1.1]", "jobs.1.from.0 is 1.1, a number to YAML; quote it: …"),
    ('from: ["1.1.0"]', "from: ‸[]", "jobs.1.from is an empty list; write versions, …"),
    ('from: ["1.1.0"]', "ask: ‸on", 'jobs.1.ask is "on"; write true or false'),
    ('from: ["1.1.0"]', "window: {start: 1m, end: ‸2}", "jobs.1.window.end is 2; write a …"),
    ('from: ["1.1.0"]', "‸window: {start: 2m, end: 1m}", "jobs.1.window ends before it starts"),
    ('from: ["1.1.0"]', "‸window: {start: 2m}", 'jobs.1.window has no "end"; write when pushes …'),
    # --- events
    ("at: 1m, disc", "at: ‸1, disc", "events.0.at is 1; write a duration with its unit, …"),
    ("at: 1m, disc", "at: ‸11m, disc", 'events.0.at is "11m"; the run ends at 10m (duration)'),
    ("disconnect: field", "disconnect: ‸fild", 'events.0.disconnect is "fild"; did you mean …'),
    ("disconnect: field", "‸disconect: field, stop: meters", "events.0.disconect is no key …"),
    ("share: 50%", "share: ‸50", "events.0.share is 50; write a share of the devices from 0% to …"),
    ("share: 50%", "share: ‸0%", "events.0.share is 0%, so nothing would happen"),
    ("for: 20s", "for: ‸20", "events.0.for is 20; write a duration with its unit, …"),
    ("for: 20s", "for: ‸0s", 'events.0.for is "0s"; it goes from 1ms to 720h'),
    (
        "- {at: 1m, disconnect: field, share: 50%, for: 20s}",
        "- ‸{at: 1m, disconnect: field}",
        'events.0 has no "for"; …',
    ),
    ("- {at: 2m, cancel: field, share: 10%}", "- ‸{at: 2m}", "events.1 says not what happens; …"),
    (
        "- {at: 2m, cancel: field, share: 10%}",
        "- ‸{at: 2m, cancel: field, retry: field}",
        "events.1 says cancel and retry; write one of disconnect, cancel, stop, retry, …",
    ),
    ("share: 10%", "‸for: 3s", "events.1.for has no meaning with cancel; only disconnect lasts"),
    (
        "at: 2m, cancel: field",
        "at: 35s, cancel: ‸field",
        'events.1.cancel is "field", but no job …',
    ),
    (
        "stop: meters",
        "stop: meters, ‸share: 5%",
        "events.2.share has no meaning with stop, which …",
    ),
    # --- expect
    ("- updated[meters]", "- ‸updatd[meters]", 'expect.0 names the metric "updatd"; did you …'),
    (
        "- updated[meters]",
        "- ‸updated[metres]",
        'expect.0 names the fleet "metres"; did you mean …',
    ),
    ("- time_to_update[meters].p95", "- ‸time_to_update[meters].p96", 'expect.1 asks for "p96", …'),
    ("- time_to_update[meters].p95", "- ‸time_to_update[meters]", "expect.1 asks for …"),
    ("- promises hold", "- ‸promises holding", 'expect.2 is "promises holding"; write "metric…'),
    ("- promises hold", "- ‸V99 held", 'expect.2 names the promise "V99"; did you mean "V49"?'),
    ("- promises hold", "- ‸7", 'expect.2 is 7; write "metric[fleet].stat op value", …'),
    ('that: "failed <= 5% by 5m"', 'that: ‸"failed <= 5s"', "expect.3.that compares failed with …"),
    ('that: "failed <= 5% by 5m"', 'that: ‸"failed <= 5% by 11m"', "expect.3.that says by 11m, …"),
    (
        '- {that: "failed <= 5% by 5m", ',
        "- ‸{",
        'expect.3 has no "that"; write what must be true, …',
    ),
    ("abort: true", "abort: ‸yes", 'expect.3.abort is "yes"; write true or false'),
    ("after: 1m", "after: ‸11m", 'expect.3.after is "11m"; the run ends at 10m (duration)'),
    ("after: 1m", "‸aftr: 1m", 'expect.3.aftr is no key here; did you mean "after"? …'),
    # --- target, contract
    ("plant: [B01]", "plant: [‸B99]", 'target.plant.0 is "B99"; did you mean …'),
    ("plant: [B01]", "broker: ‸localhost", 'target.broker is "localhost"; write mqtt://…'),
    ("plant: [B01]", 'broker: ‸"http://x"', 'target.broker is "http://x"; write mqtt://…'),
    ("plant: [B01]", 'broker: ‸"mqtt://u:p@x"', "target.broker holds a user or a password; …"),
    ("plant: [B01]", 'broker: ‸"mqtt://x:99999"', "target.broker is no URL; write mqtt://…"),
    ("plant: [B01]", 'backend: ‸"http://x"', "target.backend needs target.broker too: …"),
    ("plant: [B01]", "broker: mqtt://x, cert: ‸a.pem", "target.cert needs target.key beside …"),
    ("plant: [B01]", "devices: ‸a.csv", "target.devices needs target.broker: …"),
    ("plant: [B01]", "org: ‸7", 'target.org is 7, a number; quote it: "7"'),
    ("timeout_s_min: 10", "timeout_s_min: ‸x", 'contract.timeout_s_min is "x"; write a whole …'),
    ("timeout_s_min: 10", "timeout_s_min: ‸-1", "contract.timeout_s_min is -1; it goes from 1 …"),
    (
        "timeout_s_min: 10",
        "timeout_s_min: 10, asks_version: ‸true",
        "contract.asks_version must be left out, as enos has no word for asking a device …",
    ),
    ("timeout_s_min: 10", "timeout_s_min: ‸200000", "contract.timeout_s_min is 200000, above …"),
    ("timeout_s_min: 10", "‸timeout_min: 10", "contract.timeout_min is no knob here; did you …"),
    ("timeout_s_min: 10", "silent_device: ‸wait", 'contract.silent_device is "wait"; did you …'),
    ("timeout_s_min: 10", "page_base: ‸2", "contract.page_base is 2; it is one of 0, 1"),
)


@pytest.mark.parametrize(("old", "new", "message"), BROKEN, ids=[case[1][:50] for case in BROKEN])
def test_each_mistake_is_told_once_where_it_stands(old: str, new: str, message: str) -> None:
    """One thing wrong gives one sentence, at the line and column of what is wrong."""
    text, place = broken(old, new)

    [said] = told(text)

    start = f"{FILE}:{place}: {message}"
    assert said == start or (message.endswith("…") and said.startswith(start[:-1]))


def test_eight_mistakes_are_told_at_once() -> None:
    """One run of `check` is enough, whatever kinds of mistakes a file has."""
    text = """\
name: eight
duration: 5
fleats: {}
fleets:
  meters: {devices: many, dialect: enoss, firmware: 1.10}
  meters: {devices: 1}
jobs:
  - {at: 30s, upgrade: metres, to: "1.3.0"}
expect:
  - updatd == 100%
"""

    said = told(text)

    assert [one.split(" ")[0] for one in said] == [
        f"{FILE}:2:11:",
        f"{FILE}:3:1:",
        f"{FILE}:5:21:",
        f"{FILE}:5:36:",
        f"{FILE}:5:53:",
        f"{FILE}:6:3:",
        f"{FILE}:8:24:",
        f"{FILE}:10:5:",
    ]
    assert said[3].endswith(
        'fleets.meters.dialect is "enoss"; did you mean "enos"? '
        "(alibaba, enos, huawei, tuya, tuyalink)"
    )
    assert said[5].endswith("fleets.meters stands twice, first on line 5; remove one of them")


def test_a_second_key_is_one_mistake_and_the_first_is_checked() -> None:
    """What stands under the second key is not looked at; what stands under the first is."""
    said = told(FULL.replace("seed: 42", "seed: x\nseed: y"))

    assert len(said) == 2
    assert said[0].startswith(f'{FILE}:4:7: seed is "x"')
    assert said[1].startswith(f"{FILE}:5:1: seed stands twice, first on line 4")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1: the file is empty; it needs fleets"),
        ("# nothing\n", "1:1: the file is empty; it needs fleets"),
        ("- a\n- b\n", "1:1: the file is a list; a scenario is a mapping with keys like …"),
        ("hello", "1:1: the file is a lone value; a scenario is a mapping with keys like …"),
        ("{}", '1:1: the scenario has no "fleets"; write at least one, …'),
        ("fleets: {}", "1:9: fleets is empty; a run needs at least one fleet"),
        ("fleets:\n", "1:1: fleets is empty; write a mapping"),
        ("fleets: [a]", "1:9: fleets is a list; write a mapping"),
        ("fleets:\n\tmeters: 1", "2:1: not YAML: a tab indents this line; YAML wants spaces"),
        ("fleets: {", "1:10: not YAML: …"),
        ("a: b: c", "1:5: not YAML: mapping values are not allowed here"),
        ("fleets: \0", "1:9: not YAML: it may not hold the character U+0000"),
    ],
)
def test_what_is_no_scenario_at_all_is_told_so(text: str, message: str) -> None:
    """A person who gave the wrong file learns that it is the wrong file."""
    [said] = told(text)

    start = f"{FILE}:{message}"
    assert said == start or (message.endswith("…") and said.startswith(start[:-1]))


def test_expectations_know_their_file_and_line() -> None:
    """A failed expectation is shown where it stands."""
    expectations = loaded().expect

    assert [(one.file, one.line) for one in expectations] == [
        (FILE, 27),
        (FILE, 28),
        (FILE, 29),
        (FILE, 30),
    ]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a/b c.yaml", "b-c"),
        ("..yaml", "scenario"),
        ("flaky.v2.yaml", "flaky.v2"),
        ("/", "scenario"),
    ],
)
def test_a_scenario_without_a_name_is_called_as_its_file(file: str, name: str) -> None:
    """The run's folder needs a name that a folder can have."""
    text = 'fleets: {a: {devices: 1, firmware: "1"}}'

    assert load(text, file).name == name


def test_events_are_not_blamed_for_a_wrong_job() -> None:
    """A job for a fleet with a slip in its name is one mistake, not two."""
    said = told(FULL.replace("upgrade: field", "upgrade: feld"))

    assert len(said) == 1


def test_flags_are_checked_as_the_file_is_and_named_in_mistakes() -> None:
    """A bad URL on the command line points at the flag, not at a line of the file."""
    said = told(FULL, flags={"broker": "http://x", "plant": ["B77"], "org": None})

    assert said[0].startswith('--broker http://x: target.broker is "http://x"; write mqtt://')
    assert said[1].startswith('--plant B77: target.plant.0 is "B77"')


def test_bytes_that_are_no_utf_8_are_told_with_their_place() -> None:
    """The first wrong byte has a line and a column."""
    with pytest.raises(ScenarioError) as caught:
        decode(b"name: x\nabout: caf\xe9\n", FILE)

    text = "not UTF-8: byte 0xE9 cannot stand here; save it as UTF-8"
    assert caught.value.mistakes == (Mistake(FILE, 2, 11, "", text),)


def test_a_byte_order_mark_is_passed_over() -> None:
    """Editors of one system write it, and it means nothing."""
    assert decode(b"\xef\xbb\xbfname: x", FILE) == "name: x"


_LINES = FULL.splitlines(keepends=True)
_PIECES = (
    *("", "{", "}", "[", "]", ":", ": ", ",", "'", '"', "&a", "*a", "!x", "- ", "\t", "#", "|"),
    *("null", "true", "1.10", ".inf", "0x1", "5%", "5s", "\n", "? ", "<<: ", "é", "\u2028"),
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_mutated_scenario_is_loaded_or_told_but_never_a_traceback(data: st.DataObject) -> None:
    """Whatever becomes of a file's text, `load` returns or raises a `ScenarioError`."""
    line = data.draw(st.integers(0, len(_LINES) - 1))
    start = data.draw(st.integers(0, len(_LINES[line])))
    length = data.draw(st.integers(0, 12))
    pieces = st.sampled_from(_PIECES)
    piece = data.draw(pieces | st.text(max_size=6))
    changed = _LINES[line][:start] + piece + _LINES[line][start + length :]

    said = told("".join([*_LINES[:line], changed, *_LINES[line + 1 :]]))

    assert all(": " in one for one in said)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_told_and_never_a_traceback(text: str) -> None:
    """No text at all brings anything but mistakes."""
    assert told(text)
