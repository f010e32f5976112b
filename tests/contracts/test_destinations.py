"""What every destination must do, whatever the service behind it: named cases, over HTTP.

A new destination is one more entry of ``DESTINATIONS``. The letters are those of the contract. Where whole runs are
meant, the cases are: (g) tests/test_kill.py · (h) and (i) tests/cli/test_run.py, test_only_retry.py · (j)
tests/cli/test_run_choices.py, test_two_machines.py · (o) and (s) tests/cli/test_brakes.py, tests/test_year.py · (p)
tests/cli/test_undo.py · (q) tests/cli/test_verify.py · (r) tests/cli/test_log.py.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from goldpan.errors import GoldpanError
from goldpan.model import Action, Change, Outcome, Verdict
from sync.destinations import Destination
from sync.destinations.hubspot import HubSpotDestination
from sync.sandbox import TOKEN, Fault, Sandbox
from tests.cli.installation import READ, TAGS, UPSERT, furnished
from tests.hubspot.stage import Clock

WRITE = "*/batch/up*"


@contextmanager
def hubspot(sandbox: Sandbox) -> Iterator[Destination]:
    clock = Clock()
    with HubSpotDestination(token=TOKEN, base_url=sandbox.url, clock=clock.now, sleep=clock.sleep) as destination:
        yield destination


DESTINATIONS: dict[str, Callable[[Sandbox], Iterator[Destination]]] = {"hubspot": hubspot}


@pytest.fixture(scope="module")
def furnished_file(tmp_path_factory):
    return furnished(tmp_path_factory.mktemp("portal") / "portal.sqlite")


@pytest.fixture
def sandbox(tmp_path, furnished_file):
    file = tmp_path / "portal.sqlite"
    file.write_bytes(furnished_file.read_bytes())
    with Sandbox(file, burst_limit=0) as running:
        yield running


@pytest.fixture(params=DESTINATIONS)
def destination(request, sandbox):
    with DESTINATIONS[request.param](sandbox) as opened:
        yield opened


def create(email: str, **values: str) -> Change:
    after = {TAGS: "hfo_buy;active_membership", "customer_name": "Jo"} | values
    return Change(email, Action.CREATE, dict.fromkeys(after, ""), after)


def update(email: str, record_id: str, action: Action = Action.UPDATE, **after: str) -> Change:
    return Change(email, action, dict.fromkeys(after, ""), after, record_id)


def people(count: int, prefix: str = "m") -> list[Change]:
    return [create(f"{prefix}{number}@example.org") for number in range(count)]


def sent(destination: Destination, changes: list[Change]) -> dict[str, Outcome]:
    """The outcomes by address; each change has at most one, whatever goes wrong."""
    outcomes: list[Outcome] = []
    try:
        for some in destination.write(changes):
            outcomes += some
    except GoldpanError:
        pass
    counted = Counter(outcome.email for outcome in outcomes)
    assert set(counted.values()) <= {1}
    return {outcome.email: outcome for outcome in outcomes}


def tally(outcomes: dict[str, Outcome]) -> Counter[str]:
    return Counter(str(outcome.verdict) for outcome in outcomes.values())


def known(destination: Destination, *emails: str) -> dict[str, str]:
    """The record ids of contacts, made for the test."""
    return {email: outcome.record_id or "" for email, outcome in sent(destination, [*map(create, emails)]).items()}


def requests(sandbox: Sandbox, *paths: str) -> int:
    return sum(request.path in paths for request in sandbox.requests)


def test_a_each_planned_record_ends_in_exactly_one_outcome_and_the_sums_match(destination, sandbox):
    ids = known(destination, "old1@example.org", "old2@example.org")
    mixed = [
        *people(250),
        create("bad@example.con"),
        update("old1@example.org", ids["old1@example.org"], customer_name="New"),
        update("old2@example.org", ids["old2@example.org"], Action.CLEAR, customer_name="", **{TAGS: ""}),
        update("lost@example.org", "999999999", customer_name="Nobody"),
    ]

    outcomes = sent(destination, mixed)

    assert outcomes.keys() == {change.email for change in mixed}
    assert tally(outcomes) == {"applied": 252, "refused": 1, "unknown": 1}
    assert len(sandbox.contacts()) == 252
    assert sandbox.contacts()["old1@example.org"]["customer_name"] == "New"
    assert not sandbox.contacts()["old2@example.org"].get(TAGS)


@pytest.mark.parametrize("spoil", [None, Fault("strip_context", path=WRITE)], ids=["named", "nameless"])
def test_b_a_207_tells_the_good_from_the_bad_with_and_without_context(destination, sandbox, spoil):
    sandbox.faults.replace([spoil] if spoil else [])

    outcomes = sent(destination, [*people(20), create("bad@example.con"), create("odd@example.org", **{TAGS: "nope"})])

    assert tally(outcomes) == {"applied": 20, "refused": 2}
    assert outcomes["bad@example.con"].reason == "INVALID_EMAIL"
    assert outcomes["odd@example.org"].reason == "INVALID_OPTION"
    assert len(sandbox.contacts()) == 20


@pytest.mark.parametrize("fault", [Fault("omit", path=WRITE, count=7), Fault("omit", path=WRITE, count=100)])
def test_c_a_record_that_an_answer_leaves_out_is_unknown_never_applied(destination, sandbox, fault):
    sandbox.faults.replace([fault])

    outcomes = sent(destination, people(100))

    assert tally(outcomes)["unknown"] == min(fault.count, 100)
    assert len(sandbox.contacts()) == 100


def test_c_a_truncated_answer_is_no_proof_and_no_contact_is_written_twice_for_it(destination, sandbox):
    sandbox.faults.replace([Fault("truncate", path=WRITE, times=1)])

    outcomes = sent(destination, people(100))

    assert tally(outcomes) == {"applied": 100}
    assert len(sandbox.contacts()) == 100


@pytest.mark.parametrize("place", [0, 41, 99])
def test_d_one_conflict_in_a_hundred_is_isolated_within_its_budget_of_calls(destination, sandbox, place):
    changes = people(100)
    sandbox.settings.conflicts = frozenset({changes[place].email})

    outcomes = sent(destination, changes)

    assert tally(outcomes) == {"applied": 99, "refused": 1}
    assert outcomes[changes[place].email].verdict is Verdict.REFUSED
    assert requests(sandbox, UPSERT) - 1 <= 2 * math.log2(100) + 1


@pytest.mark.parametrize("retry_after", [None, 3.0])
def test_e_bursts_of_429_are_ridden_out(destination, sandbox, retry_after):
    sandbox.faults.replace([Fault("throttle", path=WRITE, times=5, retry_after=retry_after)])

    outcomes = sent(destination, people(300))

    assert tally(outcomes) == {"applied": 300}
    assert destination.requests.throttled == 5


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fault", [{"does": "status", "status": 500}, {"does": "status", "status": 503},
                                   {"does": "drop"}, {"does": "hang", "seconds": 0.05}],
                         ids=["500", "503", "reset", "silence"])  # fmt: skip
def test_f_trouble_before_and_after_the_commit_makes_no_contact_twice(destination, sandbox, when, fault):
    sandbox.faults.replace([Fault(**fault, when=when, path=WRITE, times=2)])

    outcomes = sent(destination, people(200))

    assert tally(outcomes) == {"applied": 200}
    assert len(sandbox.contacts()) == 200


def test_k_case_variants_and_additional_addresses_lead_to_one_record_whose_primary_address_is_untouched(
    destination, sandbox
):
    ids = known(destination, "ada@example.org", "old@example.org")
    merge(sandbox, ids["ada@example.org"], ids["old@example.org"])

    records = read(destination, "ADA@example.org", "old@example.org")
    outcomes = sent(destination, [update("old@example.org", records["old@example.org"].record_id, customer_name="New")])

    assert records["ADA@example.org"].record_id == records["old@example.org"].record_id
    assert tally(outcomes) == {"applied": 1}
    assert list(sandbox.contacts()) == ["ada@example.org"]
    assert sandbox.contacts()["ada@example.org"]["customer_name"] == "New"


def test_l_an_update_touches_only_what_it_names(destination, sandbox):
    ids = known(destination, "ada@example.org")

    sent(destination, [update("ada@example.org", ids["ada@example.org"], **{TAGS: "hfo_buy"})])

    held = sandbox.contacts()["ada@example.org"]
    assert (set(held[TAGS].split(";")), held["customer_name"]) == ({"hfo_buy"}, "Jo")


def test_m_an_option_that_is_not_there_refuses_that_record_alone(destination, sandbox):
    ids = known(destination, "ada@example.org", "bob@example.org")

    outcomes = sent(
        destination,
        [
            update("ada@example.org", ids["ada@example.org"], **{TAGS: "deleted_option"}),
            update("bob@example.org", ids["bob@example.org"], **{TAGS: "hfo_buy"}),
        ],
    )

    assert {email: str(outcome.verdict) for email, outcome in outcomes.items()} == {
        "ada@example.org": "refused",
        "bob@example.org": "applied",
    }
    assert outcomes["ada@example.org"].reason == "INVALID_OPTION"


@pytest.mark.parametrize("value", ["; Jo", " Jo ", "a;b", "Jo\u00a0Lee", "=1+1", "Zoë 字"])
def test_n_odd_characters_in_a_text_arrive_as_they_are(destination, value):
    known(destination, "ada@example.org")
    ids = {email: record.record_id for email, record in read(destination, "ada@example.org").items()}

    sent(destination, [update("ada@example.org", ids["ada@example.org"], customer_name=value)])

    assert read(destination, "ada@example.org")["ada@example.org"].properties["customer_name"].strip() == value.strip()


def test_an_empty_text_empties_a_property(destination):
    ids = known(destination, "ada@example.org")

    sent(destination, [update("ada@example.org", ids["ada@example.org"], customer_name="")])

    assert read(destination, "ada@example.org")["ada@example.org"].properties["customer_name"] == ""


@pytest.mark.parametrize("fault", [Fault("omit", path=READ, times=1, count=3), Fault("truncate", path=READ, times=1),
                                   Fault("drop", path=READ, times=1)])  # fmt: skip
def test_nobody_is_absent_on_the_strength_of_one_bad_answer(destination, sandbox, fault):
    ids = known(destination, *(change.email for change in people(50)))
    for keys, by in ((list(ids), "email"), (list(ids.values()), "record_id")):
        sandbox.faults.replace([fault])

        found = {key for batch in destination.read_contacts(keys, [TAGS], by=by) for key in batch.found}

        assert found == set(keys)


def read(destination: Destination, *emails: str):
    batches = destination.read_contacts(emails, [TAGS, "customer_name"])
    return {email: record for batch in batches for email, record in batch.found.items()}


def merge(sandbox: Sandbox, primary: str, other: str) -> None:
    from tests.sandbox.hub import CONTACTS, Hub  # noqa: PLC0415 - only here

    hub = Hub(sandbox.url)
    answer = hub.call("POST", f"{CONTACTS}/merge", {"primaryObjectId": primary, "objectIdToMerge": other})
    hub.pool.clear()
    assert answer.status == 200, answer.data
