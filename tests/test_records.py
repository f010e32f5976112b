"""Whose records were read: contacts that share one are found by its addresses, the suppressed by any of them."""

from goldpan.model import Confirmed, CurrentRecord
from goldpan.plan import DesiredContact
from goldpan.records import of_suppressed, on_records, others_on_records
from goldpan.suppression import Suppression

ANN = CurrentRecord("1", "ann@x.com", ("old@x.com", "third@x.com"), {})


def desired(**ranks: int) -> dict[str, DesiredContact]:
    """Contacts by address, each with its rank."""
    return {f"{name}@x.com": DesiredContact(f"{name}@x.com", {}, "{}", rank) for name, rank in ranks.items()}


def test_contacts_whose_address_is_on_a_record_that_was_read_are_found():
    found = [*on_records({"ann@x.com": ANN}, desired(ann=0, old=1, ben=2), {"ann@x.com"})]

    assert found == [("old@x.com", ANN)]


def test_a_record_is_suppressed_by_any_of_its_addresses():
    records = {"ann@x.com": ANN, "ben@x.com": CurrentRecord("2", "ben@x.com", (), {})}

    assert of_suppressed(records, Suppression(emails=frozenset({"third@x.com"}))) == {"ann@x.com"}
    assert of_suppressed(records, Suppression(domains=frozenset({"x.com"}))) == {"ann@x.com", "ben@x.com"}
    assert of_suppressed(records, Suppression()) == set()


def test_the_best_of_the_others_speaks_for_a_record():
    everybody = desired(ann=0, old=5, third=3, ben=1)
    known = {"old@x.com": Confirmed("1", "{}"), "ben@x.com": Confirmed("2", "{}"), "left@x.com": Confirmed("3", "{}")}

    others = others_on_records({"ann@x.com": ANN}, known, everybody, {"ann@x.com"})

    assert others == {"1": ("third@x.com", 3), "2": ("ben@x.com", 1)}
