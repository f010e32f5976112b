"""What a person may change, as frozen, checked values: exports, rules, tags and properties.

The numbers and names live in ``config/*.toml``; the shell reads the files and hands the parsed tables to
:func:`parse_config`, which reports every problem at once, each with its file and key.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, ValidationError, model_validator

from goldpan.checked import Flag, Number, Settings, Whole, describe_problems
from goldpan.columns import CONTACT_COLUMNS, ColumnType, normalised_header, type_of_original_columns
from goldpan.errors import ConfigError
from goldpan.lists import SmartList, parse_lists
from goldpan.policies import ContactPolicies, problems_of_policies
from goldpan.rules import Tag, problems_of_tags

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,99}$")]


Table = TypeVar("Table", bound="Settings")


class ColumnSpec(Settings):
    """One canonical column of an export and the headers that mean it (the first that a sheet has wins)."""

    name: Name
    type: Literal["id", "text", "email", "date", "money"]
    headers: tuple[str, ...] = Field(min_length=1)
    required: Flag = False
    or_else: Name | None = None


def _can_be_a_date_format(format_: str) -> str:
    directives = re.findall(r"%(.)", format_)
    if not {"d", "m"} <= {"m" if each in "bB" else each for each in directives} or not {"Y", "y"} & {*directives}:
        raise ValueError("a date format names day, month and year, such as %m/%d/%Y")
    unknown = [f"%{each}" for each in directives if each not in "aAbBdmyY%"]
    if unknown:
        raise ValueError(f"unknown {', '.join(unknown)}; known are %d, %m, %b, %B, %Y, %y, %a and %A")
    return format_


_NAMES_OF_STEPS = frozenset({
    "source_row", "customer", "contact_key", "customer_ids", "replaced_by", "kept_row", "chain", "position",
    "latest_expiry", "covered_until", "begins", "email_from_row", "earlier", "earlier_row", "customer_email",
    "membership_status_tags", "other_columns", "repeats_row", "first_row", "times", "group", "rank", "payload",
    "rank_covers", "rank_expires", "rank_created",
})  # fmt: skip


def _is_taken(name: str) -> bool:
    """Whether the steps keep this name for a column of their own."""
    computed = set(CONTACT_COLUMNS) - set(_COLUMNS_OF_STEPS["memberships"])
    return name in _NAMES_OF_STEPS | computed or name.endswith(("_key", "_micros", "_reason"))


class ExportSpec(Settings):
    """How one kind of export is read."""

    kind: Literal["memberships", "orders"]
    sheet: str | None = None
    header_within_rows: Whole = Field(20, ge=1, le=1000)
    date_formats: tuple[Annotated[str, AfterValidator(_can_be_a_date_format)], ...] = (
        "%m/%d/%Y",
        "%m/%d/%y",
        "%d-%b-%Y",
        "%b %d, %Y",
        "%Y%m%d",
    )
    decimal_mark: Literal[".", ","] = "."
    columns: tuple[ColumnSpec, ...] = Field(alias="column")

    def column(self, name: str) -> ColumnSpec | None:
        """The column of that canonical name, if this export has it."""
        return next((column for column in self.columns if column.name == name), None)

    @model_validator(mode="after")
    def _has_the_columns_that_the_steps_read(self) -> "ExportSpec":
        problems = []
        for name, type_ in _COLUMNS_OF_STEPS[self.kind].items():
            spec = self.column(name)
            if spec is None:
                problems.append(f"the column {name!r} is missing; the steps need it (its headers may be any)")
            elif spec.type != type_:
                problems.append(f"column {name!r} has type {spec.type!r}, expected {type_!r}")
        names = [column.name for column in self.columns]
        problems += [
            f"column {name!r} stands {names.count(name)} times"
            for name in dict.fromkeys(names)
            if names.count(name) > 1
        ]
        problems += [
            f"column {name!r} is computed by Goldpan; choose another name" for name in names if _is_taken(name)
        ]
        problems += [
            f"column {column.name!r}: or_else names {column.or_else!r}, which is no column of the same type here"
            for column in self.columns
            if column.or_else and getattr(self.column(column.or_else), "type", None) != column.type
        ]
        headers: dict[str, str] = {}
        for column in self.columns:
            for header in column.headers:
                key = normalised_header(header)
                if not key:
                    problems.append(f"column {column.name!r}: a header is blank")
                elif headers.setdefault(key, column.name) != column.name:
                    problems.append(f"header {header!r} means both {headers[key]!r} and {column.name!r}")
        if problems:
            raise ValueError("; ".join(problems))
        return self


_COLUMNS_OF_STEPS: Mapping[str, Mapping[str, str]] = {
    "memberships": {
        "customer_id": "id", "customer_name": "text", "email": "email", "created_on": "date", "start_on": "date",
        "expires_on": "date", "original_purchase": "text", "membership": "text",
    },
    "orders": {
        "customer_id": "id", "total_value": "money", "order_id": "id", "ordered_on": "date", "customer_name": "text",
    },
}  # fmt: skip


class RuleNumbers(Settings):
    """The numbers of the business rules (docs/rules.md says what each one does)."""

    match_on: Literal["customer_id", "customer_name"] = "customer_id"
    renewal_window_days: Whole = Field(7, ge=0, le=3650)
    expiring_soon_days: Whole = Field(30, ge=0, le=3650)
    savings_share: Number = Field(Decimal("0.08"), gt=0, le=1, max_digits=7)
    prospect_savings_share: Number = Field(Decimal("0.05"), gt=0, le=1, max_digits=7)
    high_value_above: Number = Field(Decimal(1000), ge=0, le=10**12)


class GroupSpec(Settings):
    """The property group that `goldpan setup` makes."""

    name: Name = "goldpan"
    label: str = Field("Membership (Goldpan)", min_length=1)


class PropertySpec(Settings):
    """One HubSpot contact property and the contact column that fills it."""

    name: Name
    column: str
    type: Literal["tags", "select", "number", "date", "text"]
    label: str = ""
    policy: Literal["own", "fill_blank"] = "own"
    adopt: Flag = False

    @model_validator(mode="after")
    def _has_a_column_that_fits(self) -> "PropertySpec":
        if self.policy == "fill_blank" and self.type != "text":
            raise ValueError("policy 'fill_blank' is for text properties")
        return self


class PropertiesConfig(Settings):
    """`properties.toml`."""

    group: GroupSpec = GroupSpec()
    properties: tuple[PropertySpec, ...] = Field(alias="property", min_length=1)


class Config(Settings):
    """Everything the core needs to know; same config, exports and date give the same contacts."""

    memberships: ExportSpec
    orders: ExportSpec
    rules: RuleNumbers = RuleNumbers()
    tags: tuple[Tag, ...]
    properties: PropertiesConfig
    contacts: ContactPolicies = ContactPolicies()
    lists: tuple[SmartList, ...] = ()

    def contact_columns(self) -> dict[str, ColumnType]:
        """Every column of a contact that tags and properties may name, with its type."""
        return {**type_of_original_columns(self.memberships.columns), **CONTACT_COLUMNS}


class _TagsFile(Settings):
    tags: tuple[Tag, ...] = Field(alias="tag", min_length=1)


def parse_config(files: Mapping[str, Mapping[str, Any]]) -> Config:
    """Check the parsed config files and put them together.

    Args:
        files: Parsed TOML by file name: ``exports/memberships.toml``, ``exports/orders.toml``, ``tags.toml``,
            ``properties.toml``, ``contacts.toml`` and ``lists.toml`` (both may be missing), and the ``[rules]`` of
            ``goldpan.toml`` under ``goldpan.toml``.

    Raises:
        ConfigError: With every problem of every file, one a line.
    """
    problems: list[str] = []

    def check(file: str, model: type[Table], at: str = "") -> Table | None:
        try:
            return model.model_validate(files.get(file, {}))
        except ValidationError as error:
            problems.extend(describe_problems(file, error, at))
            return None

    memberships = check("exports/memberships.toml", ExportSpec)
    orders = check("exports/orders.toml", ExportSpec)
    tags = check("tags.toml", _TagsFile)
    properties = check("properties.toml", PropertiesConfig)
    lists: tuple[SmartList, ...] = ()
    rules = check("goldpan.toml", RuleNumbers, "rules.")
    contacts = check("contacts.toml", ContactPolicies)
    for file, spec, kind in (
        ("exports/memberships.toml", memberships, "memberships"),
        ("exports/orders.toml", orders, "orders"),
    ):
        if spec is not None and spec.kind != kind:
            problems.append(f"{file}: kind is {spec.kind!r}, expected {kind!r}")
    if memberships and tags:
        columns = {**type_of_original_columns(memberships.columns), **CONTACT_COLUMNS}
        problems += [f"tags.toml: {problem}" for problem in problems_of_tags(tags.tags, columns)]
        if properties:
            problems += [f"properties.toml: {p}" for p in _problems_of_properties(properties.properties, columns)]
        lists = _smart_lists(files.get("lists.toml", {}), tags.tags, problems)
        if contacts:
            problems += [f"contacts.toml: {p}" for p in problems_of_policies(contacts, tags.tags, columns)]
    if problems or not (memberships and orders and tags and properties and rules and contacts):
        raise ConfigError.of(problems)
    return Config(
        memberships=memberships,
        orders=orders,
        rules=rules,
        tags=tags.tags,
        properties=properties,
        contacts=contacts,
        lists=lists,
    )


def _smart_lists(table: Mapping[str, Any], tags: tuple[Tag, ...], problems: list[str]) -> tuple[SmartList, ...]:
    try:
        return parse_lists(table, tags)
    except ConfigError as error:
        problems += str(error).splitlines()
        return ()


_FITS: Mapping[str, frozenset[ColumnType]] = {
    "number": frozenset({"money", "number"}),
    "date": frozenset({"date"}),
    "text": frozenset({"text", "id", "email", "date", "number"}),
}


def _problems_of_properties(properties: Iterable[PropertySpec], columns: Mapping[str, ColumnType]) -> Iterable[str]:
    seen: set[str] = set()
    for spec in properties:
        if spec.name in seen:
            yield f"property {spec.name!r} stands twice"
        seen.add(spec.name)
        if spec.name in {"email", "hs_object_id", "hs_additional_emails"}:
            yield f"property {spec.name!r} is never written: it is HubSpot's key"
        if spec.type == "tags":
            if spec.column != "membership_status_tags":
                yield f"property {spec.name!r}: type 'tags' takes the column 'membership_status_tags'"
        elif spec.type == "select":
            if spec.column != "membership_category":
                yield f"property {spec.name!r}: type 'select' takes the column 'membership_category'"
        elif spec.column not in columns:
            yield f"property {spec.name!r}: unknown column {spec.column!r}; known: {', '.join(sorted(columns))}"
        elif columns[spec.column] not in _FITS[spec.type]:
            yield f"property {spec.name!r}: column {spec.column!r} is a {columns[spec.column]}, not a {spec.type}"
