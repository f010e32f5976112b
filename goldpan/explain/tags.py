"""Rule by rule: each condition with the contact's value, judged by the expression that the tags are made with."""

import narwhals.stable.v2 as nw
import pandas as pd

from goldpan.explain.model import Clause, ConditionResult, GroupResult, Kind, TagResult, Value
from goldpan.explain.values import exact_amount, value_of
from goldpan.rules import Condition, Group, Part, RuleContext, Tag, as_expression


class Judge:
    """The conditions of rules on one contact."""

    def __init__(self, contact: pd.DataFrame, context: RuleContext) -> None:
        self._contact, self._record, self._context = contact, contact.iloc[0], context

    def tag(self, tag: Tag) -> TagResult:
        """One tag's rule, and the option that the contact carries for it."""
        rule = self.group(tag)
        own, *opposite = tag.options()
        carried = own if rule.holds else next(iter(opposite), None)
        return TagResult(tag.value, tag.label, rule, carried)

    def group(self, group: Group) -> GroupResult:
        """A group and everything in it."""
        joined: tuple[tuple[Kind, tuple[Part, ...]], ...] = (
            ("all", group.all),
            ("any", group.any),
            ("none", group.none),
        )
        clauses = (
            Clause(kind, self._holds(Group.model_validate({kind: parts})), tuple(map(self._part, parts)))
            for kind, parts in joined
            if parts
        )
        return GroupResult(self._holds(group), tuple(clauses))

    def _part(self, part: Condition | Group) -> ConditionResult | GroupResult:
        if isinstance(part, Group):
            return self.group(part)
        return ConditionResult(str(part), part.column, self._found(part.column), self._holds(part))

    def _holds(self, part: Condition | Group) -> bool:
        judged = nw.from_native(self._contact).select(holds=as_expression(part, self._context)).to_native()
        return bool(judged["holds"].iloc[0])

    def _found(self, column: str) -> Value:
        """What the condition compares; money unrounded."""
        if column == "estimated_savings":
            return exact_amount(int(self._record["total_order_value_micros"])) * self._context.savings_share
        return value_of(self._record, column, self._context.columns[column])
