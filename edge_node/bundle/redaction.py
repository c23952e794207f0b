"""What must not leave the machine: known secrets, what looks like one, and everything that carries payload (pure)."""

import base64
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

SHORTEST_SECRET = 8  # a credential called `node` would shred every text; such a name tells nobody anything
# docs/specs/control.md, "Payload fields": what the view socket never shows leaves the machine neither.
PAYLOAD_FIELDS = frozenset({"event", "data", "data_base64", "body_base64", "content_base64", "proofs"})
SECRET = "<set>"  # noqa: S105  how the settings show that there is one
KEPT_CHARS = 8  # of something long and random: enough to see that two are the same

_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_CREDENTIALS = re.compile(
    r"(?i)\b(bearer|basic)(\.|\s+|%20)[A-Za-z0-9+/_=.~%-]{8,}"
    r"|\b(authorization|cookie|set-cookie|x-api-key)[\"']?\s*[:=]\s*[^\r\n,}]{4,}"
    r"|\b(token|secret|password|passwd|seed|sig)[\"']?\s*[:=]\s*[\"']?[^\s\"',;&}]{4,}"
)
_LOGIN = re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+@")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-f]{48,}|[0-9A-F]{48,})(?![0-9A-Za-z])")
# A long run with capitals, small letters and digits: base64 of something random. What follows a slash is a path, names
# of metrics and CIDs have no capitals.
# The run is looked for first: looking for its letters at every comma of a long line takes time in its square.
_BASE64 = re.compile(
    r"(?<![\w/.+=-])(?=[A-Za-z0-9+_=-][A-Za-z0-9+/_=-]{39})"
    r"(?=[^\s]*[A-Z])(?=[^\s]*[a-z])(?=[^\s]*\d)[A-Za-z0-9+/_=-]++"
)
# The same as one whole segment of a path: a bearer that somebody wrote into a URL. Directories have shorter names.
_SEGMENT = re.compile(r"(?<=/)(?=[^\s/]*[A-Z])(?=[^\s/]*[a-z])(?=[^\s/]*\d)[A-Za-z0-9+_=-]{40,}")
# Places, and kinds of errors: those of Python by how they end, ours by their module.
_FRAME = re.compile(
    r"^[\s|+-]*(File \".*\", line \d+|Traceback|edge_node(\.\w+)+"
    r"|[A-Za-z_][\w.]*(Error|Exception|Group|Exit|Cancelled))\b"
)


class Redactor:
    """Removes from texts and JSON values, and counts why. `known` are public values that stay as they are."""

    def __init__(self, secrets: Iterable[str], known: Collection[str] = ()) -> None:
        wanted = {secret for secret in secrets if len(secret) >= SHORTEST_SECRET}
        # The longest first: a directory must not be taken out of the path that leads to a key.
        self._secrets = sorted(wanted, key=lambda secret: (-len(secret), secret))
        self._known = frozenset(known)
        self.removed: Counter[str] = Counter()

    def text(self, text: str) -> str:
        """The text without anything that must not leave."""
        for secret in self._secrets:
            if secret in text:
                self.removed["known secret"] += text.count(secret)
                text = text.replace(secret, SECRET)
        text = self._replace(_PRIVATE_KEY, text, "private key", lambda _: "<private key>")
        text = self._replace(_CREDENTIALS, text, "credential", _name_alone)
        text = self._replace(_LOGIN, text, "credential", lambda _: "<login>@")
        for pattern in (_HEX, _BASE64, _SEGMENT):
            text = self._replace(pattern, text, "long random value", self._shortened)
        return text

    def value(self, value: Any) -> Any:
        """A JSON value without payload, and with every text in it treated; field names stay."""
        match value:
            case str():
                if value == SECRET:
                    self.removed["secret setting"] += 1
                return self.text(value)
            case list() | tuple():
                return [self.value(item) for item in value]
            case Mapping():
                return {self.text(str(name)): self._member(str(name), item) for name, item in value.items()}
        return value

    def holds_secret(self, content: bytes) -> bool:
        """Whether a known secret is in there all the same."""
        return any(secret.encode() in content for secret in self._secrets)

    def _member(self, name: str, value: Any) -> Any:
        if name in PAYLOAD_FIELDS:
            self.removed["payload"] += 1
            return "<payload>"
        if name == "exception" and isinstance(value, str):
            return self._frames(value)
        return self.value(value)

    def _frames(self, traceback: str) -> str:
        """Where it happened and what kind of error: an error's message and a line of source may carry anything."""
        kept = [match[0] for line in traceback.splitlines() if (match := _FRAME.match(line))]
        self.removed["message of a traceback"] += 1
        return self.text("\n".join(kept))

    def _replace(self, pattern: re.Pattern[str], text: str, reason: str, put: Callable[[re.Match[str]], str]) -> str:
        def once(match: re.Match[str]) -> str:
            new = put(match)
            if new != match[0]:
                self.removed[reason] += 1
            return new

        return pattern.sub(once, text)

    def _shortened(self, match: re.Match[str]) -> str:
        return match[0] if match[0] in self._known else f"{match[0][:KEPT_CHARS]}…"


def _name_alone(match: re.Match[str]) -> str:
    return f"{next(group for group in (match[1], match[3], match[4]) if group)} <removed>"


def forms_of(secret: bytes) -> set[str]:
    """How secret bytes may stand in a text: hex in both cases, base64 in both alphabets, padded and not."""
    encoded = {base64.b64encode(secret).decode(), base64.urlsafe_b64encode(secret).decode()}
    return {secret.hex(), secret.hex().upper()} | encoded | {text.rstrip("=") for text in encoded}
