"""What the engines are compared on: typed frames of both exports, and results told apart to the last type."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date

import pandas as pd
import pyarrow as pa

from goldpan.config import Config
from goldpan.conform import conform
from goldpan.model import Sheet
from goldpan.pipeline import Refined, refine
from sync.engines import Engine
from tests.builders import default_config
from tests.reference.rows import Row
from tests.strategies import AS_OF, Exports

PERSONAL = ("customer_id", "customer_id_key", "customer_name", "customer_name_key", "email", "order_id", "order_id_key")


def config_of(**rules: object) -> Config:
    """The shipped config with some of its numbers changed."""
    config = default_config()
    return config.model_copy(update={"rules": config.rules.model_copy(update=rules)})


def frames_of(drawn: Exports) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both exports as a run reads them, with a name key in every row, so that either ``match_on`` can follow."""
    config = default_config()
    members = conform([_sheet(drawn.memberships, "members")], config.memberships, name_keys_for_all=True)
    return members.frame, conform([_sheet(drawn.orders, "orders")], config.orders).frame


def _sheet(rows: list[Row], file: str) -> Sheet:
    headers = list(rows[0].cells)
    return Sheet(file=file, name="", rows=[headers, *([row.cells.get(header) for header in headers] for row in rows)])


def put_together(cases: Sequence[tuple[pd.DataFrame, pd.DataFrame]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Many small cases as one large: every second has people of its own, the others share theirs."""
    marked = [
        tuple(_marked(frame, f"{number}." if number % 2 else "") for frame in case) for number, case in enumerate(cases)
    ]
    members, orders = ([case[kind] for case in marked] for kind in (0, 1))
    return _numbered(members), _numbered(orders)


def _marked(frame: pd.DataFrame, mark: str) -> pd.DataFrame:
    return frame.assign(**{name: mark + frame[name] for name in PERSONAL if name in frame})


def _numbered(frames: list[pd.DataFrame]) -> pd.DataFrame:
    frame = pd.concat(frames, ignore_index=True)
    return frame.assign(source_row=pd.array(range(2, 2 + len(frame)), dtype="Int64"))


def given_to(engine: Engine, frame: pd.DataFrame, *, as_dates: bool = False) -> object:
    """A frame in the engine's own kind, its rows turned round; dates are times without a zone, or dates."""
    table = pa.Table.from_pandas(frame.iloc[::-1], preserve_index=False)
    wanted = pa.date32() if as_dates else pa.timestamp("us")
    times = [field.with_type(wanted) if pa.types.is_timestamp(field.type) else field for field in table.schema]
    return engine.of_arrow(table.cast(pa.schema(times)))


def assert_same(
    engine: Engine,
    members: pd.DataFrame,
    orders: pd.DataFrame,
    *,
    as_of: date = AS_OF,
    config: Config | None = None,
    as_dates: bool = False,
) -> Refined:
    """The engine says what pandas says, in the same order and with the same types."""
    config = config or default_config()
    wanted = refine(members, orders, as_of, config)
    frames = (given_to(engine, frame, as_dates=as_dates) for frame in (members, orders))
    got = engine.refine(*frames, as_of, config)
    for field in fields(Refined):
        one, other = getattr(got, field.name), getattr(wanted, field.name)
        if isinstance(other, pd.DataFrame):
            pd.testing.assert_frame_equal(one, other, obj=field.name)
        else:
            assert one == other
    return got
