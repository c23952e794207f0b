"""Key files and credentials: durable, private, and refused with a remedy when they are not."""

import os
import socket
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.trust.keystore import (
    CredentialMissing,
    KeyFileExists,
    KeyFileExposed,
    KeyFileForeign,
    KeyFileMalformed,
    KeyFileMissing,
    KeyFileNotPlain,
    read_credential,
    read_key_file,
    write_key_file,
)
from edge_node.trust.signing_key import KeyClosed, SigningKey

SEED = bytes(range(32))
TEXT = SEED.hex() + "\n"


def place(path: Path, text: str | bytes = TEXT, mode: int = 0o600) -> Path:
    """Put a file with this content and mode at a path."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def test_a_written_key_is_read_back(tmp_path):
    """The file is 64 hex digits and a line end, mode 0600, and gives the same key."""
    path = tmp_path / "node.key"
    write_key_file(path, SigningKey.from_seed(SEED))
    assert path.read_text() == TEXT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key_file(path).copy_seed() == SEED


@given(st.binary(min_size=32, max_size=32))
def test_any_seed_round_trips(tmp_path_factory, seed):
    """Every seed survives the file."""
    path = tmp_path_factory.mktemp("keys") / "k"
    write_key_file(path, SigningKey.from_seed(seed))
    assert read_key_file(path).copy_seed() == seed


@pytest.mark.parametrize("umask", [0o000, 0o277, 0o777])
def test_the_mode_does_not_depend_on_the_umask(tmp_path, umask):
    """Neither a loose nor a strange umask changes the mode."""
    before = os.umask(umask)
    try:
        write_key_file(tmp_path / "k", SigningKey.from_seed(SEED))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600


def test_the_file_and_its_directory_are_synced(tmp_path, monkeypatch):
    """A key that is reported written survives a power cut: the file is synced, then its directory."""
    synced: list[int] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(stat.S_IFMT(os.fstat(descriptor).st_mode))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    write_key_file(tmp_path / "k", SigningKey.from_seed(SEED))
    assert synced == [stat.S_IFREG, stat.S_IFDIR]


def test_a_key_is_never_written_over_something(tmp_path):
    """A file, a link to nowhere and a directory at the path are left as they are."""
    place(tmp_path / "file", "precious")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    for name in ("file", "link", "folder"):
        with pytest.raises(KeyFileExists):
            write_key_file(tmp_path / name, SigningKey.from_seed(SEED))
    assert (tmp_path / "file").read_text() == "precious"
    assert not (tmp_path / "nowhere").exists()


def test_a_key_that_cannot_be_written_leaves_nothing(tmp_path):
    """A closed key ends in an error and no file; a missing directory is named."""
    key = SigningKey.from_seed(SEED)
    key.close()
    with pytest.raises(KeyClosed):
        write_key_file(tmp_path / "k", key)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyFileMissing, match="directory"):
        write_key_file(tmp_path / "none" / "k", SigningKey.from_seed(SEED))


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o644, 0o777])
def test_rights_of_others_are_refused(tmp_path, mode):
    """Any right of group or others refuses the file and says chmod 600."""
    path = place(tmp_path / "k", mode=mode)
    with pytest.raises(KeyFileExposed, match=f"{mode:04o}") as refused:
        read_key_file(path)
    assert "chmod 600" in refused.value.remedy
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_rights_of_the_owner_are_free(tmp_path, mode):
    """What the owner may do is the owner's business."""
    assert read_key_file(place(tmp_path / "k", mode=mode)).copy_seed() == SEED


@pytest.mark.needs_root
def test_a_file_of_another_user_is_refused(tmp_path):
    """The file must be this process's own."""
    path = place(tmp_path / "k")
    os.chown(path, 12_345, -1)
    with pytest.raises(KeyFileForeign, match="12345") as refused:
        read_key_file(path)
    assert "chown" in refused.value.remedy


def test_a_link_is_not_followed(tmp_path):
    """A symbolic link to a good key file is refused."""
    place(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(KeyFileNotPlain):
        read_key_file(tmp_path / "link")


def test_what_is_no_file_is_refused(tmp_path):
    """A directory, a pipe and a socket are refused, and the pipe does not hold the reader."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe", 0o600)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        for name in ("folder", "pipe", "socket"):
            with pytest.raises(KeyFileNotPlain):
                read_key_file(tmp_path / name)


@pytest.mark.parametrize("name", ["none", "none/k", "file/k"])
def test_a_missing_file_is_named(tmp_path, name):
    """No file, no directory, or a file for a directory: the path is named and init suggested."""
    place(tmp_path / "file")
    with pytest.raises(KeyFileMissing, match=name) as refused:
        read_key_file(tmp_path / name)
    assert "init" in refused.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        SEED.hex(),
        SEED.hex().upper() + "\n",
        SEED.hex() + "\r\n",
        SEED.hex() + "\n\n",
        SEED.hex() + " ",
        " " + SEED.hex(),
        SEED.hex()[:-1] + "\n",
        SEED.hex()[:-1] + "g\n",
        SEED.hex()[:-2] + "\n\n\n",
        "0x" + SEED.hex()[:62] + "\n",
        TEXT * 1000,
        SEED,
        b"\x00" * 65,
        b"\xff" * 64 + b"\n",
    ],
)
def test_malformed_content_is_refused_and_not_shown(tmp_path, text):
    """Only the exact form is read, and the error does not repeat what stands in the file."""
    with pytest.raises(KeyFileMalformed) as refused:
        read_key_file(place(tmp_path / "k", text))
    assert SEED.hex()[:16] not in str(refused.value)
    assert SEED.hex()[:16] not in refused.value.remedy


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o600])
def test_a_credential_is_read(tmp_path, mode):
    """A credential file gives its key, also when an ACL shows as group bits."""
    place(tmp_path / "node-key", mode=mode)
    assert read_credential("node-key", str(tmp_path)).copy_seed() == SEED


def test_an_exposed_or_malformed_credential_is_refused(tmp_path):
    """The rules of content and of plain files hold for credentials too."""
    place(tmp_path / "open", mode=0o444)
    place(tmp_path / "bad", "x")
    (tmp_path / "link").symlink_to(tmp_path / "bad")
    for name, error in (("open", KeyFileExposed), ("bad", KeyFileMalformed), ("link", KeyFileNotPlain)):
        with pytest.raises(error):
            read_credential(name, str(tmp_path))


@pytest.mark.parametrize("name", ["", ".", "..", "../k", "/etc/passwd", "a/b", "none", "a\x00b"])
def test_a_credential_that_is_not_there(tmp_path, name):
    """An unknown name, or one that leaves the directory, is missing; so is everything without a directory."""
    place(tmp_path / "k")
    for directory in (str(tmp_path), None, ""):
        with pytest.raises(CredentialMissing) as refused:
            read_credential(name, directory)
        assert "LoadCredential" in refused.value.remedy
