"""What the operator's door refuses on its own account (docs/specs/control.md)."""

from edge_node.base.errors import EdgeNodeError, Refusal
from edge_node.base.ids import Cid
from edge_node.wire.cid import format_cid


class ControlRefusal(Refusal):
    """Root of the door's own refusals; nothing was changed."""


class SocketError(EdgeNodeError):
    """Root of what keeps a control socket from being opened."""


class SocketPathTooLong(SocketError):
    """A Unix socket's path must fit into 108 bytes with its closing zero."""

    slug = "socket-path-too-long"
    remedy = "Set control.socket and control.view_socket to shorter paths, such as /run/edge-node/control/control.sock."

    def __init__(self, path: str, size: int, longest: int) -> None:
        self.path, self.size, self.longest = path, size, longest
        super().__init__(f"{path} is {size} bytes long; a socket's path has at most {longest}")


class ControlInUse(SocketError):
    """Another process answers at the socket's path."""

    slug = "control-in-use"
    remedy = "Stop the other node, or give this one sockets of its own (control.socket, control.view_socket)."

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"another process serves {path}")


class SocketUnusable(SocketError):
    """The socket or its directory cannot be made: a file in its place, or no right to write there."""

    slug = "control-socket"
    remedy = "Make room at that path, or set control.socket and control.view_socket to paths the node may write."

    def __init__(self, path: str, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"cannot serve at {path}: {why}")


class ViewOnly(ControlRefusal):
    """Something other than reading was asked of the view socket."""

    slug, status = "view-only", 403
    remedy = "Use the control socket, which the operators' group may open."

    def __init__(self, method: str) -> None:
        self.method = method
        super().__init__(f"{method} is not served on the view socket, which only shows")


class BrowserRefused(ControlRefusal):
    """The request has headers that only browsers send: a page got hold of a forwarded socket."""

    slug, status = "browser-refused", 403
    remedy = "Use the terminal UI, the command line or another program; never forward this socket to a TCP port."

    def __init__(self, header: str) -> None:
        self.header = header
        super().__init__(f"a request with the header {header} comes from a browser")


class VersionUnknown(ControlRefusal):
    """The path names a version of this door that the node does not speak."""

    slug, status = "version-unknown", 404
    remedy = "Use a client that speaks one of the versions named, or update the node."

    def __init__(self, version: str, versions: tuple[str, ...]) -> None:
        self.version, self.versions = version, versions
        super().__init__(f"version {version[:16]} is not spoken here, only {', '.join(versions)}")


class BadParameter(ControlRefusal):
    """A query parameter is not what it should be."""

    slug, status = "bad-parameter", 400
    remedy = "See docs/specs/control.md for the parameters of this path."

    def __init__(self, name: str, why: str) -> None:
        self.parameter, self.why = name, why
        super().__init__(f"the parameter {name}: {why}")


class TopicUnknown(ControlRefusal):
    """There is no event topic of that name."""

    slug, status = "topic-unknown", 400
    remedy = "Leave `topics` out for all, or name some of those listed."

    def __init__(self, topic: str, topics: tuple[str, ...]) -> None:
        self.topic, self.topics = topic[:32], topics
        super().__init__(f"there is no topic {topic[:32]!r}; there are {', '.join(topics)}")


class RequestMalformed(ControlRefusal):
    """The body of a command is no JSON object."""

    slug, status = "request-malformed", 400
    remedy = 'Send one JSON object: the arguments of a plan, or {"token": …} to execute.'

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the body is not a JSON object: {why}")


class ArgumentsMalformed(ControlRefusal):
    """An argument of a command is missing, unknown or unfit."""

    slug, status = "arguments-malformed", 400
    remedy = "GET /v1/commands lists every command with its arguments."

    def __init__(self, argument: str, why: str) -> None:
        self.argument, self.why = argument, why
        super().__init__(f"argument {argument}: {why}" if argument else why)


class CommandUnknown(ControlRefusal):
    """There is no command of that name."""

    slug, status = "command-unknown", 404
    remedy = "GET /v1/commands lists every command."

    def __init__(self, name: str) -> None:
        self.command = name[:64]
        super().__init__(f"there is no command {name[:64]!r}")


class CommandUnavailable(ControlRefusal):
    """The command exists, and something it needs is not there."""

    slug, status = "command-unavailable", 409
    remedy = "Provide what is missing; GET /v1/commands says what each command lacks."

    def __init__(self, name: str, why: str) -> None:
        self.command, self.why = name, why
        super().__init__(f"{name} cannot be done now: {why}")


class TokenMalformed(ControlRefusal):
    """A token this node did not make: changed, made up, or from before its last start."""

    slug, status = "token-malformed", 400
    remedy = "Ask for the plan again and confirm that one."

    def __init__(self) -> None:
        super().__init__("this is no token of a plan made since the node started")


class TokenMismatch(ControlRefusal):
    """A token for another command, or for other arguments than those sent along."""

    slug, status = "token-mismatch", 409
    remedy = "Execute what was planned, or plan what you want to execute."

    def __init__(self, planned: str) -> None:
        self.planned = planned
        super().__init__(f"the token belongs to a plan of {planned} with its own arguments")


class TokenForeign(ControlRefusal):
    """A token that was made for another user."""

    slug, status = "token-foreign", 403
    remedy = "Make the plan as the user who executes it."

    def __init__(self) -> None:
        super().__init__("the token was made for another user")


class TokenExpired(ControlRefusal):
    """A token's minute is over."""

    slug, status = "token-expired", 410
    remedy = "Ask for the plan again, look at it, and confirm within a minute."

    def __init__(self, lives_s: int) -> None:
        self.lives_s = lives_s
        super().__init__(f"the token is older than {lives_s} s")


class TokenUsed(ControlRefusal):
    """A token serves once, whatever came of it."""

    slug, status = "token-used", 409
    remedy = "Look at what happened (GET /v1/audit), and plan again if it is still wanted."

    def __init__(self) -> None:
        super().__init__("the token was used already")


class PlanStale(ControlRefusal):
    """What a plan spoke of changed before it was executed; nothing was done."""

    slug, status = "plan-stale", 409
    remedy = "Ask for the plan again and see whether it is still what you want."

    def __init__(self, was: str, now: str) -> None:
        self.was, self.now = was, now
        super().__init__(f"this changed since the plan was made: it was {was}, it is {now}")


class PlansTooMany(ControlRefusal):
    """One user has too many plans open."""

    slug, status, retry_after_s = "plans-too-many", 429, 60
    remedy = "Execute plans, or wait a minute for them to expire."

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"{limit} plans of this user are open")


class NoChain(ControlRefusal):
    """Something of a chain was asked of a node that follows none."""

    slug, status = "no-chain", 404
    remedy = "Set chain.network, or chain.spec_file, and start the node again (docs/how-to/follow-a-chain.md)."

    def __init__(self) -> None:
        super().__init__("no network is set, so no chain is followed")


class BadSettingsFile(ControlRefusal):
    """The settings as they are now cannot be applied; what is in force stays."""

    slug, status = "bad-settings", 409

    def __init__(self, where: str, why: str, remedy: str) -> None:
        self.where = where
        self.remedy = remedy  # type: ignore[misc]  # the remedy belongs to what is wrong in the file
        super().__init__(why)


class NoSuchDevice(ControlRefusal):
    """Neither a name in use nor a known key."""

    slug, status = "unknown-device", 404
    remedy = "GET /v1/devices, or `edge-node device list`, shows names and keys."

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted[:128]
        super().__init__(f"no device is called {wanted[:128]!r}, and none has that key")


class AlreadyRevoked(ControlRefusal):
    """What is to be refused is refused already; `by` is token, holder or issuer."""

    slug, status = "already-revoked", 409
    remedy = "Nothing is left to do; GET /v1/revocations, or `edge-node grant list`, shows what is revoked."

    def __init__(self, by: str, subject: str, since_ms: int) -> None:
        self.by, self.since_ms = by, since_ms
        super().__init__(f"the {by} {subject} is revoked already, since {since_ms} ms")


class NoSuchPiece(ControlRefusal):
    """Nothing on this node has that CID."""

    slug, status = "unknown-piece", 404
    remedy = "GET /v1/pieces lists what is there."

    def __init__(self, cid: Cid) -> None:
        self.cid = format_cid(cid)
        super().__init__(f"no piece and no event body has the CID {self.cid}")
