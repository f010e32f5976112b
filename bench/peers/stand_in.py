"""``python -m bench.peers.stand_in``: the sandbox with one endpoint more, which Goldpan never calls and drt does.

``POST …/contacts`` makes one contact; an address that exists is a 409.
"""

from sync.sandbox import service
from sync.sandbox.__main__ import main
from sync.sandbox.access import WRITE_CONTACTS
from sync.sandbox.answers import Answer, Call, invalid
from sync.sandbox.inputs import check_properties
from sync.sandbox.portal import Portal
from sync.sandbox.reading import Asked, shown
from sync.sandbox.writing import Writer


def create_one(portal: Portal, call: Call) -> Answer:
    """Make a contact; what else the body says is ignored."""
    properties = call.body.get("properties") or {}
    check_properties(properties)
    if not any(properties.get(name) for name in ("email", "firstname", "lastname")):
        raise invalid("A contact needs at least one of email, firstname, lastname")
    writer = Writer(portal)
    writer.check_known([properties])
    contact = writer.create(properties)
    writer.save()
    return Answer(201, shown(portal, contact, Asked(tuple(contact.written))))


service.ENDPOINTS = (
    *service.ENDPOINTS,
    service.Endpoint("POST", service.CONTACTS, create_one, (WRITE_CONTACTS,)),
)

if __name__ == "__main__":
    main()
