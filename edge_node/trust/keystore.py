"""Key files and system credentials: where a seed rests, and which files are too exposed to be believed.

A key file holds the seed as 64 lower-case hex digits and a line end, mode 0600, owned by who reads it.
"""

import errno
import os
import stat
from pathlib import Path

from edge_node.base.errors import Refusal
from edge_node.trust.signing_key import SEED_BYTES, SigningKey

_FILE_BYTES = 2 * SEED_BYTES + 1
_RIGHTS_OF_OTHER_USERS = stat.S_IRWXG | stat.S_IRWXO
_DIGITS = b"0123456789abcdef"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}


class KeyFileRefused(Refusal):
    """Root of the reasons why a key is not read or written; `path` names the file, never its content."""

    slug = "key-file-refused"
    status = 500

    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"key file {path}: {why}")


class KeyFileMissing(KeyFileRefused):
    """There is no such file."""

    slug = "key-file-missing"
    remedy = "Check the path in the settings; `edge-node init` makes a node key, `edge-node key new` any other."


class KeyFileExists(KeyFileRefused):
    """A key is never written over another."""

    slug = "key-file-exists"
    remedy = "Choose another path, or move the old key away if you are sure that nothing needs it."


class KeyFileExposed(KeyFileRefused):
    """Others than the owner have rights to the file: the key may be known to them."""

    slug = "key-file-exposed"
    remedy = "Run `chmod 600` on the file; if somebody else could have read it, make a new key."


class KeyFileForeign(KeyFileRefused):
    """The file is not this process's own: whoever owns it could change the key."""

    slug = "key-file-foreign"
    remedy = "Run as the user who owns the file, or give it to the node's user with `chown` and `chmod 600`."


class KeyFileNotPlain(KeyFileRefused):
    """A symbolic link, directory, pipe or device stands where a key file should be."""

    slug = "key-file-not-plain"
    remedy = "Name the file itself; links are not followed, since whoever owns the link would choose the key."


class KeyFileMalformed(KeyFileRefused):
    """The content is not a seed."""

    slug = "key-file-malformed"
    remedy = "Restore it from the backup: 64 lower-case hex digits and one line end, nothing else."


class CredentialMissing(Refusal):
    """The service manager handed over no credential of this name."""

    slug = "credential-missing"
    status = 500
    remedy = "Add LoadCredential= or LoadCredentialEncrypted= with this name to the unit, and restart it."

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"no system credential {name!r}")


def write_key_file(path: Path, key: SigningKey) -> None:
    """Write a new key file, durable on return; the directory must exist.

    KeyFileExists when something stands there, KeyFileMissing without the directory. Nothing is left behind on error.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError:
        raise KeyFileExists(path, "something stands there already") from None
    except FileNotFoundError:
        raise KeyFileMissing(path, "its directory does not exist") from None
    try:
        _write_seed(descriptor, key)
    except BaseException:
        path.unlink()
        raise
    finally:
        os.close(descriptor)
    _sync_directory(path.parent)


def read_key_file(path: Path) -> SigningKey:
    """The key of a file only its owner, this process's user, can touch; a KeyFileRefused says what is wrong."""
    return _read(path, _RIGHTS_OF_OTHER_USERS, os.geteuid())


def read_credential(name: str, directory: str | None) -> SigningKey:
    """The key in the credential `name`; `directory` is $CREDENTIALS_DIRECTORY, None when it is not set.

    The service manager owns the file and may grant it through an ACL, which shows as group bits: only rights of
    others are refused. Raises CredentialMissing or KeyFileRefused.
    """
    if not directory or not name or name in {".", ".."} or "/" in name or "\x00" in name:
        raise CredentialMissing(name)
    try:
        return _read(Path(directory, name), stat.S_IRWXO, None)
    except KeyFileMissing:
        raise CredentialMissing(name) from None


def _write_seed(descriptor: int, key: SigningKey) -> None:
    seed = key.copy_seed()
    text = bytearray(_FILE_BYTES)
    try:
        os.fchmod(descriptor, 0o600)  # a strange umask must not take the owner's own right to read
        for place, byte in enumerate(seed):
            text[2 * place], text[2 * place + 1] = _DIGITS[byte >> 4], _DIGITS[byte & 15]
        text[-1] = ord("\n")
        if os.write(descriptor, text) != _FILE_BYTES:
            raise OSError("the disk took only a part of the key file")
        os.fsync(descriptor)
    finally:
        _overwrite(seed, text)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path, forbidden: int, owner: int | None) -> SigningKey:
    descriptor = _open_plain(path)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise KeyFileNotPlain(path, "it is not a plain file")
        if owner is not None and status.st_uid != owner:
            raise KeyFileForeign(path, f"it belongs to user {status.st_uid}, this process is user {owner}")
        if status.st_mode & forbidden:
            raise KeyFileExposed(
                path, f"its mode is {stat.S_IMODE(status.st_mode):04o}, others than its owner have rights"
            )
        return _read_seed(path, descriptor)
    finally:
        os.close(descriptor)


def _open_plain(path: Path) -> int:
    try:
        # O_NONBLOCK: a pipe planted at the path would otherwise hold the start for ever.
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise KeyFileMissing(path, "there is no such file") from None
    except PermissionError:
        raise KeyFileForeign(path, "this process may not read it") from None
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO}:
            raise KeyFileNotPlain(path, "it is a symbolic link or a socket") from None
        raise


def _read_seed(path: Path, descriptor: int) -> SigningKey:
    text, seed = bytearray(_FILE_BYTES + 1), bytearray(SEED_BYTES)
    try:
        length = os.readv(descriptor, [text])
        if length != _FILE_BYTES or text[_FILE_BYTES - 1] != ord("\n"):
            raise KeyFileMalformed(path, f"it holds {_length(length)}, wants {_FILE_BYTES} with a line end last")
        # Digit by digit into a bytearray: bytes.fromhex would leave the seed in strings nobody can overwrite.
        for place in range(SEED_BYTES):
            high, low = _VALUES.get(text[2 * place]), _VALUES.get(text[2 * place + 1])
            if high is None or low is None:
                raise KeyFileMalformed(path, f"character {2 * place + 1} or the next is not a lower-case hex digit")
            seed[place] = high << 4 | low
        return SigningKey.from_seed(seed)
    finally:
        _overwrite(text, seed)


def _length(length: int) -> str:
    return f"{length} bytes" if length <= _FILE_BYTES else f"more than {_FILE_BYTES} bytes"


def _overwrite(*secrets: bytearray) -> None:
    for secret in secrets:
        secret[:] = bytes(len(secret))
