"""A tag is data: a few lines of config bring it into the CSV, the workbook and HubSpot."""

from pathlib import Path

from python_calamine import CalamineWorkbook

from tests.cli.installation import ADA, EVE, TAGS, tags_in
from tests.sandbox.hub import PROPERTIES

GOLD = """
[[tag]]
value = "gold_buyer"
label = "Gold Buyer"
all = [{ column = "membership", equals = "Gold" }, { column = "total_order_value", above = 0 }]
"""


def test_a_tag_that_is_only_config_shows_everywhere(goldpan, sandbox):
    goldpan.run()
    goldpan.configure("tags.toml", append=GOLD)
    goldpan.configure(
        "exports/memberships.toml", ('headers = ["Membership", ', 'headers = ["Membersh", "Membership", ')
    )

    refused = goldpan.run()
    assert refused.exit_code == 2
    assert "Gold Buyer (gold_buyer)" in refused.json["problems"][0]
    assert goldpan("setup", "--yes").exit_code == 0
    said = goldpan.run()

    assert said.exit_code == 0
    assert said.json["tags"]["gold_buyer"] == 2
    assert "gold_buyer" in tags_in(sandbox)[ADA]
    assert "gold_buyer" not in tags_in(sandbox)[EVE]
    folder = Path(said.json["archive"])
    assert (folder / "hubspot.csv").read_text(encoding="utf-8").count("Gold Buyer") == 2
    headers, flags = workbook_column(folder / "analysis.xlsx", "Gold Buyer (True)")
    assert "Gold Buyer (False)" in headers
    assert flags.count(True) == 2


def workbook_column(file, header):
    """The headers of *Contacts*, and the cells under one of them."""
    rows = CalamineWorkbook.from_path(file).get_sheet_by_name("Contacts").to_python()
    return rows[0], [row[rows[0].index(header)] for row in rows[1:]]


def test_a_tag_that_is_taken_out_of_the_config_leaves_the_contacts_and_its_option_stays(goldpan, sandbox, hub):
    goldpan.run()
    text = (goldpan.config / "tags.toml").read_text(encoding="utf-8")
    start = text.index('[[tag]]\nvalue = "recently_renewed"')
    (goldpan.config / "tags.toml").write_text(text[:start], encoding="utf-8")

    said = goldpan.run()

    assert said.exit_code == 0
    assert "recently_renewed" not in said.json["tags"]
    assert "not_recently_renewed" not in tags_in(sandbox)[ADA]
    there = hub.call("GET", f"{PROPERTIES}/{TAGS}").json()["options"]
    assert "not_recently_renewed" in {option["value"] for option in there}
