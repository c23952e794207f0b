"""How often, and how soon, a service may be started again (pure)."""

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class RestartBudget:
    """At most `restarts` in `window_s` seconds, the pause doubling from `first_s` to `longest_s`.

    The defaults let a service outlive a broken cable for an hour and give up on one that dies at once, for ever.
    """

    restarts: int = 8
    window_s: float = 600.0
    first_s: float = 1.0
    longest_s: float = 60.0
    _spent: deque[float] = field(default_factory=deque)

    def take(self, now: float) -> float | None:
        """The pause before the next start, in seconds; None when the budget is spent. `now` is monotonic seconds."""
        while self._spent and now - self._spent[0] >= self.window_s:
            self._spent.popleft()
        if len(self._spent) >= self.restarts:
            return None
        pause = min(self.longest_s, self.first_s * 2.0 ** len(self._spent))
        self._spent.append(now)
        return pause

    def fresh(self) -> "RestartBudget":
        """The same terms with nothing spent: each service has its own."""
        return RestartBudget(self.restarts, self.window_s, self.first_s, self.longest_s)
