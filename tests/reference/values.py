"""One cell at a time: what RULES section 1, "Reading values", says about ids, addresses, dates, money and text.

This is the slow half of a comparison: plain Python, a cell in and a value out, written to be read beside RULES.md.
Reasons are the codes of RULES; ``excel_error`` is answered by every reader, because it can stand in any column.
"""

import math
import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal

from goldpan.model import CellError

Cell = str | int | float | bool | datetime | date | time | timedelta | None

ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"

# https://support.microsoft.com/office (error values of cells); the first seven are as old as Excel.
EXCEL_ERRORS = {
    *("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"),
    *("#GETTING_DATA", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!"),
}

# RULES section 1, date: month first; English month names in any locale.
DATE_FORMATS = ("%m/%d/%Y", "%m/%d/%y", "%d-%b-%Y", "%b %d, %Y", "%Y%m%d")
FIRST_DATE, LAST_DATE = date(1950, 1, 1), date(2200, 12, 31)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
LONG_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)

# More digits than any cell can hold, so that no sum, share or rounding is ever cut short.
EXACT = Context(prec=50_000, rounding=ROUND_HALF_UP)
MILLIONTH = Decimal("0.000001")


def trim(text: str) -> str:
    """Without blanks at both ends; NBSP and zero-width characters are blanks."""
    start, end = 0, len(text)
    while start < end and (text[start].isspace() or text[start] in ZERO_WIDTH):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in ZERO_WIDTH):
        end -= 1
    return text[start:end]


def is_blank(cell: Cell) -> bool:
    """Section 1: nothing, or nothing but spaces, NBSP and zero-width characters."""
    if isinstance(cell, str):
        return not isinstance(cell, CellError) and trim(cell) == ""
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def is_excel_error(cell: Cell) -> bool:
    """Section 1: an Excel error value, as a cell or as text."""
    return isinstance(cell, CellError) or (isinstance(cell, str) and trim(cell).upper() in EXCEL_ERRORS)


def is_number(cell: Cell) -> bool:
    """A numeric cell; Excel's TRUE and FALSE are none."""
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def as_text(cell: Cell) -> str:
    """A cell as a person would type it, trimmed: 501.0 is "501"; a float is its shortest spelling; blank is ""."""
    if is_blank(cell):
        return ""
    if isinstance(cell, str):
        return trim(cell)
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time(0) else cell.isoformat(sep=" ")
    return str(cell)


def read_text(cell: Cell) -> str | None:
    """Text (a name, an original purchase …): trimmed; blank cells and Excel errors are missing."""
    return None if is_excel_error(cell) else as_text(cell) or None


# --- ids ------------------------------------------------------------------------------------------------------------


def read_id(cell: Cell) -> tuple[str | None, str | None, str | None]:
    """Section 1, id: the spelling that is shown and leaves, the key that is compared, and a reason if there is none."""
    if is_excel_error(cell):
        return None, None, "excel_error"
    if is_number(cell) and abs(cell) >= 10**15:  # 10**15 is the first number of 16 digits
        return None, None, "rounded_id"
    spelling = trim(as_text(cell).removeprefix("'"))
    if not spelling:
        return None, None, None
    if re.fullmatch(r"[+-]?[0-9]([.,][0-9]+)?E\+[0-9]+", spelling.upper()):  # 1.23457E+15
        return None, None, "rounded_id"
    whole = re.fullmatch(r"([0-9]+)\.0+", spelling)
    if whole:
        spelling = whole.group(1)
    if re.fullmatch(r"[0-9]+", spelling):
        return spelling, spelling.lstrip("0") or "0", None
    return spelling, spelling, None


# --- e-mail addresses -----------------------------------------------------------------------------------------------


def read_email(cell: Cell) -> tuple[str | None, str | None]:
    """Section 1, email: the address in lower case, and a reason.

    ``several_emails`` comes with an address; ``no_email``, ``invalid_email`` and ``excel_error`` without one.
    """
    if is_excel_error(cell):
        return None, "excel_error"
    text = as_text(cell)
    for character in ("\u00a0", *ZERO_WIDTH):
        text = text.replace(character, "")
    if not text.strip():
        return None, "no_email"
    in_brackets = re.search(r"<[^<>@]*@[^<>@]*>", text)
    parts = [
        re.sub(r"(?i)^mailto:", "", part)
        for part in re.split(r"[;,\s]+", re.sub(r"<([^<>@]*@[^<>@]*)>", r" \1 ", text))
        if part
    ]
    candidates = [part for part in parts if "@" in part]
    if len(candidates) == 1 and len(parts) > 1 and not in_brackets:
        return None, "invalid_email"  # one address among other words is not that address
    valid = [candidate.lower() for candidate in candidates if is_valid_email(candidate)]
    if not valid:
        return None, "invalid_email"
    return valid[0], "several_emails" if len(candidates) > 1 else None


def is_valid_email(address: str) -> bool:
    """Section 1, email, "Valid is": an ASCII address as HubSpot and a mail server would take it."""
    if not address.isascii() or len(address) > 254 or address.count("@") != 1:
        return False
    local, domain = address.split("@")
    atom = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"  # RFC 5322 section 3.2.3, atext
    label = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
    return (
        len(local) <= 64
        and re.fullmatch(rf"{atom}(\.{atom})*", local) is not None
        and local[0] not in "=+-"
        and re.fullmatch(rf"({label}\.)+[A-Za-z]{{2,}}", domain) is not None
    )


# --- dates ----------------------------------------------------------------------------------------------------------


def read_date(
    cell: Cell, formats: Sequence[str] = DATE_FORMATS, epoch_1904: bool = False
) -> tuple[date | None, str | None]:
    """Section 1, date: the day, or a reason (none for a blank cell)."""
    if is_excel_error(cell):
        return None, "excel_error"
    if is_blank(cell):
        return None, None
    day = _day(cell, formats, epoch_1904)
    if day is None or not FIRST_DATE <= day <= LAST_DATE:
        return None, "unreadable_date"
    return day, None


def _day(cell: Cell, formats: Sequence[str], epoch_1904: bool) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if is_number(cell):
        return _day_of_number(cell, epoch_1904) if math.isfinite(cell) else None
    if isinstance(cell, str):
        text = trim(cell)
        if re.fullmatch(r"[0-9]{1,4300}", text):  # 4300: more digits than int() takes, and than any day has
            return _day_of_number(text, epoch_1904)
        return _day_of_text(text, formats)
    return None


def _day_of_number(number: str | float, epoch_1904: bool) -> date | None:
    """A day number if that lies in the range, else ``%Y%m%d`` if it has eight digits."""
    epoch = date(1904, 1, 1) if epoch_1904 else date(1899, 12, 30)
    days = math.floor(int(number) if isinstance(number, str) else number)
    if (FIRST_DATE - epoch).days <= days <= (LAST_DATE - epoch).days:
        return epoch + timedelta(days=days)
    digits = as_text(number)
    return _parse(digits, "%Y%m%d") if re.fullmatch(r"[0-9]{8}", digits) else None


def _day_of_text(text: str, formats: Sequence[str]) -> date | None:
    """ISO text, else the first configured format that fits; a time of day and an offset after either are dropped."""
    clock = re.search(
        r"[T\s]\s*(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(:(?P<second>[0-9]{2})([.,][0-9]+)?)?"
        r"(\s*[AP]M)?\s*(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)?$",
        text.upper(),
    )
    if clock:
        if int(clock["hour"]) > 23 or int(clock["minute"]) > 59 or int(clock["second"] or 0) > 59:
            return None
        text = trim(text[: clock.start()])
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return _parse(text, "%Y-%m-%d")
    return next((day for day in (_parse(text, format_) for format_ in formats) if day is not None), None)


def _parse(text: str, format_: str) -> date | None:
    """``strptime`` for the day directives alone, with English months whatever the locale is."""
    patterns = {
        "%Y": r"(?P<Y>[0-9]{4})",
        "%y": r"(?P<y>[0-9]{2})",
        "%m": r"(?P<m>[0-9]{1,2})",
        "%d": r"(?P<d>[0-9]{1,2})",
        "%b": rf"(?P<b>{'|'.join(MONTHS)})",
        "%B": rf"(?P<B>{'|'.join(LONG_MONTHS)})",
    }
    if format_ == "%Y%m%d":
        patterns |= {"%m": r"(?P<m>[0-9]{2})", "%d": r"(?P<d>[0-9]{2})"}
    pieces = re.split(r"(%.|\s+)", format_)
    pattern = "".join(r"\s+" if p.isspace() else patterns[p] if p[:1] == "%" else re.escape(p) for p in pieces)
    found = re.fullmatch(pattern, text, re.IGNORECASE)
    if found is None:
        return None
    part = found.groupdict()
    year = int(part["Y"]) if "Y" in part else _full_year(int(part["y"]))
    month = int(part["m"]) if "m" in part else 1 + MONTHS.index((part.get("b") or part["B"])[:3].lower())
    try:
        return date(year, month, int(part["d"]))
    except ValueError:
        return None


def _full_year(two_digits: int) -> int:
    """Section 1, date: two-digit years 69-99 are 19xx."""
    return 1900 + two_digits if two_digits >= 69 else 2000 + two_digits


# --- money ----------------------------------------------------------------------------------------------------------


def read_money(cell: Cell, decimal_mark: str = ".") -> tuple[Decimal | None, str | None]:
    """Section 1, money: the amount in millionths, half away from zero, or a reason (none for a blank cell)."""
    if is_excel_error(cell):
        return None, "excel_error"
    if is_blank(cell):
        return None, None
    amount = None
    if is_number(cell) and math.isfinite(cell):
        amount = Decimal(repr(cell))
    elif isinstance(cell, str):
        amount = _amount_of_text(cell, decimal_mark)
    if amount is None:
        return None, "unreadable_amount"
    return round_money(amount, MILLIONTH), None


def _amount_of_text(text: str, decimal_mark: str) -> Decimal | None:
    """A number with at most one sign (before, after, or brackets) and at most one currency sign at either end."""
    rest = "".join(character for character in text if character not in ZERO_WIDTH).strip()
    signs = currencies = 0
    while True:
        if rest.startswith("(") and rest.endswith(")"):
            signs, rest = signs + 1, rest[1:-1].strip()
        elif rest.startswith("-"):
            signs, rest = signs + 1, rest[1:].strip()
        elif rest.endswith("-"):
            signs, rest = signs + 1, rest[:-1].strip()
        elif rest and unicodedata.category(rest[0]) == "Sc":
            currencies, rest = currencies + 1, rest[1:].strip()
        elif rest and unicodedata.category(rest[-1]) == "Sc":
            currencies, rest = currencies + 1, rest[:-1].strip()
        else:
            break
    mark, comma = re.escape(decimal_mark), re.escape("." if decimal_mark == "," else ",")
    grouped = rf"[0-9]{{1,3}}(?P<comma>{comma}|\s)[0-9]{{3}}((?P=comma)[0-9]{{3}})*"
    if signs > 1 or currencies > 1 or not re.fullmatch(rf"([0-9]+|{grouped})({mark}[0-9]*)?|{mark}[0-9]+", rest):
        return None
    whole, _, decimals = rest.partition(decimal_mark)
    amount = Decimal(re.sub(r"[^0-9]", "", whole) + "." + decimals)
    return -amount if signs else amount


def round_money(amount: Decimal, unit: Decimal) -> Decimal:
    """Half away from zero to whole units; zero has no sign."""
    rounded = EXACT.quantize(amount, unit)
    return rounded.copy_abs() if rounded.is_zero() else rounded
