"""What became of a change, in words: HubSpot's own codes, and those of an answer that never came."""

FIX_ADDRESS = "Correct the address in the source system; the next export brings it along."
NEXT_RUN = "Nothing: the next run reads the contact back and settles it."

OUTCOME_REASONS: tuple[tuple[str, str, str, str], ...] = (
    ("INVALID_EMAIL", "HubSpot: invalid e-mail", "HubSpot does not accept this address.", FIX_ADDRESS),
    (
        "INVALID_OPTION",
        "HubSpot: unknown option",
        "A value is not among the options of its HubSpot property.",
        "Run `goldpan setup`, which adds missing options.",
    ),
    (
        "INVALID_NUMBER",
        "HubSpot: not a number",
        "HubSpot does not accept a value as a number.",
        "Check the property's type and rules in HubSpot.",
    ),
    (
        "INVALID_DATE",
        "HubSpot: not a date",
        "HubSpot does not accept a value as a date.",
        "Check the property's type and rules in HubSpot.",
    ),
    (
        "PROPERTY_VALUE_TOO_LONG",
        "HubSpot: value too long",
        "A value is longer than HubSpot allows.",
        "Shorten it in the source system.",
    ),
    (
        "PROPERTY_DOESNT_EXIST",
        "HubSpot: property missing",
        "HubSpot lacks a property that the run writes.",
        "Run `goldpan setup`.",
    ),
    (
        "READ_ONLY_VALUE",
        "HubSpot: property is read-only",
        "A property can't be written through the API.",
        "Map another property in config/properties.toml.",
    ),
    (
        "CONFLICT",
        "HubSpot: conflict",
        "Another writer changed the same contact at the same moment.",
        "Nothing: it is sent again when its values change or after some days; `goldpan retry` sends it at once.",
    ),
    (
        "CONFLICTING_UNIQUE_VALUE",
        "HubSpot: value is another contact's",
        "Another contact in HubSpot holds a value that must be unique.",
        "Find and merge the duplicate in HubSpot.",
    ),
    (
        "OBJECT_ALREADY_EXISTS",
        "HubSpot: contact exists already",
        "HubSpot has a contact with this address that it did not find by it.",
        "Look the address up in HubSpot and merge duplicates.",
    ),
    (
        "GDPR_BLACKLISTED_EMAIL",
        "HubSpot: address erased",
        "The address was erased in HubSpot for privacy and can't be used again.",
        "Nothing, unless the person asked to come back: HubSpot's support can lift it.",
    ),
    (
        "VALIDATION_ERROR",
        "HubSpot: value refused",
        "HubSpot's rules do not allow one of the values; its words stand under Details.",
        "Correct the value in the source, or the property's rules in HubSpot.",
    ),
    (
        "OBJECT_NOT_FOUND",
        "HubSpot: contact not found",
        "The contact was deleted in HubSpot, or merged into another one, just before it was to be written.",
        "Nothing: the next run reads it again and says what became of it.",
    ),
    (
        "MISSING_REQUIRED_PROPERTY",
        "HubSpot: required property missing",
        "A rule in HubSpot wants a value for a property that Goldpan does not write.",
        "Relax the rule in HubSpot (Settings, Properties), or write the property: config/properties.toml.",
    ),
    (
        "MISSING_CONDITIONAL_REQUIRED_PROPERTY",
        "HubSpot: property required by a rule",
        "A rule in HubSpot wants a value for another property when one of these values is written.",
        "Relax the rule in HubSpot (Settings, Properties), or write the property: config/properties.toml.",
    ),
    ("timeout", "No answer in time", "HubSpot did not answer in time; it may have written it.", NEXT_RUN),
    ("connection_lost", "Connection lost", "The connection broke before an answer came.", NEXT_RUN),
    ("server_error", "HubSpot was unwell", "HubSpot answered with an error of its own.", NEXT_RUN),
    ("locked", "HubSpot was busy", "HubSpot had the records locked at every try.", NEXT_RUN),
    ("throttled", "HubSpot's rate limit", "HubSpot's limit of requests was reached at every try.", NEXT_RUN),
    ("incomplete_answer", "Incomplete answer", "HubSpot's answer was cut off.", NEXT_RUN),
    ("missing_in_answer", "Missing in the answer", "HubSpot's answer does not mention this contact.", NEXT_RUN),
    ("contradiction", "Contradictory answer", "HubSpot lists it as written and as refused.", NEXT_RUN),
    ("INTERNAL_ERROR", "HubSpot was unwell", "HubSpot reports an error of its own.", NEXT_RUN),
    ("RATE_LIMIT", "HubSpot's rate limit", "HubSpot's limit of requests was reached.", NEXT_RUN),
    ("RATE_LIMITS", "HubSpot's rate limit", "HubSpot's limit of requests was reached.", NEXT_RUN),
    ("TIMEOUT", "HubSpot was too slow", "HubSpot did not finish the contact in time.", NEXT_RUN),
    (
        "interrupted",
        "Run cut off",
        "The run ended between sending this contact and HubSpot's answer; HubSpot may have written it.",
        NEXT_RUN,
    ),
    ("not_sent", "Not sent", "The run ended before this contact's turn.", "Repair what ended the run; run it again."),
    (
        "not_isolated",
        "In a refused batch",
        "It stood in a batch that HubSpot refused, and too many were refused to find which record is at fault.",
        "Look at the other refusals first; the next run tries again.",
    ),
)
"""Code, title, meaning and advice, as :class:`goldpan.reasons.Reason` takes them."""
