"""What stored content is served as: by its name, or by signatures on a closed list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.wire.content_type import OCTETS, SNIFF_BYTES, is_saved, type_of_content, type_of_name

# What a browser would run or lay out as a page of the origin it came from.
ACTIVE = ("text/html", "image/svg+xml", "application/xml", "text/xml", "application/xhtml+xml", "text/javascript")


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("a/b.c/Style.CSS", "text/css; charset=utf-8"),
        ("video.webm", "video/webm"),
        ("picture.tar.png", "image/png"),
        ("logo.svg", "image/svg+xml"),
        ("module.wasm", "application/wasm"),
    ],
)
def test_a_name_s_last_extension_tells_the_type(name: str, media_type: str) -> None:
    """Whatever its case and wherever the name lies."""
    assert type_of_name(name) == media_type


@pytest.mark.parametrize("name", ["", "README", ".html", "a/.html", "page.html/", "x.unknown", "html", "a.html/b"])
def test_a_name_without_a_known_extension_tells_nothing(name: str) -> None:
    """A hidden file's name is no extension, nor is a directory's."""
    assert type_of_name(name) is None


@pytest.mark.parametrize(
    ("start", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x18ftypmp42", "video/mp4"),
        (b"\x00\x00\x00\x18ftypavif", "image/avif"),
        (bytes.fromhex("1a45dfa39f4286810142f7810142f2810442f381084282847765626d"), "video/webm"),
        (b"OggS\x00\x02", "audio/ogg"),
        (b"%PDF-1.7", "application/pdf"),
    ],
)
def test_a_signature_tells_the_type(start: bytes, media_type: str) -> None:
    """With or without more bytes behind it."""
    assert type_of_content(start) == media_type
    assert type_of_content((start + bytes(SNIFF_BYTES))[:SNIFF_BYTES]) == media_type


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"<!DOCTYPE html><script>",
        b"<html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        b"<?xml version='1.0'?>",
        b"\xef\xbb\xbf<html>",
        b"alert(1)",
        b"{}",
        b" GIF89a",
        b"\x1aE\xdf\xa3 matroska",
        b"MZ",
        b"plain text",
    ],
)
def test_everything_else_is_bytes(start: bytes) -> None:
    """A page without a name is no page, and neither is a text or a program."""
    assert type_of_content(start) == OCTETS


@given(st.binary(max_size=SNIFF_BYTES))
def test_content_is_never_guessed_to_be_active(start: bytes) -> None:
    """No bytes make a browser run what has no name."""
    assert not type_of_content(start).startswith(ACTIVE)
    assert not type_of_content(b"<" + start).startswith(ACTIVE)


def test_what_a_sandboxed_page_cannot_show_is_saved() -> None:
    """Bytes of no known type and documents that need a viewer are kept as files; pages and media are shown."""
    assert [is_saved(one) for one in (OCTETS, "application/pdf", "image/png", "text/html; charset=utf-8")] == [
        True, True, False, False,
    ]  # fmt: skip
