"""The reserve file: blocks held back so that there is room to delete when everything else is full."""

import errno

from edge_node.journal.files import FileLayer
from edge_node.paths import Paths

_CANNOT_ALLOCATE = {errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}


class Ballast:
    """The file `reserve`; blocking, used by the writer's thread alone."""

    def __init__(self, paths: Paths, files: FileLayer) -> None:
        self._paths, self._files = paths, files
        self.held = paths.reserve.name in files.names(paths.root)

    def release(self) -> None:
        """Give the blocks back to the file system."""
        if self.held:
            self._files.unlink(self._paths.reserve)
            self.held = False

    def restore(self, size: int) -> None:
        """Take the blocks again; without enough of them, take none and stay released."""
        if self.held or not size:
            return
        descriptor = self._files.create(self._paths.reserve)
        try:
            self._files.allocate(descriptor, 0, size)
            self.held = True
        except OSError as error:
            self._files.unlink(self._paths.reserve)
            # A file system that cannot reserve blocks has no ballast; a full one gets it later.
            if error.errno not in {*_CANNOT_ALLOCATE, errno.ENOSPC, errno.EDQUOT}:
                raise
        finally:
            self._files.close(descriptor)
