"""The restart budget's arithmetic."""

from edge_node.supervise.budget import RestartBudget


def test_pauses_double_up_to_the_longest() -> None:
    """The first restart is soon, later ones rarer, none rarer than the longest pause."""
    budget = RestartBudget(restarts=5, window_s=100, first_s=1, longest_s=6)
    assert [budget.take(now) for now in (0, 1, 2, 3, 4)] == [1, 2, 4, 6, 6]


def test_a_spent_budget_says_no_until_the_window_has_passed() -> None:
    """At the limit there is no further restart; what is older than the window is forgiven."""
    budget = RestartBudget(restarts=2, window_s=100)
    assert [budget.take(now) for now in (0, 50)] == [1, 2]
    assert budget.take(99.9) is None
    assert budget.take(100) == 2


def test_fresh_terms_share_nothing() -> None:
    """One service's restarts are not another's."""
    budget = RestartBudget(restarts=1, first_s=3)
    budget.take(0)
    assert budget.fresh().take(0) == 3
