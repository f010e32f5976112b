"""Unpacks the parts of a zip file piece by piece, believing none of the sizes it states."""

import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from goldpan.errors import DataError
from sync.readers.limits import ReadLimits, as_mb, too_large
from sync.readers.opening import corrupt_file

_PACKED_BYTES = 128 * 1024
PIECE_BYTES = 2**20
"""The most that one step unpacks: deflate can blow up each packed byte into 1,032 (zlib's technical notes)."""
_LOCAL_HEADER_BYTES = 30  # of a zip part, before its name and extra field (APPNOTE.TXT 4.3.7)
_IS_ENCRYPTED = 0x1


class ZipGuard:
    """Counts what is really unpacked from one file and stops at the limit.

    The zip headers are written by whoever made the file, and readers differ in which of them they believe. So each
    part is inflated here to its real end; a part that is longer or shorter than stated is refused.
    """

    def __init__(self, file: BinaryIO, name: str, limits: ReadLimits) -> None:
        self._file = file
        self._name = name
        self._limits = limits
        self._unpacked_bytes = 0

    def pieces_of(self, part: zipfile.ZipInfo) -> Iterator[bytes]:
        """The unpacked content of one part, in pieces of at most ``PIECE_BYTES``; only a part read to its end counts.

        Raises:
            DataError: ``too_large`` when all parts so far exceed the limit; ``corrupt_file``.
        """
        part_bytes = 0
        for piece in self._inflate(part):
            part_bytes += len(piece)
            if self._unpacked_bytes + part_bytes > self._limits.max_unpacked_bytes:
                raise self._bomb()
            yield piece
        if part_bytes != part.file_size:
            raise corrupt_file(self._name, f"its part {part.filename} is {part_bytes:,} bytes, not {part.file_size:,}")
        self._unpacked_bytes += part_bytes

    def _inflate(self, part: zipfile.ZipInfo) -> Iterator[bytes]:
        if part.flag_bits & _IS_ENCRYPTED:
            raise DataError(
                "password_protected",
                f"{self._name}: the parts of this file are encrypted with a password; expected a workbook without one. "
                "Export it again without a password.",
            )
        packed = self._packed(part)
        if part.compress_type == zipfile.ZIP_STORED:
            yield from packed
            return
        if part.compress_type != zipfile.ZIP_DEFLATED:
            raise corrupt_file(self._name, f"its part {part.filename} is packed in a way that Excel does not use")
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        for block in packed:
            rest = block
            while not inflater.eof and (piece := inflater.decompress(rest, PIECE_BYTES)):
                rest = inflater.unconsumed_tail
                yield piece
        if not inflater.eof:
            raise corrupt_file(self._name, f"its part {part.filename} is cut short")

    def _packed(self, part: zipfile.ZipInfo) -> Iterator[bytes]:
        self._file.seek(part.header_offset)
        header = self._file.read(_LOCAL_HEADER_BYTES)
        if len(header) < _LOCAL_HEADER_BYTES or not header.startswith(b"PK\x03\x04"):
            raise corrupt_file(self._name, f"its part {part.filename} is not where the file says")
        name_bytes, extra_bytes = int.from_bytes(header[26:28], "little"), int.from_bytes(header[28:30], "little")
        self._file.seek(name_bytes + extra_bytes, 1)
        left = part.compress_size
        while left and (block := self._file.read(min(left, _PACKED_BYTES))):
            left -= len(block)
            yield block

    def _bomb(self) -> DataError:
        limit = as_mb(self._limits.max_unpacked_bytes)
        return too_large(self._name, f"the workbook unpacks to more than {limit}", limit, "max_unpacked_mb")
