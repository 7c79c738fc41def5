import json
from typing import Any

import pytest

from fleet_sim.cli.listing import Noun
from fleet_sim.cli.main import outcome


def listed(noun: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return what `list NOUN --ui json` writes."""
    assert outcome(["list", noun, "--ui", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("noun", list(Noun))
def test_json_is_an_array_of_named_things(noun: Noun, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing else is on stdout, and none is without a name or an id."""
    rows = listed(noun.value, capsys)

    assert rows
    assert all(row.get("name") or row.get("id") for row in rows)


@pytest.mark.parametrize("noun", list(Noun))
def test_the_table_shows_every_name_within_80_columns(
    noun: Noun, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On stdout, so that it can be piped; names are never cut or folded."""
    monkeypatch.setenv("COLUMNS", "80")

    rows = listed(noun.value, capsys)
    assert outcome(["list", noun.value]) == 0

    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert all((row.get("name") or row["id"]) in text for row in rows)


def test_personas_show_their_knobs(capsys: pytest.CaptureFixture[str]) -> None:
    """Name, default, range and unit of each."""
    flap = next(row for row in listed("personas", capsys) if row["name"] == "flap")

    assert flap["id"] == "F48"
    knobs = {knob["name"]: knob for knob in flap["knobs"]}
    assert {"up_s", "down_s", "attempts", "probability"} == set(knobs)
    assert (knobs["up_s"]["default"], knobs["up_s"]["unit"]) == (20.0, "s")


def test_links_show_all_their_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    """As a scenario may turn them."""
    wifi = next(row for row in listed("links", capsys) if row["name"] == "wifi_good")

    assert (wifi["rtt_ms"], wifi["loss_percent"], wifi["outage_kind"]) == (40, 0.2, "rst")


def test_dialects_show_what_is_here_of_each(capsys: pytest.CaptureFixture[str]) -> None:
    """Parts as booleans, and the vendor's own words by area."""
    enos = next(row for row in listed("dialects", capsys) if row["name"] == "enos")

    parts = ("mqtt", "northbound", "gateways", "http_channel")
    assert [enos[part] for part in parts] == [True] * 4
    assert set(enos["covers"]) == {"devices", "gateways", "http", "northbound"}
    assert outcome(["list", "dialects"]) == 0
    assert "northbound: v2.1" in capsys.readouterr().out


def test_an_unknown_noun_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """The known ones are told."""
    assert outcome(["list", "people"]) == 2
    assert "personas" in capsys.readouterr().err
