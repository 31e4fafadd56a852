"""Lines of the log, as the journal takes them and as a terminal shows them."""

import os
import subprocess
import sys

import pytest

SAYS = """
import logging
from hems.runtime.log import begin
begin("info")
logging.getLogger("hems").info("all is well")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("hems").exception("it is not")
"""


@pytest.mark.parametrize("journal", [True, False])
def test_each_line_for_the_journal_says_how_grave_it_is_and_no_line_for_people_does(journal: bool) -> None:
    reading, writing = os.pipe()
    stream = os.fstat(writing)
    # given a service whose error stream is the journal, or a shell that has inherited the word of one
    told = f"{stream.st_dev}:{stream.st_ino + (not journal)}"
    subprocess.run([sys.executable, "-c", SAYS], stderr=writing, env=os.environ | {"JOURNAL_STREAM": told}, check=True)
    os.close(writing)
    with os.fdopen(reading) as said:
        lines = said.read().splitlines()
    if journal:
        assert lines[0] == "<6>hems: all is well"
        assert {line[:3] for line in lines[1:]} == {"<3>"}
    else:
        assert lines[0] == "INFO hems: all is well"
        assert not [line for line in lines if line.startswith("<")]
