"""The decoders under a fuzzer that follows their branches: whatever a wire delivers, there is a value or a reason."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

SECONDS = 20
FUZZ = """
import sys
import atheris
with atheris.instrument_imports(include=["drivers.modbus.codec", "drivers.profile.point"]):
    from drivers.modbus.codec import BadReading, coding, decode
    from drivers.profile.point import ReadSpec, decode as meant

TYPES = ["u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64"]
ORDERS = ["big", "little"]
SPECS = [
    ReadSpec(),
    ReadSpec(scale=0.1, nan=(0x7FFF, 0xFFFFFFFF), valid=(-1000.0, 1000.0)),
    ReadSpec(mask=0xF0, shift=4, map={"1": "on", "0x2": "off"}),
    ReadSpec(bit=3),
    ReadSpec(as_="bits", map={"0": "hot"}),
]

def once(data):
    given = atheris.FuzzedDataProvider(data)
    kind, word, byte = (given.PickValueInList(names) for names in (TYPES, ORDERS, ORDERS))
    how = coding(kind, word="big" if kind[1:] == "16" else word, byte=byte)
    words = [given.ConsumeIntInRange(-5, 70000) for _ in range(given.ConsumeIntInRange(0, 5))]
    try:
        raw = decode(how, words)
    except BadReading:
        return
    told = meant(given.PickValueInList(SPECS), raw, bits=how.bits, exponent=given.ConsumeIntInRange(-10, 10))
    assert told.value is not None or told.reason

atheris.Setup([sys.argv[0], "-max_total_time=%d" % int(sys.argv[1])], once)
atheris.Fuzz()
"""


@pytest.mark.soak
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed: pip install atheris (x86-64 only)")
def test_no_word_on_a_wire_breaks_a_decoder(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FUZZ, str(SECONDS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
