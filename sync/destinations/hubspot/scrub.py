"""HubSpot's words without anybody's address: its messages quote addresses, tokens and whole option lists."""

import json
import re
from collections.abc import Iterator

_WORD = r"[^\s\"'<>()\[\]{},;:\\@%]"
_ADDRESS = re.compile(rf"({_WORD}){_WORD}*(?:@|%40)({_WORD}+)")
_TOKEN = re.compile(r"pat-[\w-]+")
_ALLOWED = re.compile(r"(allowed options).*", re.IGNORECASE | re.DOTALL)
LONGEST_SENTENCE = 2_000  # a portal with thousands of options answers with all of them; the reason stands in front


def scrub(text: str, longest: int = 300) -> str:
    """A message that may leave: addresses as ``j***@x.org``, no option lists, at most ``longest`` characters."""
    words = "; ".join(sentence[:LONGEST_SENTENCE] for sentence in _sentences(text))
    words = _TOKEN.sub("pat-***", _ADDRESS.sub(r"\1***@\2", words))
    words = " ".join(words.split())
    return words if len(words) <= longest else words[: longest - 1] + "…"


def _sentences(text: str) -> Iterator[str]:
    """The message, or, where it wraps a JSON list of field errors, one sentence for each of them.

    ``Property values were not valid: [{"message": …, "error": "INVALID_OPTION", "name": …}]`` may be cut off anywhere.
    """
    start = text.find("[{")
    try:
        entries = json.loads(text[start:]) if start >= 0 else []
    except ValueError:
        entries = []
    named = [(str(e.get("name") or ""), str(e.get("message") or "")) for e in entries if isinstance(e, dict)]
    told = [f"{name}: {words}" if name else words for name, words in named]
    for sentence in told or [text]:
        yield _ALLOWED.sub(r"\1: …", sentence)
