"""Writes docs/rules.md from the config and the code: `make docs`. A test checks that the page is up to date.

Every rule is one `Rule` below: what it says, with the numbers of the config in it, and where it is defined.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from goldpan.columns import CATEGORIES
from goldpan.config import Config, ExportSpec
from goldpan.reasons import REASONS
from goldpan.rules import OPERATORS, Tag
from goldpan.values.dates import FIRST, LAST
from goldpan.values.money import LARGEST
from sync.settings import load_config

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "rules.md"


@dataclass(frozen=True)
class Rule:
    """One rule of the pipeline.

    Attributes:
        says: The rule in a sentence or two, numbers filled in.
        symbol: The name of its definition in ``file``.
        file: Where that is, from the repository's top.
        setting: The config key that changes its number, if it has one.
    """

    says: str
    symbol: str
    file: str
    setting: str = ""


def rules_of(config: Config) -> dict[str, list[Rule]]:
    """Every rule by section, in the order in which a run applies them."""
    numbers = config.rules
    return {
        "Finding the table": [
            Rule(
                f"The first sheet that has all required headers in one of its first {config.memberships.header_within_rows} "
                "rows, and data under them. Headers match whatever their case and blanks.",
                "tables_of", "goldpan/tables.py", "header_within_rows",
            ),
            Rule("An accepted header that stands twice is refused: nobody could say which one counts.",
                 "_refuse_doubled", "goldpan/tables.py"),
            Rule("Blank rows are skipped, and so are totals rows at the end; both are counted.",
                 "skipped_rows", "goldpan/conform.py"),
            Rule("Exports of one kind from several sources are one: the rows of an earlier source first, columns by what they "
                 "mean, else by header.", "unite_exports", "goldpan/union.py"),
        ],
        "Reading cells": [
            Rule("Ids: `123`, `123.0`, `' 123 '` and `'00123` are one id. The row's own spelling is what leaves.",
                 "read_id", "goldpan/values/ids.py"),
            Rule("Ids that Excel rounded (16 digits or more, `1.2E+15`) count as none: two customers must not become one.",
                 "ROUNDED_FROM", "goldpan/values/ids.py"),
            Rule("E-mails: the first valid address of a cell, lower-case.", "read_email", "goldpan/values/emails.py"),
            Rule(f"Dates: a date cell, a serial number, ISO, else {', '.join(f'`{f}`' for f in config.memberships.date_formats)}"
                 f" in this order; from {FIRST} to {LAST}.", "read_date", "goldpan/values/dates.py", "date_formats"),
            Rule(f"Amounts: exact, rounded to 6 decimals half away from zero; below {LARGEST:,}.",
                 "read_amount", "goldpan/values/money.py", "decimal_mark"),
            Rule("Excel errors such as `#N/A` are missing values, with a warning.", "EXCEL_ERRORS", "goldpan/values/texts.py"),
        ],
        "Orders": [
            Rule("A customer's total order value is the exact sum of their orders; returns count as negative.",
                 "total_by_customer", "goldpan/steps/orders.py"),
            Rule("An order id that stands again with all columns equal counts once.",
                 "find_repeated_orders", "goldpan/steps/orders.py"),
            Rule(f"Estimated savings are {_percent(numbers.savings_share)} of the total order value.",
                 "in_cents", "goldpan/values/money.py", "savings_share"),
            Rule("Buyers in no membership row are prospects, one line per id; their potential savings are "
                 f"{_percent(numbers.prospect_savings_share)}.", "list_prospects", "goldpan/steps/orders.py",
                 "prospect_savings_share"),
            Rule(f"A prospect is of high value above {numbers.high_value_above:g}.", "_with_potential",
                 "goldpan/pipeline.py", "high_value_above"),
        ],
        "Renewals": [
            Rule(f"Who is the same customer: rows with the same `{numbers.match_on}`; rows without an id by name and address.",
                 "name_customers", "goldpan/steps/renewals.py", "match_on"),
            Rule(f"A term created at most {numbers.renewal_window_days} days after the chain's latest expiration continues it "
                 f"(day {numbers.renewal_window_days} continues, day {numbers.renewal_window_days + 1} starts anew).",
                 "_with_chains", "goldpan/steps/renewals.py", "renewal_window_days"),
            Rule("Each chain keeps its row with the latest expiration; it gains *member since* and *renewals*.",
                 "deduplicate_memberships", "goldpan/steps/renewals.py"),
            Rule("A blank name, original purchase or address is filled from the chain's newest row that has one.",
                 "FILLED_FROM_EARLIER_ROWS", "goldpan/steps/renewals.py"),
        ],
        "Contacts": [
            Rule("Rows with the same address are one contact; a row without one joins its customer's.",
                 "assign_contacts", "goldpan/steps/contacts.py"),
            Rule("The membership that covers today counts, else the one that ends last.",
                 "unite_contacts", "goldpan/steps/contacts.py"),
            Rule("The order value of a contact adds up each distinct customer id behind it once.",
                 "_values_by_contact", "goldpan/steps/contacts.py"),
        ],
        "Categories": [
            Rule(f"{CATEGORIES['expired']} before today, {CATEGORIES['expiring_soon']} within {numbers.expiring_soon_days} "
                 f"days, {CATEGORIES['active']} after that, {CATEGORIES['unknown']} without a date.",
                 "add_measures", "goldpan/steps/measures.py", "expiring_soon_days"),
        ],
        "What leaves": [
            Rule("Money is rounded half away from zero to cents where it leaves; conditions compare unrounded values.",
                 "in_cents", "goldpan/values/money.py"),
            Rule("In the tag property only Goldpan's own options change; what people set stays.", "difference", "goldpan/plan.py"),
            Rule("A text that a spreadsheet could run is shown, never run.", "RUNS_AS_FORMULA", "goldpan/exports.py"),
        ],
    }  # fmt: skip


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f} %"


def page(config: Config) -> str:
    """The whole page."""
    return "\n".join(_lines(config)) + "\n"


def _lines(config: Config) -> Iterator[str]:
    yield "# The rules"
    yield ""
    yield "Made by `make docs` from [config](../config) and the code; edit those, not this page."
    yield ""
    yield "## Tags"
    yield ""
    yield "Defined in [config/tags.toml](../config/tags.toml): a new tag is a few lines there and no code."
    yield ""
    yield "| tag | value in HubSpot | when | otherwise |"
    yield "|---|---|---|---|"
    yield from map(_tag_row, config.tags)
    for section, rules in rules_of(config).items():
        yield from ("", f"## {section}", "", "| rule | change it with | defined in |", "|---|---|---|")
        for rule in rules:
            setting = f"`{rule.setting}`" if rule.setting else ""
            yield f"| {rule.says} | {setting} | [{rule.symbol}](../{rule.file}) |"
    yield from ("", "## Columns of the exports", "")
    for spec in (config.memberships, config.orders):
        yield from _columns(spec)
    yield from ("## HubSpot properties", "", "Defined in [config/properties.toml](../config/properties.toml).", "")
    yield from ("| property | label | filled from | policy |", "|---|---|---|---|")
    for prop in config.properties.properties:
        yield f"| `{prop.name}` | {prop.label} | `{prop.column}` | {prop.policy} |"
    yield from ("", "## Conditions", "", "Defined in [OPERATORS](../goldpan/rules.py). A missing value satisfies")
    yield from ("`is_blank` and nothing else.", "", "| operator | means | for columns of type |", "|---|---|---|")
    for name, operator in OPERATORS.items():
        words = operator.words.replace("{0[0]}", "N").replace("{0[1]}", "M").replace("{0}", "X")
        yield f"| `{name}` | {words} | {', '.join(sorted(operator.columns))} |"
    yield from ("", "## Reasons", "", "Defined in [REASONS](../goldpan/reasons.py).", "")
    yield from ("| code | what it means | what to do |", "|---|---|---|")
    for reason in REASONS.values():
        yield f"| `{reason.code}` | {reason.meaning} | {reason.advice} |"


def _tag_row(tag: Tag) -> str:
    otherwise = f"{tag.otherwise.label} (`{tag.otherwise.value}`)" if tag.otherwise else ""
    return f"| {tag.label} | `{tag.value}` | {tag} | {otherwise} |"


def _columns(spec: ExportSpec) -> Iterator[str]:
    yield f"### {spec.kind.capitalize()}: [config/exports/{spec.kind}.toml](../config/exports/{spec.kind}.toml)"
    yield from ("", "| column | accepted headers, the first wins | type | required |", "|---|---|---|---|")
    for column in spec.columns:
        required = "yes" if column.required else "no"
        if column.required and column.or_else:
            required = f"yes, or `{column.or_else}`"
        yield f"| `{column.name}` | {', '.join(column.headers)} | {column.type} | {required} |"
    yield ""


def main() -> None:
    """Write the page, or with `--check` exit with 1 when it is not up to date."""
    made = page(load_config(ROOT / "config")[1])
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.read_text(encoding="utf-8") == made else "docs/rules.md is out of date: make docs")
    PAGE.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
