"""ZIP containers, read with suspicion: the ground on which the DOCX and ODT checks stand.

``zipfile`` lists the entries, but it believes the sizes in the headers: an entry that states 1 KB and unpacks to 200 MB
ends quietly after 1 KB, while the recruiter's Word unpacks it all. So entries are unpacked here, byte for byte, and
what was stated is compared afterwards. Rules: ASVS 5.2.3 (bombs), 5.2.5 and 5.3.3 (symlinks, names that climb).
"""

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator

from files.checkers.budget import CHUNK, BadFile, Budget, inflate
from files.enums import Refusal

END_SIGNATURE = b"PK\x05\x06"
ENTRY_SIGNATURE = b"PK\x01\x02"
BLANK = b"\0\t\n\r \x1a"
"""Padding that mail gateways and block devices leave after a file."""
STRAY_BYTES = 32
"""Bytes left over by careless tools, too few to be another file."""
_END = struct.Struct("<4s4H2LH")
_LOCAL = struct.Struct("<4s5H3L2H")
_ENCRYPTED_FLAGS = 0x0001 | 0x0040 | 0x2000  # an entry's, strong, and the directory's own encryption
_UTF8_FLAG = 0x0800
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MARKUP = re.compile(rb"<\s*[!?/a-zA-Z]|%PDF-")
_FRONT = 4
"""Bytes before the first entry that old archivers leave: the mark of an archive in parts."""
_DIRECTORY_SLACK = 20
"""A directory is not even listed beyond so many times the allowed entries. Stored archives within the archive hold
entry signatures too, so the first count is generous."""


class Archive:
    """An opened ZIP: its entries by name, and the chunks of each. Names have forward slashes and no leading ``./``."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        """List the entries of ``data``. Raises ``BadFile``: too many entries, not whole, or followed by something."""
        self._data = memoryview(data)
        self._budget = budget
        self._unread: dict[str, zipfile.ZipInfo] = {}
        for info in _listing(data[: _end_of(data)], budget.limits.entries):
            name = _plain_name(info)
            if _CONTROL.search(info.orig_filename):
                raise BadFile(Refusal.DAMAGED, "an entry's name has control characters")
            if name in self._unread:
                raise BadFile(Refusal.DAMAGED, "two entries have one name")
            self._unread[name] = info
        self.entries = dict(self._unread)
        self._by_folded_name = {name.lower(): name for name in self.entries}

    def find(self, name: str) -> str | None:
        """The entry's name as it is spelt in the archive; part names do not care for case (OPC, ECMA-376-2 §6.2.2)."""
        return self._by_folded_name.get(name.lstrip("/").lower())

    def check_entries(self) -> None:
        """Refuse encrypted entries, symlinks, and names that are absolute or climb."""
        for name, info in self.entries.items():
            if info.flag_bits & _ENCRYPTED_FLAGS:
                raise BadFile(Refusal.ENCRYPTED, "an entry of the archive is encrypted")
            if stat.S_ISLNK(info.external_attr >> 16):
                raise BadFile(Refusal.DAMAGED, "an entry is a symbolic link")
            if _leaves_folder(name):
                raise BadFile(Refusal.DAMAGED, "an entry's name is absolute or climbs")

    def unread(self) -> list[str]:
        """Names of the entries that nobody has asked for yet, folders left out."""
        return [name for name in self._unread if not name.endswith("/")]

    def chunks(self, name: str) -> Iterator[bytes]:
        """The unpacked bytes of an entry, counted as they come, then compared with what its header states.

        Raises ``BadFile``: beyond the budget, or damaged.
        """
        info = self.entries[name]
        self._unread.pop(name, None)
        size = crc = 0
        try:
            for chunk in self._unpack(info):
                size += len(chunk)
                crc = zlib.crc32(chunk, crc)
                yield chunk
        except (zlib.error, EOFError, struct.error) as error:
            raise BadFile(Refusal.DAMAGED, f"an entry does not unpack: {type(error).__name__}") from None
        if (size, crc) != (info.file_size, info.CRC):
            raise BadFile(Refusal.DAMAGED, "an entry is not what its header states")

    def drain(self, name: str) -> None:
        """Unpack an entry that nobody looks into, so that it is counted and known to be whole."""
        for _chunk in self.chunks(name):
            pass

    def head(self, name: str, size: int) -> bytes:
        """The first ``size`` bytes of an entry, which is unpacked to its end."""
        head = b""
        for chunk in self.chunks(name):
            if len(head) < size:
                head = (head + chunk)[:size]
        return head

    def whole(self, name: str) -> bytes:
        """An entry unpacked, for what is looked into: the budget bounds it."""
        return b"".join(self.chunks(name))

    def _unpack(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        start = self._data_offset(info)
        packed = self._data[start : start + info.compress_size]
        if len(packed) < info.compress_size:
            raise EOFError
        if info.compress_type == zipfile.ZIP_DEFLATED:
            yield from inflate(packed, self._budget, wbits=-15)
        elif info.compress_type == zipfile.ZIP_STORED:
            for offset in range(0, len(packed), CHUNK):
                chunk = bytes(packed[offset : offset + CHUNK])
                self._budget.take_bytes(len(chunk))
                yield chunk
        else:  # OPC and ODF allow these two; bzip2 and lzma pack a bomb tighter still
            raise BadFile(Refusal.DAMAGED, "an entry is packed by another method")

    def _data_offset(self, info: zipfile.ZipInfo) -> int:
        """Where an entry's data begins, once its own header agrees with the directory on what it is called."""
        header = _LOCAL.unpack(self._data[info.header_offset : info.header_offset + _LOCAL.size])
        signature: bytes = header[0]
        flags: int = header[2]
        name_size: int = header[9]
        extra_size: int = header[10]
        if signature != b"PK\x03\x04":
            raise EOFError
        if flags & _ENCRYPTED_FLAGS:
            raise BadFile(Refusal.ENCRYPTED, "an entry of the archive is encrypted")
        start = info.header_offset + _LOCAL.size
        name = bytes(self._data[start : start + name_size])
        if name.decode("utf-8" if info.flag_bits & _UTF8_FLAG else "cp437", "replace") != info.orig_filename:
            raise BadFile(Refusal.DAMAGED, "an entry has two names")
        return start + name_size + extra_size


def count_archives(data: bytes) -> int:
    """How many archives lie in ``data`` whose end and directory agree, as an archiver would find them."""
    count, position = 0, data.find(END_SIGNATURE)
    while 0 <= position <= len(data) - _END.size:
        size: int = _END.unpack_from(data, position)[5]
        start = position - size
        count += size > 0 and start >= 0 and data.startswith(ENTRY_SIGNATURE, start)
        position = data.find(END_SIGNATURE, position + 1)
    return count


def _end_of(data: bytes) -> int:
    """Where the archive ends. Raises ``BadFile`` when it is cut short, or goes on: a tail is a second file (T4)."""
    position = data.rfind(END_SIGNATURE)
    if position < 0 or len(data) < position + _END.size:
        raise BadFile(Refusal.DAMAGED, "the archive has no end")
    comment_size: int = _END.unpack_from(data, position)[-1]
    end = position + _END.size + comment_size
    tail = data[end:].strip(BLANK)
    if _MARKUP.search(data[position:end]):
        raise BadFile(Refusal.DAMAGED, "markup in the archive's comment")
    if len(data) < end or len(tail) > STRAY_BYTES or b"<" in tail:
        raise BadFile(Refusal.DAMAGED, "the archive does not end where it says")
    return end


def _listing(data: bytes, most: int) -> list[zipfile.ZipInfo]:
    """The archive's directory. Raises ``BadFile`` when it is too long or cannot be read."""
    too_many = BadFile(Refusal.UNPACKS_TOO_BIG, "too many entries")
    if data.count(ENTRY_SIGNATURE) > most * _DIRECTORY_SLACK:
        raise too_many
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as container:
            entries = container.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, EOFError, OverflowError) as error:
        raise BadFile(Refusal.DAMAGED, f"the archive does not open: {type(error).__name__}") from None
    if len(entries) > most:
        raise too_many
    if entries and min(info.header_offset for info in entries) > _FRONT:
        raise BadFile(Refusal.DAMAGED, "something lies before the archive")
    return entries


def _plain_name(info: zipfile.ZipInfo) -> str:
    """An entry's name with forward slashes: some .NET tools write the other kind."""
    name = info.filename.replace("\\", "/")
    while name.startswith("./"):
        name = name[2:]
    return name


def _leaves_folder(name: str) -> bool:
    return name.startswith("/") or name[1:2] == ":" or ".." in name.split("/")
