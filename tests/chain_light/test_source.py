"""The port of the light client: every question is there, told, and names no transport."""

import inspect

from edge_node.chain_light.source import Source

QUESTIONS = {
    "block_hashes", "child_proof", "finality", "finalized", "genesis", "header", "keys_under", "metadata",
    "proof", "storage", "submit",
}  # fmt: skip
STREAMS = {"justifications"}
WHO = {"group", "url"}


def test_the_questions_are_these():
    """Who stands in for an endpoint knows what it will be asked."""
    members = {name for name in vars(Source) if not name.startswith("_")}
    assert members == QUESTIONS | STREAMS | WHO


def test_questions_are_asked_and_streams_are_opened():
    """A question is awaited; a stream is a context, so that who listens also says when to stop."""
    for name in QUESTIONS:
        assert inspect.iscoroutinefunction(getattr(Source, name)), name
    for name in STREAMS:
        assert "AbstractAsyncContextManager" in str(inspect.signature(getattr(Source, name)).return_annotation), name


def test_every_question_says_what_its_answer_is_worth():
    """A docstring for each: an answer is a hint or goes to a verifier, and the reader must know which."""
    assert all(inspect.getdoc(getattr(Source, name)) for name in QUESTIONS | STREAMS | WHO)
