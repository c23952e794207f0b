"""How the node is, for doors that are open before there is a supervisor to say it."""

from edge_node.gateway.status import Readiness
from edge_node.supervise import Beat, Health, Supervisor


class Status:
    """The open paths ask for health before there is a supervisor to give it."""

    supervisor: Supervisor | None = None

    def health(self) -> Health | None:
        """Every room's state; None as long as none was started."""
        return None if self.supervisor is None else self.supervisor.health()

    def beats(self) -> dict[str, Beat]:
        """The age of every promised heartbeat."""
        return {} if self.supervisor is None else self.supervisor.beats()

    def readiness(self) -> Readiness:
        """What `/readyz` says."""
        health = self.health()
        if health is None:
            return Readiness(ready=False, rooms={})
        rooms = {name: {"state": str(room.state), "reason": room.reason} for name, room in health.rooms.items()}
        return Readiness(health.ready, rooms)
