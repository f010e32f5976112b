"""Every bad file, setting or circumstance: one message (what, where, what to do), the exit code, nothing half done."""

import os
import re
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter

from sync.sandbox import Sandbox
from sync.state.store import State
from tests.cli.installation import ADA, AS_OF, MEMBERS, ORDERS, Installation, member, write_csv, writes_in

GOOD_ROW = MEMBERS[0]


def workbook(path: Path, rows, sheets=("Export",)) -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name in sheets:
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


def good_rows():
    return [list(GOOD_ROW), *(list(row.values()) for row in MEMBERS)]


# --- files ------------------------------------------------------------------------------------------------------------


def empty_file(path):
    path.write_bytes(b"")


def web_page(path):
    path.write_text("<html><body><table><tr><td>Cust ID</td></tr></table></body></html>", encoding="utf-8")


def pdf(path):
    path.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 8)


def zip_of_something_else(path):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("holiday.txt", "sun")


def password_protected(path):
    ooxml = pytest.importorskip("msoffcrypto.format.ooxml")
    plain = workbook(path.with_suffix(".plain"), good_rows())
    with plain.open("rb") as source, path.open("wb") as target:
        ooxml.OOXMLFile(source).encrypt("secret", target)


def truncated(path):
    workbook(path, good_rows())
    path.write_bytes(path.read_bytes()[:-400])


def corrupt(path):
    workbook(path, good_rows())
    data = bytearray(path.read_bytes())
    for place in range(300, 900):
        data[place] ^= 0x5A
    path.write_bytes(bytes(data))


def broken_xml(path):
    workbook(path, good_rows())
    damaged = BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(damaged, "w") as target:
        for part in source.infolist():
            data = source.read(part)
            target.writestr(part, data[: len(data) // 2] if part.filename.endswith("sheet1.xml") else data)
    path.write_bytes(damaged.getvalue())


def zip_bomb(path):
    workbook(path, good_rows())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/media/image1.png", b"\0" * (3 * 2**20))


def too_many_cells(path):
    workbook(path, [list(GOOD_ROW), *([["x"] * 8] * 200)])


def missing_column(path):
    write_csv(path, [{name: value for name, value in row.items() if name != "Contact Email"} for row in MEMBERS])


def doubled_column(path):
    workbook(path, [[*GOOD_ROW, "Contact Email"], *([*row.values(), "x@example.org"] for row in MEMBERS)])


def only_headers(path):
    write_csv(path, [], headers=list(GOOD_ROW))


def no_data_under_the_headers(path):
    blank = dict.fromkeys(GOOD_ROW, " ")
    write_csv(path, [blank, blank, {**blank, "Cust ID": "Total: 0"}])


def headers_after_row_20(path):
    workbook(path, [["title"]] * 30 + good_rows())


def unclosed_quote(path):
    path.write_text(",".join(GOOD_ROW) + '\n1,"Ada', encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "make", "says"),
    [
        ("members.xlsx", empty_file, "is empty"),
        ("members.csv", empty_file, "is empty"),
        ("members.xlsx", web_page, "web page"),
        ("members.xls", pdf, "PDF"),
        ("members.xlsx", zip_of_something_else, "zip archive"),
        ("members.xlsx", password_protected, "password"),
        ("members.xlsx", truncated, "damaged"),
        ("members.xlsx", corrupt, "damaged"),
        ("members.xlsx", broken_xml, "damaged"),
        ("members.xlsx", zip_bomb, "[limits] max_unpacked_mb"),
        ("members.xlsx", too_many_cells, "[limits] max_cells"),
        ("members.csv", missing_column, "Contact Email"),
        ("members.xlsx", doubled_column, "Contact Email"),
        ("members.csv", only_headers, "members.csv"),
        ("members.csv", no_data_under_the_headers, "members.csv"),
        ("members.xlsx", headers_after_row_20, "members.xlsx"),
        ("members.csv", unclosed_quote, "quote"),
    ],
)
def test_a_file_that_can_not_be_used_is_refused_whole(settled, tmp_path, name, make, says):
    file = tmp_path / name
    make(file)

    said = settled.refused("--memberships", file, exit_code=1)

    assert says in said
    assert name in said


@pytest.mark.parametrize("what", ["missing", "folder", "both missing"])
def test_a_path_on_the_command_line_that_is_no_file_is_a_usage_error(settled, tmp_path, what):
    files = {"missing": ["nowhere.csv"], "folder": ["."], "both missing": ["nowhere.csv", "neither.csv"]}[what]
    named = [part for kind, file in zip(("--memberships", "--orders"), files, strict=False)
             for part in (kind, tmp_path / file)]  # fmt: skip

    said = settled.refused(*named, exit_code=2)

    assert all(str(tmp_path / file) in said for file in files)


def test_a_bad_pair_is_told_at_once_file_by_file(settled, tmp_path):
    empty_file(tmp_path / "members.xlsx")
    web_page(tmp_path / "orders.xlsx")

    said = settled.refused("--memberships", tmp_path / "members.xlsx", "--orders", tmp_path / "orders.xlsx")

    assert "members.xlsx: the file is empty" in said
    assert "orders.xlsx: this looks like a web page" in said


def test_a_bad_file_in_the_drop_folder_is_refused_and_stays(settled):
    bad = settled.goldpan.inbox / "memberships-tonight.xlsx"
    web_page(bad)
    try:
        assert "memberships-tonight.xlsx" in settled.refused(exit_code=1)
        assert bad.is_file()
    finally:
        bad.unlink()


def test_after_a_refused_file_the_next_good_one_runs(settled, tmp_path):
    empty_file(tmp_path / "members.xlsx")
    settled.refused("--memberships", tmp_path / "members.xlsx")

    said = settled.goldpan.run()

    assert (said.exit_code, said.json["contacts"]["unchanged"]) == (0, 5)


def test_one_bad_row_stops_nothing_and_is_accounted_for(settled, tmp_path):
    odd = {**GOOD_ROW, "Cust ID": "", "Customer Name": "", "Contact Email": "?", "Expiration Date": "soon"}
    more = [member(100 + n, f"More {n}", f"more{n}@example.org", "2026-01-01", "2027-01-01") for n in range(40)]
    members = write_csv(tmp_path / "members.csv", [*MEMBERS, *more, odd])
    orders = write_csv(tmp_path / "orders.csv", [*ORDERS, {**ORDERS[0], "Sales Doc": "7", "Total Value": "lots"}])

    said = settled.goldpan.run("--memberships", members, "--orders", orders, "--dry-run")

    assert said.exit_code == 0
    assert said.json["rows"] == {"read": 53, "kept": 52, "merged": 1, "skipped": 0, "warnings": 4}
    assert said.json["contacts"]["unsendable"] == 2


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "change", "says"),
    [
        ("goldpan.toml", ("time_zone", "time_zome"), ["time_zome"]),
        ("goldpan.toml", ('"UTC"', '"Mars/Base"'), ["time_zone", "Europe/Zurich"]),
        ("goldpan.toml", ('destination = "hubspot"', 'destination = "salesforce"'), ["destination", "sandbox"]),
        ("goldpan.toml", ("burst_limit = 190", 'burst_limit = "fast"'), ["hubspot.burst_limit"]),
        ("goldpan.toml", ("burst_limit = 190", "burst_limit = 5000"), ["hubspot.burst_limit", "250"]),
        ("goldpan.toml", ("[drop]", "[drop"), ["TOML"]),
        ("tags.toml", ("above = 1000", "atleast = 1000"), ["atleast"]),
        ("tags.toml", ("above = 1000", 'above = "many"'), ["total_order_value", "many"]),
        ("tags.toml", ('column = "total_order_value"', 'column = "total_value_of_orders"'), ["total_value_of_orders"]),
        ("tags.toml", ('value = "hfo_buy"', 'value = "high_value_customer"'), ["high_value_customer"]),
        ("tags.toml", ('value = "hfo_buy"', 'value = "hfo;buy"'), ["hfo;buy"]),
        ("properties.toml", ('type = "number"', 'type = "amount"'), ["type"]),
        ("properties.toml", ('column = "customer_name"', 'column = "name_of_customer"'), ["name_of_customer"]),
        ("exports/memberships.toml", ('type = "email"', 'type = "mail"'), ["type"]),
        ("exports/orders.toml", ('name = "total_value"', 'name = "value"'), ["total_value"]),
    ],
)
def test_a_wrong_setting_is_named_with_file_and_key(goldpan, sandbox, file, change, says):
    goldpan.configure(file, change)
    before = goldpan.tree()

    said = goldpan("run", "--as-of", AS_OF)

    assert said.exit_code == 2
    assert file in said.err
    assert all(part in said.err for part in says), said.err
    assert "Traceback" not in said.all
    assert sandbox.requests == ()
    assert goldpan.tree() == before


def test_every_problem_of_the_config_is_told_at_once(goldpan):
    goldpan.configure("goldpan.toml", ("time_zone", "time_zome"))
    goldpan.configure("tags.toml", ("above = 1000", "atleast = 1000"))
    goldpan.configure("properties.toml", ('type = "number"', 'type = "amount"'))

    said = goldpan("check")

    assert said.exit_code == 2
    assert all(file in said.err for file in ("goldpan.toml", "tags.toml", "properties.toml"))


@pytest.mark.parametrize(
    ("setting", "exit_code", "says"),
    [
        (("HUBSPOT_ACCESS_TOKEN", ""), 2, "Service keys"),
        (("HUBSPOT_ACCESS_TOKEN", "two words"), 2, "HUBSPOT_ACCESS_TOKEN"),
        (("HUBSPOT_ACCESS_TOKEN", "wrong"), 2, "401"),
        (("HUBSPOT_BASE_URL", "not a url"), 2, "HUBSPOT_BASE_URL"),
        (("HUBSPOT_BASE_URL", "http://127.0.0.1:1"), 1, "can't be reached"),
        (("HUBSPOT_PORTAL_ID", "twelve"), 2, "HUBSPOT_PORTAL_ID"),
        (("GOLDPAN_STATE_URL", "nonsense"), 2, "GOLDPAN_STATE_URL"),
        (("GOLDPAN_STATE_URL", "redis://localhost"), 2, "GOLDPAN_STATE_URL"),
        (("GOLDPAN_STATE_URL", "sqlite:////dev/null/state.sqlite"), 2, "/dev/null/state.sqlite"),
        (("GOLDPAN_CONFIG", "/nowhere/config"), 2, "goldpan init"),
        (("GOLDPAN_HOME", "/dev/null/home"), 2, "/dev/null/home"),
    ],
)
def test_a_wrong_environment_is_named_and_no_secret_shown(goldpan, sandbox, setting, exit_code, says):
    variable, value = setting
    goldpan.env[variable] = value

    said = goldpan("run", "--as-of", AS_OF, "--memberships", "inbox/memberships.csv", "--orders", "inbox/orders.csv")

    assert said.exit_code == exit_code, said.all
    assert says in said.all
    assert "Traceback" not in said.all
    if variable == "HUBSPOT_ACCESS_TOKEN" and value:
        assert value not in said.all
    assert sandbox.contacts() == {}


def test_a_token_file_that_is_missing_is_named(goldpan):
    del goldpan.env["HUBSPOT_ACCESS_TOKEN"]
    goldpan.env["HUBSPOT_ACCESS_TOKEN_FILE"] = "/nowhere/token"

    said = goldpan("run", "--as-of", AS_OF)

    assert said.exit_code == 2
    assert "/nowhere/token" in said.all


def test_a_state_that_is_no_database_is_named(goldpan):
    (goldpan.home / "state").mkdir()
    (goldpan.home / "state" / "goldpan.sqlite").write_text("Dear diary, this is no database at all." * 50)

    said = goldpan("run", "--as-of", AS_OF)

    assert said.exit_code == 2
    assert "goldpan.sqlite" in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("file", [".env", "config/tags.toml"])
def test_a_text_file_in_another_encoding_is_named(goldpan, file):
    (goldpan.home / file).write_bytes("# Zürich\n".encode("cp1252"))

    said = goldpan("run", "--as-of", AS_OF)

    assert said.exit_code == 2
    assert Path(file).name in said.err
    assert "Traceback" not in said.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_home_that_can_not_be_written_is_named(goldpan):
    goldpan.home.chmod(0o500)
    try:
        said = goldpan("run", "--as-of", AS_OF)
    finally:
        goldpan.home.chmod(0o700)

    assert said.exit_code == 2
    assert str(goldpan.home) in said.err
    assert "Traceback" not in said.err


# --- an installation that a bad file must not change ------------------------------------------------------------------


class Settled:
    """An installation after a good run; a bad one must leave no trace but its line in the log."""

    def __init__(self, goldpan: Installation, sandbox: Sandbox) -> None:
        self.goldpan, self.sandbox = goldpan, sandbox

    def refused(self, *arguments: object, exit_code: int = 1) -> str:
        """What a run that must be refused says; everything else is as it was."""
        before = self._kept()

        said = self.goldpan.run(*arguments)

        record = said.json
        assert said.exit_code == exit_code, record["problems"]
        assert (record["status"], record["archive"], record["contacts"]["total"]) == ("failed", "", 0)
        assert "Traceback" not in said.all
        assert ADA not in said.all
        message = "\n".join(record["problems"])
        assert re.search(r"\. ?[A-Z][^.]+", message) or ": " in message
        assert self._kept() == before
        return message

    def _kept(self):
        with State.open(f"sqlite:///{self.goldpan.home / 'state' / 'goldpan.sqlite'}") as state:
            accepted = [state.inputs.last_accepted(kind) for kind in ("memberships", "orders")]
        archived = sorted((self.goldpan.home / "archive").glob("20*/**/*"))
        return accepted, archived, writes_in(self.sandbox), self.sandbox.contacts()


@pytest.fixture(scope="module")
def settled(furnished_file, tmp_path_factory):
    home = tmp_path_factory.mktemp("settled")
    file = home / "portal.sqlite"
    file.write_bytes(furnished_file.read_bytes())
    with Sandbox(file, burst_limit=0) as sandbox:
        goldpan = Installation(home, sandbox.url)
        assert goldpan("init").exit_code == 0
        goldpan.configure(
            "goldpan.toml",
            ("max_unpacked_mb = 4096", "max_unpacked_mb = 1"), ("max_cells = 40_000_000", "max_cells = 1000"),
        )  # fmt: skip
        goldpan.deliver()
        assert goldpan.run().exit_code == 0
        yield Settled(goldpan, sandbox)
