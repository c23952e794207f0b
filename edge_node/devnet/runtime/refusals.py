"""Why a call was refused, as the chain says it in its events (Substrate, DispatchError)."""

from edge_node.devnet.errors import DevnetError


class CallRefused(DevnetError):
    """A call was refused and changed nothing; `kind` is the DispatchError, `detail` what that holds of its own."""

    slug = "call-refused"
    remedy = "The chain is as before the call, but for the nonce and the fee."

    def __init__(self, kind: str, detail: str | None = None) -> None:
        self.kind, self.detail = kind, detail
        super().__init__(f"{kind}: {detail}" if detail else kind)


class PalletRefusal(CallRefused):
    """A pallet refused by one of the errors it describes."""

    def __init__(self, pallet: str, error: str) -> None:
        self.pallet, self.error = pallet, error
        super().__init__("Module", f"{pallet}.{error}")


def token_refusal(name: str) -> CallRefused:
    """Money cannot be moved so; `name` is a TokenError."""
    return CallRefused("Token", name)


def arithmetic_refusal(name: str) -> CallRefused:
    """A number would not fit; `name` is an ArithmeticError."""
    return CallRefused("Arithmetic", name)


BAD_ORIGIN = "BadOrigin"
CANNOT_LOOKUP = "CannotLookup"
UNAVAILABLE = "Unavailable"
NO_PROVIDERS = "NoProviders"
TOO_MANY_CONSUMERS = "TooManyConsumers"
CONSUMER_REMAINING = "ConsumerRemaining"
CORRUPTION = "Corruption"
