"""What the doors refuse by themselves: facts with a status, a remedy and data."""

import pytest

from edge_node.gateway import errors

EVERY: list[errors.GatewayRefusal] = [
    errors.SignatureMissing("Edge-Request", "docs/specs/signed-request.md"),
    errors.AttributeHeaders("ce-type"),
    errors.ContentEncodingRefused("gzip" * 100),
    errors.MalformedMessage("not base64"),
    errors.TypeNotJson(),
    errors.ServiceWorkerRefused(),
    errors.UnknownName("n" * 255, 2**64 - 1),
    errors.StreamMismatch("site/a", "site/b"),
    errors.BadParameter("from", "wants a decimal number"),
    errors.BearerInUrl("token"),
    errors.BadBearerRequest("seconds wants a number"),
    errors.BadSubscription("from wants a number"),
    errors.WrongNode(),
    errors.RequestExpired(400_000, 300_000),
    errors.SignedBeforeStart(2_500),
    errors.NonceReused(),
    errors.RequestForged(),
    errors.BodyDigestMismatch("baa", "bab"),
    errors.LoopbackOnly("10.0.0.7"),
    errors.NoRoom(10, 10),
    errors.NoRoomToAnswer(10, 5, 10),
]


def test_the_list_is_complete() -> None:
    """No refusal of the doors is left out below."""
    assert {type(error) for error in EVERY} == {
        one for one in errors.GatewayRefusal.__subclasses__() if one.__module__ == errors.__name__
    }


@pytest.mark.parametrize("error", EVERY, ids=lambda error: type(error).__name__)
def test_a_refusal_is_whole(error: errors.GatewayRefusal) -> None:
    """A slug, a client's status, a message of bounded length, and what to do."""
    assert 400 <= error.status < 500 or (error.status == 503 and error.retry_after_s)
    assert error.slug != "internal"
    assert 0 < len(str(error)) < 200
    assert error.remedy.endswith(".")


def test_the_missing_header_s_remedy_names_its_page() -> None:
    """Two headers, two specifications."""
    assert "signed-request.md" in EVERY[0].remedy
    assert "signed-event.md" in errors.SignatureMissing("Edge-Signature", "docs/specs/signed-event.md").remedy
