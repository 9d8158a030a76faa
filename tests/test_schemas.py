from __future__ import annotations

import dataclasses

import pytest

from socsafe.schemas import RULES, dtypes, schema


@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
def test_a_schema_has_the_records_fields_in_the_records_order(kind: type) -> None:
    fields = [field.name for field in dataclasses.fields(kind)]
    assert list(schema(kind).columns) == fields
    assert list(dtypes(kind)) == fields


@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
def test_rules_name_only_fields_the_record_has(kind: type) -> None:
    fields = {field.name for field in dataclasses.fields(kind)}
    rules = RULES[kind]
    assert rules.key
    assert {*rules.key, *rules.ranges, *rules.words} <= fields


@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
def test_a_schema_is_strict_and_holds_its_key_unique(kind: type) -> None:
    assert schema(kind).strict is True
    assert schema(kind).unique == list(RULES[kind].key)
