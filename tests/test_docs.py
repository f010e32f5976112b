"""The documents say what the code does: nothing is missing, and every link leads somewhere."""

import importlib.util
import re
from pathlib import Path

import pytest

from goldpan.config import RuleNumbers
from goldpan.model import Verdict
from goldpan.reasons import REASONS
from goldpan.rules import OPERATORS
from sync.config_files import CONFIG_FILES
from sync.record import CONTACT_COUNTS
from sync.settings import Environment, GoldpanFile
from sync.source_settings import SourceSettings
from tests.builders import REPOSITORY, default_config

RULES = (REPOSITORY / "docs" / "rules.md").read_text(encoding="utf-8")
DOCUMENTS = sorted(
    [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md"), *(REPOSITORY / "bench").glob("*.md")]
)


def make_rules():
    spec = importlib.util.spec_from_file_location("make_rules", REPOSITORY / "docs" / "make_rules.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_rules_page_is_what_config_and_code_say_now():
    assert make_rules().page(default_config()) == RULES, "run: make docs"


def test_every_tag_and_its_opposite_is_on_the_rules_page():
    for tag in default_config().tags:
        for option in tag.options():
            assert f"`{option.value}`" in RULES
            assert option.label in RULES


def test_every_number_of_the_rules_is_on_the_page_with_the_key_that_changes_it():
    rules = [rule for section in make_rules().rules_of(default_config()).values() for rule in section]

    assert set(RuleNumbers.model_fields) <= {rule.setting for rule in rules}


def test_every_rule_links_to_its_one_definition():
    for section in make_rules().rules_of(default_config()).values():
        for rule in section:
            code = (REPOSITORY / rule.file).read_text(encoding="utf-8")
            defined = re.findall(rf"^(?:def {rule.symbol}\(|{rule.symbol}(?::.*)? = )", code, flags=re.MULTILINE)
            assert len(defined) == 1, rule.symbol


@pytest.mark.parametrize("code", [*OPERATORS, *REASONS, *(p.name for p in default_config().properties.properties)])
def test_every_operator_reason_and_property_is_on_the_rules_page(code):
    assert f"| `{code}` |" in RULES


def test_every_column_and_accepted_header_is_on_the_rules_page():
    for spec in (default_config().memberships, default_config().orders):
        for column in spec.columns:
            assert f"| `{column.name}` | {', '.join(column.headers)} |" in RULES


def test_every_way_a_contact_can_end_has_a_reason_or_is_said_in_words():
    from sync.cli.output import CONTACT_WORDS  # noqa: PLC0415 - the words of the command line

    assert set(CONTACT_COUNTS) == set(CONTACT_WORDS)
    assert set(Verdict)


def test_every_environment_variable_is_in_the_example():
    example = (REPOSITORY / ".env.example").read_text(encoding="utf-8")

    assert {name.upper() for name in Environment.model_fields} == set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))


def test_every_setting_is_in_the_config_that_goldpan_ships_with_its_default():
    import tomllib  # noqa: PLC0415 - only here

    shipped = tomllib.loads((REPOSITORY / "config" / "goldpan.toml").read_text(encoding="utf-8"))

    def keys(model, prefix=""):
        for name, field in model.model_fields.items():
            nested = getattr(field.annotation, "model_fields", None)
            yield from keys(field.annotation, f"{prefix}{name}.") if nested else [f"{prefix}{name}"]

    def flat(table, prefix=""):
        for name, value in table.items():
            yield from flat(value, f"{prefix}{name}.") if isinstance(value, dict) and value else [f"{prefix}{name}"]

    shipped_text = (REPOSITORY / "config" / "goldpan.toml").read_text(encoding="utf-8")
    assert set(flat(shipped)) | {"source"} == set(keys(GoldpanFile))
    of_a_source = set(re.findall(r"^# ([a-z0-9_]+) = ", shipped_text, re.MULTILINE)) | {"s3"}
    assert of_a_source == set(SourceSettings.model_fields)
    assert GoldpanFile.model_validate(shipped) == GoldpanFile()


@pytest.mark.parametrize("name", CONFIG_FILES)
def test_every_config_file_is_commented(name):
    assert (REPOSITORY / "config" / name).read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_in_a_document_leads_somewhere(document):
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (document.parent / target).exists(), target


def test_no_document_names_a_place_of_one_machine():
    for document in DOCUMENTS:
        assert not re.search(r"(^|[\s`(])/(home|root|work|tmp)/", document.read_text(encoding="utf-8")), Path(
            document
        ).name
