"""Bytes in, values out: every format and protocol the node speaks, without a socket, a file or a clock."""
