"""JUnit XML: one suite a run, a case an expectation and a case a promise, for any CI to show."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from fleet_sim.oracle.catalogue import PROMISES
from fleet_sim.oracle.judge import Judgement, PromiseVerdict, Verdict
from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.thresholds import ExpectationResult
from fleet_sim.report.plain import xml_text
from fleet_sim.report.readings import reading_of, value_of, verdict_reason
from fleet_sim.report.run import Run
from fleet_sim.report.run_json import chosen_findings


def junit(run: Run, judgement: Judgement, verdict: Verdict) -> str:
    """Return the run as a JUnit document.

    A held expectation or promise passes, a broken one fails with what was found. A promise that was
    not put to the test, or not decided, is skipped with the reason: it proves nothing either way,
    and what the scenario requires of it fails as that expectation. A run whose numbers cannot be
    trusted, or that did not end by itself, carries one more case, an error, so that a CI that reads
    only this file does not take it for good.
    """
    suite = Element("testsuite", {"name": xml_text(run.scenario)})
    _add_properties(suite, run, judgement, verdict)
    for result in judgement.expectations:
        _add_expectation(suite, result)
    for name, one in judgement.promises.items():
        _add_promise(suite, name, one)
    if verdict.name in {"aborted", "invalid"}:
        case = SubElement(suite, "testcase", {"classname": "run", "name": "ended as planned"})
        _add(case, "error", f"the run is {verdict.name}", verdict_reason(run, judgement, verdict))
    _add_findings(suite, judgement)
    _count(suite, run)
    suites = Element("testsuites")
    suites.append(suite)
    indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def _add_properties(suite: Element, run: Run, judgement: Judgement, verdict: Verdict) -> None:
    found: Mapping[str, object] = {
        "verdict": verdict.name,
        "exit_code": verdict.exit_code,
        "seed": run.seed,
        "version": run.generator.version,
        "world": run.timing.world,
        **judgement.totals.as_dict(),
        **judgement.counts,
        **{f"override.{place}": text for place, text in enumerate(run.overrides, 1)},
    }
    properties = SubElement(suite, "properties")
    for name, value in found.items():
        SubElement(properties, "property", {"name": name, "value": xml_text(str(value))})


def _add_expectation(suite: Element, result: ExpectationResult) -> None:
    where = {"file": xml_text(result.file), "line": str(result.line)} if result.line else {}
    case = SubElement(
        suite, "testcase", {"classname": "expect", "name": xml_text(result.text), **where}
    )
    if not result.held:
        said = f"{result.text}: found {value_of(result)}"
        place = f"{result.file}:{result.line}: " if result.line else ""
        _add(case, "failure", said, f"{place}{said}")


def _add_promise(suite: Element, name: str, one: PromiseVerdict) -> None:
    case = SubElement(
        suite, "testcase", {"classname": "promise", "name": f"{name} {PROMISES[name].name}"}
    )
    reading = reading_of(one)
    if one.standing is Standing.VIOLATED:
        witness = one.witness.text if one.witness else ""
        _add(case, "failure", reading, f"{PROMISES[name].statement}\n\n{witness}")
    elif one.standing is Standing.HELD:
        SubElement(case, "system-out").text = xml_text(f"held, {reading}")
    else:
        SubElement(case, "skipped", {"message": xml_text(reading)})


def _add_findings(suite: Element, judgement: Judgement) -> None:
    told = [f"{finding.promise}: {finding.text}" for finding in chosen_findings(judgement.findings)]
    if told:
        SubElement(suite, "system-out").text = xml_text("\n".join(told))


def _add(case: Element, tag: str, message: str, text: str) -> None:
    SubElement(case, tag, {"message": xml_text(message)}).text = xml_text(text)


def _count(suite: Element, run: Run) -> None:
    """Write the sums that readers of JUnit rely on instead of counting."""
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("time", f"{run.timing.wall_ms / 1000:.3f}")
