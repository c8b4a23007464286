# SPDX-License-Identifier: Apache-2.0
"""A measurement as JUnit XML for CI systems: a test case for each rule and line of the budget."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal
from xml.etree import ElementTree

from host_tools.measure.budget import BudgetLine
from host_tools.measure.result import MeasureResult

SUITE_NAME = "host_tools.measure"

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Outcome = Literal["passed", "failure", "skipped"]


def junit_xml(result: MeasureResult) -> bytes:
    """The text of junit.xml in UTF-8. Broken rules and limits fail, what is unknown is skipped."""
    suite = ElementTree.Element("testsuite", name=SUITE_NAME)
    facts = ElementTree.SubElement(suite, "properties")
    for name in ("device", "cpu", "kernel", "model", "model_digest", "clip", "output_digest"):
        value = _clean(str(getattr(result, name)))
        ElementTree.SubElement(facts, "property", name=name, value=value)
    outcomes = []
    for classname, name, outcome, evidence in _cases(result):
        outcomes.append(outcome)
        case = ElementTree.SubElement(
            suite, "testcase", classname=_clean(classname), name=_clean(name), time="0"
        )
        text = _clean(evidence)
        if outcome == "passed":
            ElementTree.SubElement(case, "system-out").text = text
        else:
            ElementTree.SubElement(case, outcome, message=text).text = text
    suite.set("tests", str(len(outcomes)))
    suite.set("failures", str(outcomes.count("failure")))
    suite.set("errors", "0")
    suite.set("skipped", str(outcomes.count("skipped")))
    suite.set("timestamp", result.created_utc.removesuffix("Z"))
    suite.set("hostname", _clean(result.device))
    ElementTree.indent(suite)
    body: bytes = ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)
    return body + b"\n"


def _cases(result: MeasureResult) -> Iterator[tuple[str, str, Outcome, str]]:
    """(class, name, outcome, evidence) of each."""
    for rule in result.validity:
        outcome: Outcome = "passed" if rule.ok else "failure"
        yield f"{SUITE_NAME}.validity", rule.name, outcome, rule.evidence
    for line in result.budget.lines if result.budget is not None else ():
        assert result.budget is not None
        classname = f"{SUITE_NAME}.budget.{result.budget.name}"
        yield classname, line.name, _outcome(line), _evidence(line)


def _outcome(line: BudgetLine) -> Outcome:
    return "skipped" if line.ok is None else "passed" if line.ok else "failure"


def _evidence(line: BudgetLine) -> str:
    limit = "no limit" if line.limit is None else f"at most {line.limit:g} allowed"
    if line.value is None:
        return f"unknown; {limit}"
    return f"{line.value:g}, {line.kind}; {limit}"


def _clean(text: str) -> str:
    """Characters that XML has no way to write become question marks."""
    return _NOT_IN_XML.sub("?", text)
