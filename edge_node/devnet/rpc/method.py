"""How a method is described: what it is given and what answers it."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from edge_node.devnet.rpc.params import Param, read_params
from edge_node.devnet.rpc.served import Served
from edge_node.devnet.rpc.subscriptions import Subscription


class Method(NamedTuple):
    """One method: `answer(served, *params)`, the result as JSON takes it, now or awaited."""

    answer: Callable[..., Any]
    params: tuple[Param, ...] = ()

    async def ask(self, served: Served, given: Sequence[Any]) -> Any:
        """The result; RpcError, or what refusals.error_of knows."""
        answer = self.answer(served, *read_params(self.params, given))
        return await answer if inspect.isawaitable(answer) else answer


class Topic(NamedTuple):
    """One kind of subscription: what its notifications are called, and what begins it: `begin(served, it, *params)`."""

    note: str
    begin: Callable[..., None]
    end: tuple[str, ...]
    params: tuple[Param, ...] = ()

    def start(self, served: Served, subscription: Subscription, given: Sequence[Any]) -> None:
        """Begin it; errors as for a method."""
        self.begin(served, subscription, *read_params(self.params, given))
