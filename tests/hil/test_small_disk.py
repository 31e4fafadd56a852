"""A disk that really fills."""

import errno
import os
from pathlib import Path

import pytest

from hil.small_disk import mounted


@pytest.mark.skipif(os.geteuid() != 0, reason="a file system may be mounted by root only")
def test_a_full_disk_refuses_a_single_octet_and_takes_it_again_once_there_is_room(tmp_path: Path) -> None:
    with mounted(tmp_path / "state", wanted=True) as disk:
        if disk is None:
            pytest.skip("nothing may be mounted here")
        disk.fill(True)
        with pytest.raises(OSError, match="No space") as refused, (tmp_path / "state/one").open("wb") as file:
            file.write(b"1")
        assert refused.value.errno == errno.ENOSPC
        disk.fill(False)
        assert (tmp_path / "state/one").write_bytes(b"1") == 1
    assert not (tmp_path / "state/one").exists()
