"""Files: owner-only, replaced in one step, never executed."""

import json
import os
import pickle
import stat
from pathlib import Path

import pytest

from whimbrel_cookies import CookieFileError
from whimbrel_cookies._file import read_rows, write_rows

ROWS = [{"name": "a"}, {"name": "b"}]


def test_rows_come_back(tmp_path: Path) -> None:
    file = str(tmp_path / "jar.json")
    write_rows(file, ROWS)
    assert list(read_rows(file)) == ROWS
    content = json.loads(Path(file).read_text("ascii"))
    assert (content["format"], content["version"]) == ("whimbrel-cookies", 1)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_only_the_owner_may_read_even_what_was_open_before(tmp_path: Path) -> None:
    file = tmp_path / "jar.json"
    file.write_text("{}")
    file.chmod(0o666)
    write_rows(str(file), ROWS)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    file = tmp_path / "jar.json"
    file.mkdir()
    (file / "x").touch()
    with pytest.raises(OSError):
        write_rows(str(file), ROWS)
    assert [entry.name for entry in tmp_path.iterdir()] == ["jar.json"]


def test_a_relative_path_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_rows("jar.json", ROWS)
    assert list(read_rows("jar.json")) == ROWS


class Bomb:
    def __reduce__(self) -> tuple[object, ...]:
        return (exec, ("raise SystemExit('executed')",))


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_are_refused_with_a_way_out(tmp_path: Path, protocol: int) -> None:
    file = tmp_path / "jar.pickle"
    file.write_bytes(pickle.dumps(Bomb(), protocol))
    with pytest.raises(CookieFileError, match=r"aiohttp 3\.14"):
        read_rows(str(file))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"1",
        b"null",
        b"\xff\xfe\xfd",
        b"[" * 100_000,
        b'{"format": "whimbrel-cookies"}',
        b'{"format": "whimbrel-cookies", "version": 2, "cookies": []}',
        b'{"format": "whimbrel-cookies", "version": 1, "cookies": {}}',
        b'{"format": "other"}',
        pickle.dumps({"a": 1}, 0),
    ],
    ids=range(12),
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "jar.json"
    file.write_bytes(content)
    with pytest.raises(CookieFileError) as caught:
        read_rows(str(file))
    assert caught.value.path == str(file)


def test_entries_that_are_no_rows_become_empty_ones(tmp_path: Path) -> None:
    file = tmp_path / "jar.json"
    file.write_text('{"format": "whimbrel-cookies", "version": 1, "cookies": [1, null, [], {"name": "a"}]}')
    assert list(read_rows(str(file))) == [{}, {}, {}, {"name": "a"}]


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_rows(str(tmp_path / "none"))
