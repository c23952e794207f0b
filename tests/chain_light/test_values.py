"""What reading may cost, and how a misfit says where it is."""

import pytest

from edge_node.chain_light.values import Budget, Chosen, ValueMisfit, ValueTooLarge


def test_a_budget_ends():
    """So many values and not one more, however they nest."""
    budget = Budget(values=2, depth=9)
    for _ in range(2):
        budget.enter()
        budget.leave()
    with pytest.raises(ValueTooLarge) as refused:
        budget.enter()
    assert (refused.value.what, refused.value.limit) == ("values", 2)


def test_depth_comes_back():
    """Leaving a level makes room for another; below the deepest there is none."""
    budget = Budget(values=9, depth=1)
    budget.enter()
    with pytest.raises(ValueTooLarge, match="1 levels"):
        budget.enter()
    budget = Budget(values=9, depth=1)
    for _ in range(3):
        budget.enter()
        budget.leave()


@pytest.mark.parametrize(("count", "fits"), [(5, True), (6, False)])
def test_a_list_is_refused_before_its_first_element(count, fits):
    """Elements of no bytes are counted before they are made."""
    budget = Budget(values=5)
    if fits:
        budget.afford(count)
    else:
        with pytest.raises(ValueTooLarge):
            budget.afford(count)


def test_a_misfit_names_its_place():
    """Seen from outside the path grows; with none, it is the value itself."""
    misfit = ValueMisfit("is missing", "host").inside("params").inside("create_node")
    assert misfit.where == ("create_node", "params", "host")
    assert str(misfit) == "create_node.params.host is missing"
    assert str(ValueMisfit("is no bool")) == "the value is no bool"


def test_chosen_is_a_value():
    """A variant without fields holds None; equal ones are equal, and none is a tuple."""
    assert Chosen("Full") == Chosen("Full", None) != Chosen("Storage")
    assert not isinstance(Chosen("Full"), tuple)
