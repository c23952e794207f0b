"""The description of a service."""

import trio

from edge_node.supervise.service import Service, ServiceEnded, StopOverdue, cause_of


def test_a_service_is_required_and_well_unless_it_says_otherwise() -> None:
    """The careful defaults: the node does not go on without it."""
    service = Service(name="journal", run=trio.sleep_forever)
    assert service.required
    assert service.condition() == ""
    assert service.beat_s is None


def test_errors_carry_the_service() -> None:
    """Both facts name the service and what to do."""
    assert (ServiceEnded("media").name, str(ServiceEnded("media"))) == ("media", "service media ended by itself")
    overdue = StopOverdue("journal", 30.0)
    assert (overdue.name, overdue.deadline_s) == ("journal", 30.0)
    assert overdue.remedy


def test_the_cause_is_at_the_leaves() -> None:
    """A group's own words say nothing; what went wrong stands inside it."""
    group = ExceptionGroup("outer", [OSError("no camera"), ExceptionGroup("inner", [ValueError()])])
    assert cause_of(group) == "no camera; ValueError"
