"""The usual script: ``usual_script.py MEMBERSHIPS ORDERS URL TOKEN AT_MOST SENT``.

pandas over openpyxl, ``iterrows`` and ``apply``, one upsert request a record, no state; written as such scripts are,
with what they usually know of errors: a 429 is waited for once, everything else is printed. It sends the first AT_MOST
contacts and writes their addresses to the file SENT.
"""

import json
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import requests

TODAY = datetime(2026, 11, 20)  # noqa: DTZ001 - as such scripts have it
Row = Any


def read(path: str) -> pd.DataFrame:
    return pd.read_excel(path, header=2, engine="openpyxl")  # the headers stand in the third row


def process_orders(members: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    totals: dict[str, float] = {}
    for _, order in orders.iterrows():
        customer = str(order["SAP ID"]).lstrip("0")
        value = pd.to_numeric(order["Total Value"], errors="coerce")
        totals[customer] = totals.get(customer, 0) + (0 if pd.isna(value) else value)
    members["total"] = members["Cust ID"].apply(lambda customer: totals.get(str(customer).lstrip("0"), 0))
    return members


def deduplicate(members: pd.DataFrame) -> pd.DataFrame:
    for column in ("Created Date", "Start Date", "Expiration Date"):
        members[column] = pd.to_datetime(members[column], errors="coerce")
    members["Contact Email"] = members["Contact Email"].str.strip().str.lower()
    members = members.dropna(subset=["Contact Email"]).sort_values("Expiration Date")
    return members.drop_duplicates("Contact Email", keep="last")


def tags(row: Row) -> str:
    left = (row["Expiration Date"] - TODAY).days
    begun = (TODAY - row["Start Date"]).days
    return ";".join(
        [
            "high_value_customer" if row["total"] > 1000 else "not_high_value_customer",
            "hfo_buy" if pd.notna(row["Original Pu"]) else "not_hfo_buy",
            "active_membership" if row["Start Date"] <= TODAY < row["Expiration Date"] else "not_active_membership",
            "expiring_soon" if 0 <= left <= 30 else "not_expiring_soon",
            "recently_renewed" if 0 <= begun <= 30 else "not_recently_renewed",
        ]
    )


def category(row: Row) -> str:
    left = (row["Expiration Date"] - TODAY).days
    if pd.isna(left):
        return "unknown"
    return "expired" if left < 0 else "expiring_soon" if left <= 30 else "active"


def day(value: Any) -> str:  # noqa: ANN401 - a timestamp or none
    return "" if pd.isna(value) else value.strftime("%Y-%m-%d")


def properties(row: Row) -> dict[str, str]:
    return {
        "membership_status_tags": row["tags"],
        "total_order_value": f"{row['total']:.2f}",
        "estimated_savings": f"{row['total'] * 0.08:.2f}",
        "membership_start": day(row["Start Date"]),
        "membership_expires": day(row["Expiration Date"]),
        "member_since": day(row["Start Date"]),
        "membership_category": row["category"],
        "customer_id": str(row["Cust ID"]),
        "customer_name": "" if pd.isna(row["Customer Name"]) else row["Customer Name"],
    }


def upsert(session: requests.Session, url: str, email: str, values: dict[str, str]) -> None:
    body = {"inputs": [{"id": email, "idProperty": "email", "properties": values}]}
    for _ in range(2):
        answer = session.post(f"{url}/crm/v3/objects/contacts/batch/upsert", json=body, timeout=30)
        if answer.status_code != 429:
            break
        time.sleep(1)
    answer.raise_for_status()


def main() -> None:
    memberships, orders, url, token, at_most, sent = sys.argv[1:]
    members = process_orders(read(memberships), read(orders))
    members = deduplicate(members)
    members["tags"] = members.apply(tags, axis=1)
    members["category"] = members.apply(category, axis=1)
    ready = time.perf_counter()
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    chosen = members.sort_index().head(int(at_most))
    for _, row in chosen.iterrows():
        try:
            upsert(session, url, row["Contact Email"], properties(row))
        except requests.RequestException as error:
            print("failed", type(error).__name__, file=sys.stderr)
    Path(sent).write_text("\n".join(chosen["Contact Email"]), encoding="utf-8")
    print(json.dumps({"of": len(members), "sent": len(chosen), "sending_seconds": time.perf_counter() - ready}))


if __name__ == "__main__":
    main()
