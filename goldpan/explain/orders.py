"""The orders behind a contact: what was summed, what stood there before, and what each customer id bought."""

import pandas as pd

from goldpan.explain.model import CustomerTotal, OrderRow
from goldpan.explain.stages import Stages
from goldpan.explain.values import amount_of, exact_amount, plain, row_of
from goldpan.steps.orders import total_by_customer


def explain_orders(contact_key: str, stages: Stages) -> tuple[tuple[OrderRow, ...], tuple[CustomerTotal, ...]]:
    """Every order row of the contact's customers in file order, and the sum of each customer id."""
    spelling = _customer_ids(contact_key, stages)
    counted = stages.counted
    bought = counted[counted["customer_id_key"].isin(spelling)]
    findings = stages.findings("orders", bought["source_row"])
    rows = tuple(
        OrderRow(
            row=row_of(stages.orders, record["source_row"]),
            customer_id=spelling[record["customer_id_key"]],
            order_id=plain(record["order_id"]),
            ordered_on=plain(record["ordered_on"]),
            amount=amount_of(record["total_value_micros"]),
            repeats_row=None if pd.isna(record["repeats_row"]) else row_of(stages.orders, record["repeats_row"]),
            is_summed=bool(pd.isna(record["repeats_row"]) and pd.notna(record["total_value_micros"])),
            findings=findings.get(int(record["source_row"]), ()),
        )
        for _, record in bought.sort_values("source_row").iterrows()
    )
    sums = dict.fromkeys(spelling, (0, 0)) | {
        total.customer_id_key: (int(total.orders), int(total.total_order_value_micros))
        for total in total_by_customer(bought).itertuples()
    }
    customers = (CustomerTotal(spelling[key], orders, exact_amount(micros)) for key, (orders, micros) in sums.items())
    return rows, tuple(customers)


def _customer_ids(contact_key: str, stages: Stages) -> dict[str, str]:
    """The ids behind a contact as they are first written, by what ids compare by, in file order."""
    linked = stages.linked
    mine = linked[(linked["contact_key"] == contact_key) & linked["customer_id_key"].notna()].sort_values("source_row")
    mine = mine.drop_duplicates("customer_id_key")
    return dict(zip(mine["customer_id_key"], mine["customer_id"], strict=True))
