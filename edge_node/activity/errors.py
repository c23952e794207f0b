"""What the activity room refuses: acknowledgements that do not hold."""

from typing import ClassVar

from edge_node.base.errors import EdgeNodeError, Refusal


class ActivityError(EdgeNodeError):
    """Root of the activity room's errors."""

    slug = "activity"


class AckRefused(ActivityError, Refusal):
    """An acknowledgement does not belong to its read; what was acknowledged before stays. `why` labels its counter."""

    slug = "ack-refused"
    status = 400
    remedy = "Acknowledge what arrived of this read so far, in all, signed by the key that signed its request."
    why: ClassVar[str] = "refused"


class AckUnasked(AckRefused):
    """The read has no signed request that could be acknowledged."""

    why = "no-request"

    def __init__(self) -> None:
        super().__init__("an acknowledgement of a read that no signed request began")


class AckOfAnotherSigner(AckRefused):
    """It is signed by another account than the request."""

    why = "other-signer"

    def __init__(self) -> None:
        super().__init__("the acknowledgement is signed by another account than the read's request")


class AckOfAnotherRequest(AckRefused):
    """It names another request."""

    why = "other-request"

    def __init__(self) -> None:
        super().__init__("the acknowledgement names another request than the read's")


class AckBackwards(AckRefused):
    """It says less than one before."""

    why = "backwards"

    def __init__(self, said: int, before: int) -> None:
        self.said, self.before = said, before
        super().__init__(f"{said} bytes are acknowledged after {before} were")


class AckBeyondSent(AckRefused):
    """It says more than was sent."""

    why = "beyond-sent"

    def __init__(self, said: int, sent: int) -> None:
        self.said, self.sent = said, sent
        super().__init__(f"{said} bytes are acknowledged where {sent} were sent")
