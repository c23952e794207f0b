"""The media type of stored content: by its name's extension, else by a closed list of leading bytes; never a guess.

What a browser would run (HTML, SVG, XML, scripts) is told by a name alone: whoever stores bytes without one gets them
served as bytes. The signatures: WHATWG MIME Sniffing Standard, section 6, and the texts of the formats themselves.
"""

import re
from collections.abc import Mapping

OCTETS = "application/octet-stream"
SNIFF_BYTES = 64  # the longest signature below, a WebM's document type, lies within these

_TEXT = "; charset=utf-8"
_BY_EXTENSION: Mapping[str, str] = {
    "7z": "application/x-7z-compressed",
    "aac": "audio/aac",
    "apng": "image/apng",
    "avif": "image/avif",
    "bmp": "image/bmp",
    "css": "text/css" + _TEXT,
    "csv": "text/csv" + _TEXT,
    "flac": "audio/flac",
    "gif": "image/gif",
    "glb": "model/gltf-binary",
    "gltf": "model/gltf+json",
    "gz": "application/gzip",
    "htm": "text/html" + _TEXT,
    "html": "text/html" + _TEXT,
    "ico": "image/x-icon",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "js": "text/javascript" + _TEXT,
    "json": "application/json",
    "m3u8": "application/vnd.apple.mpegurl",
    "m4a": "audio/mp4",
    "m4s": "video/iso.segment",
    "m4v": "video/mp4",
    "map": "application/json",
    "md": "text/markdown" + _TEXT,
    "mjs": "text/javascript" + _TEXT,
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "mpd": "application/dash+xml",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "ogv": "video/ogg",
    "opus": "audio/ogg",
    "otf": "font/otf",
    "parquet": "application/vnd.apache.parquet",
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "tar": "application/x-tar",
    "ts": "video/mp2t",
    "ttf": "font/ttf",
    "txt": "text/plain" + _TEXT,
    "vtt": "text/vtt" + _TEXT,
    "wasm": "application/wasm",
    "wav": "audio/wav",
    "weba": "audio/webm",
    "webm": "video/webm",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "xml": "application/xml",
    "zip": "application/zip",
}

# Each is matched at the first byte.
_BY_START: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), media_type)
    for pattern, media_type in (
        (rb"\x89PNG\r\n\x1a\n", "image/png"),
        (rb"\xff\xd8\xff", "image/jpeg"),
        (rb"GIF8[79]a", "image/gif"),
        (rb"RIFF....WEBP", "image/webp"),
        (rb"RIFF....WAVE", "audio/wav"),
        (rb"....ftyp(?:avif|avis)", "image/avif"),
        (rb"....ftypM4A ", "audio/mp4"),
        (rb"....ftyp(?:isom|iso[2-9]|mp4[12]|avc1|dash|M4V )", "video/mp4"),
        (rb"\x1aE\xdf\xa3.{0,40}?\x42\x82.{1,8}?webm", "video/webm"),
        (rb"OggS\x00", "audio/ogg"),
        (rb"ID3", "audio/mpeg"),
        (rb"fLaC", "audio/flac"),
        (rb"%PDF-", "application/pdf"),
        (rb"wOF2", "font/woff2"),
        (rb"wOFF", "font/woff"),
        (rb"PK\x03\x04", "application/zip"),
        (rb"\x1f\x8b\x08", "application/gzip"),
        (rb"\x00asm\x01\x00\x00\x00", "application/wasm"),
    )
)
# Browsers have no safe place for these inside a page: a sandboxed document may not start a viewer.
_SAVED = frozenset({OCTETS, "application/pdf", "application/zip", "application/gzip", "application/x-tar",
                    "application/x-7z-compressed", "application/xml", "application/vnd.apache.parquet"})  # fmt: skip


def type_of_name(name: str) -> str | None:
    """The type that the last extension of `name` stands for; None for one that says nothing."""
    stem, dot, extension = name.rpartition("/")[2].rpartition(".")
    return _BY_EXTENSION.get(extension.lower()) if dot and stem else None


def type_of_content(start: bytes) -> str:
    """The type that the first SNIFF_BYTES of content are a signature of; OCTETS for everything else."""
    return next((media_type for pattern, media_type in _BY_START if pattern.match(start)), OCTETS)


def is_saved(media_type: str) -> bool:
    """Whether a browser that is sent to such content keeps it as a file, and does not show it."""
    return media_type in _SAVED
