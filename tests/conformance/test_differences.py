import re
from pathlib import Path

from tests.conformance.clauses import ALL, SECTIONS
from tests.conformance.differences import DIFFERENCES, expected

_FOLDER = Path(__file__).parent


def test_what_is_expected_depends_on_the_broker() -> None:
    """Each of the two has its own answer."""
    assert expected("overlapping filters", "embedded") == [2]
    assert expected("overlapping filters", "mosquitto") == [1]


def test_every_difference_is_one() -> None:
    """What both do alike is none, and it belongs to a clause or a section of the specification."""
    alike = [name for name, each in DIFFERENCES.items() if each.embedded == each.mosquitto]
    homeless = [
        name for name, each in DIFFERENCES.items() if each.clause not in (*ALL, *SECTIONS, "none")
    ]

    assert (alike, homeless) == ([], [])


def test_every_difference_is_met_by_a_test() -> None:
    """By exactly the tests that ask for it; none asks for one that is not listed."""
    asked = [
        name
        for path in sorted(_FOLDER.glob("test_*.py"))
        if path != Path(__file__)
        for name in re.findall(r"expected\(\s*f?\"([^\"]+)\"", path.read_text(encoding="utf-8"))
    ]

    # A name may be made of a parameter: `version {version}`.
    known = [name.replace("{version}", version) for name in asked for version in ("3.1", "5")]
    assert set(known) == set(DIFFERENCES)
