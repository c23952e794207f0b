"""Why a subscription is not taken, or ends; told to the subscriber as a problem (docs/specs/subscriptions.md)."""

from edge_node.store.errors import StoreRefusal


class SubscriptionsFull(StoreRefusal):
    """The node has as many subscriptions as it may have."""

    slug, status, retry_after_s = "subscriptions-full", 503, 5
    remedy = "Come back after Retry-After, or ask the operator to raise subscriptions.open_max."

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"no more than {limit} subscriptions are taken")


class SubscriptionsExceeded(StoreRefusal):
    """One key has as many subscriptions as a key may have."""

    slug, status, retry_after_s = "subscriptions-exceeded", 429, 5
    remedy = "End subscriptions that are not needed: one connection per stream is enough for one program."

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"no more than {limit} subscriptions of one key are taken")


class OffsetBeyondEnd(StoreRefusal):
    """The subscriber asks for what comes after an offset that this stream has not reached."""

    slug, status = "offset-beyond-end", 409
    remedy = "Subscribe from `end`: events up to the offset asked for are not on this node, as it is now."

    def __init__(self, start: int, end: int) -> None:
        # `from` on the wire: what the subscriber asked with.
        self.asked, self.end = start, end
        super().__init__(f"the stream ends at {end}, and {start} was asked for")


class SubscriberSlow(StoreRefusal):
    """The subscriber fell behind, and asked to be ended then."""

    slug, status = "subscriber-slow", 408
    remedy = "Subscribe again from where the events ended, with slow=wait or slow=skip."

    def __init__(self, behind: int, limit: int) -> None:
        self.behind, self.limit = behind, limit
        super().__init__(f"{behind} events are waiting, and at most {limit} may")


class SubscriptionEnded(StoreRefusal):
    """The node is stopping; a subscription goes on elsewhere or after the next start."""

    slug, status, retry_after_s = "stopping", 503, 5
    remedy = "Subscribe again from where the events ended."

    def __init__(self) -> None:
        super().__init__("the node is stopping")


class PastUnreadable(StoreRefusal):
    """The log or its index could not be read just now."""

    slug, status, retry_after_s = "store-unreadable", 503, 5
    remedy = "Subscribe again from where the events ended; if it stays, the node's log names the disk's error."

    def __init__(self) -> None:
        super().__init__("the node cannot read its index or log at this moment")
