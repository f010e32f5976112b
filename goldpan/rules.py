"""Conditions as data: a tag's rule, read from config, becomes one column expression.

The same language serves tags today and, later, whom to create, strategies and lists. One operator is one entry of
:data:`OPERATORS`; what each means in words is its ``words``, which `docs/rules.md` and the console show.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from math import ceil, floor
from operator import and_, or_
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StrictBool, StrictInt, StrictStr, model_validator
from pydantic import Tag as Branch

from goldpan.columns import MICROS_PER_UNIT, ColumnType

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

Scalar = StrictBool | StrictInt | Decimal | date | StrictStr
"""What a condition may compare with; TOML floats arrive as exact Decimals."""


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Condition(_Data):
    """One column, one operator, one operand. A missing value satisfies ``is_blank`` and nothing else."""

    column: str
    operator: str
    operand: Scalar | tuple[Scalar, ...]

    @model_validator(mode="before")
    @classmethod
    def _from_toml(cls, data: Any) -> Any:  # noqa: ANN401 - a config file may hold anything here
        """Read ``{column = "x", above = 1}`` as column, operator and operand."""
        if not isinstance(data, Mapping) or "operator" in data:
            return data
        operators = [key for key in data if key != "column"]
        unknown = [key for key in operators if key not in OPERATORS]
        if unknown:
            raise ValueError(f"unknown operator {', '.join(map(repr, unknown))}; known: {', '.join(OPERATORS)}")
        if len(operators) != 1:
            raise ValueError(f"a condition takes exactly one operator, found {', '.join(operators) or 'none'}")
        operand = data[operators[0]]
        return {
            **({"column": data["column"]} if "column" in data else {}),
            "operator": operators[0],
            "operand": tuple(operand) if isinstance(operand, list) else operand,
        }

    def __str__(self) -> str:
        return f"{self.column} {OPERATORS[self.operator].words.format(self.operand)}"


def _branch_of(data: Any) -> str:  # noqa: ANN401 - a config file may hold anything here
    if isinstance(data, Mapping):
        return "condition" if "column" in data or not data.keys().isdisjoint(OPERATORS) else "group"
    return "condition" if isinstance(data, Condition) else "group"


Part = Annotated[
    Annotated[Condition, Branch("condition")] | Annotated["Group", Branch("group")], Discriminator(_branch_of)
]


class Group(_Data):
    """Conditions joined: every one of ``all``, at least one of ``any``, not one of ``none``."""

    all: tuple[Part, ...] = ()
    any: tuple[Part, ...] = ()
    none: tuple[Part, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> "Group":
        if not (self.all or self.any or self.none):
            raise ValueError("needs conditions: all = [...], any = [...] or none = [...]")
        return self

    def conditions(self) -> Iterator[Condition]:
        """Every condition in the group, nested ones included."""
        for part in (*self.all, *self.any, *self.none):
            if isinstance(part, Condition):
                yield part
            else:
                yield from part.conditions()

    def __str__(self) -> str:
        parts = [str(part) if isinstance(part, Condition) else f"({part})" for part in self.all]
        for words, alternatives in (("", self.any), ("not ", self.none)):
            if alternatives:
                parts.append(f"{words}({' or '.join(map(str, alternatives))})")
        return " and ".join(parts)


class Label(_Data):
    """An option of the tag property: the value that is stored for ever, and the label that people see."""

    value: str = Field(min_length=1, max_length=100)
    label: str = Field(min_length=1, max_length=200)


class Tag(Group):
    """A business label: carried as ``value`` when the conditions hold, else as ``otherwise`` if that is given."""

    value: str = Field(min_length=1, max_length=100)
    label: str = Field(min_length=1, max_length=200)
    otherwise: Label | None = None

    def options(self) -> tuple[Label, ...]:
        """The tag's own option, and its opposite's."""
        own = Label(value=self.value, label=self.label)
        return (own, self.otherwise) if self.otherwise else (own,)


@dataclass(frozen=True)
class RuleContext:
    """What a condition needs besides the frame."""

    columns: Mapping[str, ColumnType]
    as_of: date
    savings_share: Decimal


def as_expression(part: Condition | Group, context: RuleContext) -> "nw.Expr":
    """One condition or group as a boolean column expression that is never null."""
    if isinstance(part, Condition):
        return OPERATORS[part.operator].build(_Operands(part, context)).fill_null(False)
    joined: list[nw.Expr] = [as_expression(inner, context) for inner in part.all]
    if part.any:
        joined.append(reduce(or_, [as_expression(inner, context) for inner in part.any]))
    joined += [~as_expression(inner, context) for inner in part.none]
    return reduce(and_, joined)


@dataclass(frozen=True)
class _Operands:
    """A condition's two sides, brought to a form that every engine compares exactly."""

    condition: Condition
    context: RuleContext

    @property
    def type(self) -> ColumnType:
        return self.context.columns[self.condition.column]

    @property
    def column(self) -> "nw.Expr":
        from narwhals.stable.v2 import col  # noqa: PLC0415 - most commands read the rules, and have no frame

        name = self.condition.column
        if self.type == "money":
            return col("total_order_value_micros" if name == "estimated_savings" else f"{name}_micros")
        if self.type == "id" and self.condition.operator != "contains":
            return col(f"{name}_key")  # 00121 and 121 are one id
        return col(name)

    @property
    def values(self) -> tuple[Any, ...]:
        operand = self.condition.operand
        return tuple(map(self._comparable, operand if isinstance(operand, tuple) else (operand,)))

    @property
    def today(self) -> "nw.Expr":
        return _midnight(self.context.as_of)

    def _comparable(self, value: Scalar) -> Any:  # noqa: ANN401 - as many types as columns have
        if isinstance(value, int | Decimal):
            number = Fraction(value)
            if self.type == "money":
                number *= MICROS_PER_UNIT
            if self.condition.column == "estimated_savings":
                number /= Fraction(self.context.savings_share)  # savings > x means total > x / share, and stays exact
            return number
        if isinstance(value, date):
            return _midnight(value)
        if self.type == "id" and self.condition.operator != "contains":
            from goldpan.values.ids import key_of  # noqa: PLC0415 - brings pandas

            return key_of(value)
        return value


def _midnight(day: date) -> "nw.Expr":
    from goldpan.frames import midnight  # noqa: PLC0415 - brings pandas

    return midnight(day)


def _above(column: "nw.Expr", bound: Any) -> "nw.Expr":  # noqa: ANN401 - Fraction or Expr
    return column > (_whole(floor(bound)) if isinstance(bound, Fraction) else bound)


def _at_least(column: "nw.Expr", bound: Any) -> "nw.Expr":  # noqa: ANN401 - Fraction or Expr
    return column > _whole(ceil(bound) - 1) if isinstance(bound, Fraction) else column >= bound


def _at_most(column: "nw.Expr", bound: Any) -> "nw.Expr":  # noqa: ANN401 - Fraction or Expr
    return column <= (_whole(floor(bound)) if isinstance(bound, Fraction) else bound)


def _below(column: "nw.Expr", bound: Any) -> "nw.Expr":  # noqa: ANN401 - Fraction or Expr
    return column <= _whole(ceil(bound) - 1) if isinstance(bound, Fraction) else column < bound


def _whole(number: int) -> int:
    """A bound within 64 bits, beyond which no column goes and not every engine reads."""
    return max(-(2**63), min(number, 2**63 - 1))


def _is_one_of(column: "nw.Expr", values: Iterable[Any]) -> "nw.Expr":
    return reduce(
        or_,
        (
            _at_least(column, value) & _at_most(column, value) if isinstance(value, Fraction) else column == value
            for value in values
        ),
    )


@dataclass(frozen=True)
class Operator:
    """One operator: what it says, which columns and how many operands it takes, and its expression."""

    words: str
    columns: frozenset[ColumnType]
    operands: Literal["true", "one", "several", "two"]
    build: "Callable[[_Operands], nw.Expr]"


_ANY: frozenset[ColumnType] = frozenset({"id", "text", "email", "date", "money", "number"})
_ORDERED: frozenset[ColumnType] = frozenset({"date", "money", "number"})
_TEXTS: frozenset[ColumnType] = frozenset({"id", "text", "email"})
_DATES: frozenset[ColumnType] = frozenset({"date"})

OPERATORS: Mapping[str, Operator] = {
    "is_known": Operator("is known", _ANY, "true", lambda o: ~o.column.is_null()),
    "is_blank": Operator("is blank", _ANY, "true", lambda o: o.column.is_null()),
    "equals": Operator("is {0}", _ANY, "one", lambda o: _is_one_of(o.column, o.values)),
    "one_of": Operator("is one of {0}", _ANY, "several", lambda o: _is_one_of(o.column, o.values)),
    "contains": Operator(
        "contains {0}", _TEXTS, "one", lambda o: o.column.str.contains(str(o.values[0]), literal=True)
    ),
    "above": Operator("> {0}", _ORDERED, "one", lambda o: _above(o.column, o.values[0])),
    "at_least": Operator("≥ {0}", _ORDERED, "one", lambda o: _at_least(o.column, o.values[0])),
    "below": Operator("< {0}", _ORDERED, "one", lambda o: _below(o.column, o.values[0])),
    "at_most": Operator("≤ {0}", _ORDERED, "one", lambda o: _at_most(o.column, o.values[0])),
    "between": Operator(
        "is from {0[0]} to {0[1]}",
        _ORDERED,
        "two",
        lambda o: _at_least(o.column, o.values[0]) & _at_most(o.column, o.values[1]),
    ),
    "on_or_before_today": Operator("≤ today", _DATES, "true", lambda o: o.column <= o.today),
    "after_today": Operator("> today", _DATES, "true", lambda o: o.column > o.today),
}


def problems_of_tags(tags: Iterable[Tag], columns: Mapping[str, ColumnType]) -> Iterator[str]:
    """What no run could make sense of: unknown columns, impossible comparisons, values used twice or with a ``;``."""
    values: set[str] = set()
    labels: set[str] = set()
    for tag in tags:
        for option in tag.options():
            if ";" in option.value or option.value != option.value.strip():
                yield f"tag {tag.value!r}: the value {option.value!r} has a ';' or outer blanks; HubSpot can't store it"
            if ";" in option.label:
                yield f"tag {tag.value!r}: the label {option.label!r} has a ';', which separates tags in hubspot.csv"
            if option.value in values:
                yield f"tag {tag.value!r}: the value {option.value!r} is used twice"
            if option.label.casefold() in labels:
                yield f"tag {tag.value!r}: the label {option.label!r} is used twice"
            values.add(option.value)
            labels.add(option.label.casefold())
        yield from (f"tag {tag.value!r}: {problem}" for problem in problems_of_conditions(tag, columns))


def problems_of_conditions(group: Group, columns: Mapping[str, ColumnType]) -> Iterator[str]:
    """Unknown columns and impossible comparisons among a group's conditions."""
    problems = (_problem_of(condition, columns) for condition in group.conditions())
    yield from (problem for problem in problems if problem)


def _problem_of(condition: Condition, columns: Mapping[str, ColumnType]) -> str | None:
    column, operator = condition.column, OPERATORS[condition.operator]
    if column not in columns:
        return f"unknown column {column!r}; known: {', '.join(columns)}"
    type_ = columns[column]
    said = f"column {column!r} is a {type_}"
    if type_ not in operator.columns:
        return f"{said}; {condition.operator!r} compares {', '.join(sorted(operator.columns))}"
    operand = condition.operand
    values = operand if isinstance(operand, tuple) else (operand,)
    if operator.operands == "true":
        return None if operand is True else f"{condition.operator!r} takes true, found {operand!r}"
    if isinstance(operand, tuple) != (operator.operands in ("several", "two")) or not values:
        return f"{condition.operator!r} takes {operator.operands}, found {operand!r}"
    if operator.operands == "two" and len(values) != 2:
        return f"'between' takes two values, found {len(values)}"
    misfits = [value for value in values if not _fits(value, type_)]
    if misfits:
        return f"{said}; it can't be compared with {', '.join(map(repr, misfits))}"
    if operator.operands == "two" and values[0] > values[1]:  # type: ignore[operator] # _fits saw one type
        return f"'between' runs from {values[0]} down to {values[1]}; no value is in there"
    return None


def _fits(value: Scalar, type_: ColumnType) -> bool:
    if isinstance(value, bool):
        return False
    if type_ in ("money", "number"):
        return isinstance(value, int | Decimal)
    if type_ == "date":
        return isinstance(value, date)
    return isinstance(value, str) and bool(value.strip())
