"""What all connections share: the standing headers and the count of answers."""

from tests.serving.peer import echo, opened, opening
from tests.serving.rig import post, running, talk


async def test_every_answer_carries_the_standing_headers() -> None:
    """Server, date and nosniff stand in every response of a server, problems included."""
    async with running() as server:
        for answer in await talk(server, post(b"x"), b"GET /a/../b HTTP/1.1\r\n\r\n"):
            assert answer.headers["server"] == "edge-node"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["date"] == "Mon, 21 Sep 2026 14:13:20 GMT"


async def test_answers_are_counted() -> None:
    """A 101 like any other status."""
    async with running(opening(echo)) as server, opened(server):
        assert dict(server.answers) == {101: 1}
