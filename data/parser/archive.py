"""The parts of an XLSX archive, unpacked as they are read and counted as they come out.

What the archive says of its own sizes is not believed, and a part that nobody needs is
never unpacked. XML with a document type (which is how entities are defined) is refused.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from xml.parsers import expat  # a document type, and so every entity, is refused below

from data.limits import Limits, in_words
from data.parser.staged import bad, shown
from forecasting.errors import BadFiles

BLOCK = 1 << 16
LONGEST_TAG = 1 << 20
"""Bytes of one tag: expat goes over a tag from its beginning whenever more of it comes."""

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


class Archive:
    """An open archive.

    Raises
    ------
    BadFiles
        If it is none, or holds macros.
    """

    def __init__(self, file: int, label: str, limits: Limits, expected: str) -> None:
        self._label, self._limits, self._expected = label, limits, expected
        self._unpacked = 0
        opened = os.fdopen(os.dup(file), "rb")
        opened.seek(0)
        try:
            self._zip = zipfile.ZipFile(opened)
        except Exception as error:  # zipfile lets out what its unpacking of structs raises
            found = "a file that is not a workbook"
            if _is_protected(file):
                found = "a file with a password, or of an older kind (XLS)"
            raise bad(label, found, expected) from error
        names = self._zip.namelist()
        if len(names) > limits.members:
            raise bad(label, f"an archive of {len(names):,} parts", expected)
        if any(name.endswith("vbaProject.bin") for name in names):
            raise bad(label, "a workbook with macros", "an XLSX file without macros")

    def has(self, part: str) -> bool:
        """Whether there is such a part."""
        return part in self._zip.NameToInfo

    def parse(self, part: str, *, start: Start, end: End, text: Text) -> None:
        """Hand the elements of an XML part to whoever reads it, without their prefixes."""
        for _ in self.parsed(part, start=start, end=end, text=text):
            pass

    def parsed(self, part: str, *, start: Start, end: End, text: Text) -> Iterator[None]:
        """The same, stopping after every block so that what is there so far can be taken."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = lambda tag, attributes: start(_local(tag), attributes)
        parser.EndElementHandler = lambda tag: end(_local(tag))
        parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = self._no_doctype
        try:
            given = 0
            for block in self._blocks(part):
                parser.Parse(block, False)
                given += len(block)
                if given - parser.CurrentByteIndex > LONGEST_TAG:
                    raise self.broken(part, "a tag without an end")
                yield
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise self.broken(part, f"broken XML ({error})") from error
        yield

    def broken(self, part: str, found: str) -> BadFiles:
        """The refusal of a part."""
        return bad(self._label, f"{found} in {shown(part)}", self._expected)

    def _blocks(self, part: str) -> Iterator[bytes]:
        if not self.has(part):
            raise self.broken(part, "nothing")
        try:
            with self._zip.open(part) as opened:
                while block := opened.read(BLOCK):
                    self._count(len(block))
                    yield block
        except (
            zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError
        ) as error:  # fmt: skip
            raise self.broken(part, f"a broken archive ({error})") from error

    def _count(self, size: int) -> None:
        self._unpacked += size
        if self._unpacked > self._limits.unpacked:
            most = in_words(self._limits.unpacked)
            raise bad(self._label, f"a file that unpacks to more than {most}", "a smaller file")

    def _no_doctype(self, *_: object) -> None:
        raise bad(self._label, "XML with a document type", self._expected)


class Gathered:
    """The text of one cell as it comes; refused before it is longer than a value may be."""

    def __init__(self, label: str, most: int) -> None:
        self._label, self._most = label, most
        self._parts: list[str] = []
        self._size = 0

    def add(self, text: str) -> None:
        """Some more of it."""
        self._size += len(text)
        if self._size > self._most:
            found = f"a text of more than {self._most:,} characters"
            raise bad(self._label, found, "shorter texts")
        self._parts.append(text)

    def take(self) -> str:
        """All of it; the next one begins."""
        text = "".join(self._parts)
        self._parts, self._size = [], 0
        return text


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]


def _is_protected(file: int) -> bool:
    """Whether it is the container of protected and of old workbooks."""
    return os.pread(file, 8, 0) == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
