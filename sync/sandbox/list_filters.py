"""The filter of an active list: what HubSpot would refuse, how it reads back, and whom it lets in.

Readings chosen where HubSpot's is unknown: defaults are written out, ``values`` stay as they came, and values that are
no option are taken. Operators that look at the past (``HAS_EVER_*``) and conditions that are not about choices are
refused: the sandbox can't judge them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sync.sandbox.answers import Json, invalid
from sync.sandbox.definitions import Definition

OPERATORS: Mapping[str, Callable[[frozenset[str], frozenset[str]], bool]] = {
    "IS_ANY_OF": lambda held, asked: bool(held & asked),
    "IS_NONE_OF": lambda held, asked: not held & asked,
    "IS_EXACTLY": lambda held, asked: held == asked,
    "IS_NOT_EXACTLY": lambda held, asked: held != asked,
    "CONTAINS_ALL": lambda held, asked: held >= asked,
    "DOES_NOT_CONTAIN_ALL": lambda held, asked: not held >= asked,
}


def checked_filter(branch: Any, definitions: Mapping[str, Definition]) -> Json:  # noqa: ANN401 - the caller's JSON
    """A filter as it is kept.

    Raises:
        RefusedError: 400, the first thing wrong: the root has to be OR and hold AND branches only.
    """
    whole = _branch(branch, definitions)
    inner = whole["filterBranches"]
    if whole["filterBranchType"] != "OR" or whole["filters"] or not inner:
        raise invalid("The root filter branch must be OR, without filters, and hold at least one AND branch")
    if any(each["filterBranchType"] != "AND" for each in inner):
        raise invalid("The root filter branch may only hold AND branches")
    return whole


def lets_in(branch: Json, properties: Mapping[str, str]) -> bool:
    """Whether a contact with these properties passes a kept filter."""
    answers = [_passes(each, properties) for each in branch["filters"]]
    answers += [lets_in(each, properties) for each in branch["filterBranches"]]
    return any(answers) if branch["filterBranchType"] == "OR" else all(answers)


def _branch(branch: Any, definitions: Mapping[str, Definition]) -> Json:  # noqa: ANN401 - the caller's JSON
    if not isinstance(branch, dict) or branch.get("filterBranchType") not in ("OR", "AND"):
        raise invalid("A filter branch must be an object with the filterBranchType OR or AND")
    kind = branch["filterBranchType"]
    parts = {name: branch.get(name) or [] for name in ("filters", "filterBranches")}
    if not all(isinstance(part, list) for part in parts.values()):
        raise invalid("filters and filterBranches must be lists")
    return {
        "filterBranchType": kind,
        "filterBranchOperator": kind,
        "filters": [_filter(each, definitions) for each in parts["filters"]],
        "filterBranches": [_branch(each, definitions) for each in parts["filterBranches"]],
    }


def _filter(asked: Any, definitions: Mapping[str, Definition]) -> Json:  # noqa: ANN401 - the caller's JSON
    if not isinstance(asked, dict) or asked.get("filterType") != "PROPERTY":
        raise invalid("The sandbox knows filters of the type PROPERTY only")
    definition, operation = definitions.get(str(asked.get("property"))), asked.get("operation")
    if definition is None:
        raise invalid(f"Property {asked.get('property')} does not exist", code="PROPERTY_DOESNT_EXIST")
    if definition.type != "enumeration" or not isinstance(operation, dict):
        raise invalid("The sandbox knows filters on properties with options only")
    if operation.get("operationType") != "ENUMERATION" or operation.get("operator") not in OPERATORS:
        raise invalid(f"Operation type {operation.get('operationType')} or its operator does not fit an enumeration")
    values = operation.get("values")
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise invalid("values must be a list of at least one text")
    kept = {"includeObjectsWithNoValueSet": False, **operation}
    return {"filterType": "PROPERTY", "property": definition.name, "operation": kept}


def _passes(condition: Json, properties: Mapping[str, str]) -> bool:
    operation = condition["operation"]
    held = frozenset(part for part in properties.get(condition["property"], "").split(";") if part)
    if not held:
        return bool(operation["includeObjectsWithNoValueSet"])
    return OPERATORS[operation["operator"]](held, frozenset(operation["values"]))
