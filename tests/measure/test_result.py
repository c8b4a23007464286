# SPDX-License-Identifier: Apache-2.0
"""result.json keeps to its schema, and the verdict follows rules first, budget second."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import jsonschema
import pytest

from host_tools.measure.budget import BudgetLine, BudgetReport
from host_tools.measure.result import (
    NOT_IN_JSON,
    FrameTime,
    Load,
    MeasureResult,
    result_schema,
    verdict,
)
from host_tools.measure.validity import (
    Rule,
    clock_rule,
    counted_rule,
    digest_rule,
    length_rule,
    model_rule,
    repeat_rule,
    repeats_rule,
)
from tests.measure.example import example_result

OK = Rule("a", True, "seen")
BROKEN = Rule("b", False, "seen otherwise")
MET = BudgetReport("x", (BudgetLine("load", 5.0, 4.0, "measured", True),))
UNKNOWN = BudgetReport("x", (BudgetLine("power", 5.0, None, "unknown", None),))
MISSED = BudgetReport("x", (BudgetLine("load", 5.0, 6.0, "measured", False),))

SCRIPT_NAMES = {
    "schema_version", "device", "kernel", "model", "model_digest", "output_digest",
    "output_matches_host", "frames", "instructions_per_frame", "stages", "load",
    "frame_time_us", "deadline_misses", "power", "quality", "validity", "budget", "verdict",
}  # fmt: skip


def check(result: MeasureResult) -> None:
    jsonschema.Draft202012Validator(result_schema()).validate(json.loads(result.to_json()))


def test_the_schema_is_itself_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(result_schema())


def test_an_emulated_and_a_timed_result_are_valid_by_the_schema() -> None:
    emulated = example_result()
    check(emulated)
    timed = replace(
        emulated,
        device="host",
        instructions=None,
        instructions_per_frame=None,
        stages_unit="nanoseconds",
        load=Load(1.0, "measured", "this CPU", "five runs", 0.9, 1.1),
        load_estimates=(),
        frame_time_us=FrameTime(90.0, 95.0, 99.0, 120.0),
        deadline_misses=0,
        budget=None,
    )
    check(timed)


def test_schema_and_result_have_the_same_fields_and_all_that_scripts_rely_on() -> None:
    schema = result_schema()
    names = {field.name for field in fields(MeasureResult)} - set(NOT_IN_JSON)
    assert set(schema["properties"]) == set(schema["required"]) == names
    assert names >= SCRIPT_NAMES
    assert set(example_result().to_dict()) == names


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("schema_version", 1),
        ("output_digest", "abc"),
        ("verdict", "maybe"),
        ("frames", 0),
        ("kernel", "sse9"),
        ("power", 3.0),
        ("instructions_per_frame", -1),
    ],
)
def test_the_schema_refuses_a_wrong_value(field: str, value: object) -> None:
    document = {**example_result().to_dict(), field: value}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(result_schema()).validate(document)


def test_the_schema_refuses_a_field_that_is_missing_or_unknown() -> None:
    document = example_result().to_dict()
    validator = jsonschema.Draft202012Validator(result_schema())
    assert not validator.is_valid({**document, "extra": 1})
    for name in document:
        assert not validator.is_valid({k: v for k, v in document.items() if k != name}), name


@pytest.mark.parametrize(
    ("rules", "budget", "expected", "code"),
    [
        ((OK,), None, "pass", 0),
        ((OK,), MET, "pass", 0),
        ((OK,), UNKNOWN, "pass", 0),
        ((OK,), MISSED, "fail", 1),
        ((OK, BROKEN), None, "void", 5),
        ((OK, BROKEN), MISSED, "void", 5),
        ((OK, BROKEN), MET, "void", 5),
    ],
)
def test_a_broken_rule_voids_before_the_budget_is_asked(
    rules: tuple[Rule, ...], budget: BudgetReport | None, expected: str, code: int
) -> None:
    found = verdict(rules, budget)
    assert found == expected
    assert replace(example_result(), verdict=found).exit_code == code


def test_each_rule_is_kept_at_its_limit_and_broken_beyond_it() -> None:
    pairs = [
        (digest_rule("aa", "aa"), digest_rule("aa", "ab")),
        (model_rule("aa", "aa"), model_rule("aa", "ab")),
        (repeat_rule(["a", "a"]), repeat_rule(["a", "b"])),
        (length_rule(10.0), length_rule(9.99)),
        (repeats_rule(5), repeats_rule(4)),
        (counted_rule(100, 100), counted_rule(99, 99)),
        (counted_rule(1000, 1000), counted_rule(999, 1000)),
        (clock_rule(True), clock_rule(False)),
    ]
    for kept, broken in pairs:
        assert kept.ok and not broken.ok
        assert kept.name == broken.name
        assert kept.evidence and broken.evidence
