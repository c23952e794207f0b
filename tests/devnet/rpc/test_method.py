"""How methods and topics are described."""

from edge_node.devnet.rpc.method import Method, Topic
from edge_node.devnet.rpc.params import Optional, number


async def test_a_method_answers_now_or_later():
    """Plain and awaited, with what it is given."""

    async def later(_served, value):
        return value + 1

    assert await Method(lambda _served, value: value, (number,)).ask(None, ["0x5"]) == 5
    assert await Method(later, (number,)).ask(None, [5]) == 6


def test_a_topic_begins_with_its_parameters():
    """Those that may be missing are None."""
    begun = []
    topic = Topic("note", lambda *given: begun.append(given), ("end",), (Optional(number),))
    topic.start("served", "subscription", [])
    assert begun == [("served", "subscription", None)]
