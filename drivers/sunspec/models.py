"""Where the points of the SunSpec models that hems uses lie: offset from the model's ID register, type, scale factor.

Source: the SunSpec model definitions as published by the SunSpec Alliance (github.com/sunspec/models, Apache-2.0);
a test compares every line with pysunspec2's copy of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.modbus.codec import Coding, Type, coding


@dataclass(frozen=True, slots=True)
class PointDef:
    """One point of one model."""

    offset: int
    type: str
    exponent: str | None = None
    """The point that holds its power of ten."""

    def coding(self) -> Coding:
        """How it lies in registers; SunSpec is big endian throughout."""
        return coding(TYPES[self.type][0])


TYPES: Mapping[str, tuple[Type, tuple[int, ...]]] = {
    "int16": ("s16", (0x8000,)),
    "uint16": ("u16", (0xFFFF,)),
    "enum16": ("u16", (0xFFFF,)),
    "bitfield16": ("u16", (0xFFFF,)),
    "sunssf": ("s16", (0x8000,)),
    "int32": ("s32", (0x80000000,)),
    "uint32": ("u32", (0xFFFFFFFF,)),
    "bitfield32": ("u32", (0xFFFFFFFF,)),
    "uint64": ("u64", (0xFFFFFFFFFFFFFFFF,)),
    "acc32": ("u32", (0,)),
    "float32": ("f32", ()),
}
"""Coding and the value that means "not implemented" (for float32 that is NaN)."""

P = PointDef

INVERTER = {
    "A_SF": P(6, "sunssf"),
    "PhVphA": P(10, "uint16", "V_SF"),
    "PhVphB": P(11, "uint16", "V_SF"),
    "PhVphC": P(12, "uint16", "V_SF"),
    "V_SF": P(13, "sunssf"),
    "W": P(14, "int16", "W_SF"),
    "W_SF": P(15, "sunssf"),
    "Hz": P(16, "uint16", "Hz_SF"),
    "Hz_SF": P(17, "sunssf"),
    "WH": P(24, "acc32", "WH_SF"),
    "WH_SF": P(26, "sunssf"),
    "St": P(38, "enum16"),
    "Evt1": P(40, "bitfield32"),
}
INVERTER_FLOAT = {
    "PhVphA": P(16, "float32"),
    "PhVphB": P(18, "float32"),
    "PhVphC": P(20, "float32"),
    "W": P(22, "float32"),
    "Hz": P(24, "float32"),
    "WH": P(32, "float32"),
    "St": P(48, "enum16"),
    "Evt1": P(50, "bitfield32"),
}
MODELS: Mapping[int, Mapping[str, PointDef]] = {
    101: INVERTER,
    102: INVERTER,
    103: INVERTER,
    111: INVERTER_FLOAT,
    112: INVERTER_FLOAT,
    113: INVERTER_FLOAT,
    120: {"DERTyp": P(2, "enum16"), "WRtg": P(3, "uint16", "WRtg_SF"), "WRtg_SF": P(4, "sunssf")},
    121: {"WMax": P(2, "uint16", "WMax_SF"), "WMax_SF": P(22, "sunssf")},
    122: {"PVConn": P(2, "bitfield16"), "ECPConn": P(4, "bitfield16")},
    123: {
        "Conn_RvrtTms": P(3, "uint16"),
        "Conn": P(4, "enum16"),
        "WMaxLimPct": P(5, "uint16", "WMaxLimPct_SF"),
        "WMaxLimPct_WinTms": P(6, "uint16"),
        "WMaxLimPct_RvrtTms": P(7, "uint16"),
        "WMaxLimPct_RmpTms": P(8, "uint16"),
        "WMaxLim_Ena": P(9, "enum16"),
        "WMaxLimPct_SF": P(23, "sunssf"),
    },
    701: {
        "InvSt": P(4, "enum16"),
        "ConnSt": P(5, "enum16"),
        "Alrm": P(6, "bitfield32"),
        "DERMode": P(8, "bitfield32"),
        "W": P(10, "int16", "W_SF"),
        "Hz": P(17, "uint32", "Hz_SF"),
        "TotWhInj": P(19, "uint64", "TotWh_SF"),
        "VL1": P(47, "uint16", "V_SF"),
        "VL2": P(70, "uint16", "V_SF"),
        "VL3": P(93, "uint16", "V_SF"),
        "V_SF": P(114, "sunssf"),
        "Hz_SF": P(115, "sunssf"),
        "W_SF": P(116, "sunssf"),
        "TotWh_SF": P(120, "sunssf"),
    },
    702: {
        "WMaxRtg": P(2, "uint16", "W_SF"),
        "IntIslandCatRtg": P(25, "bitfield16"),
        "WMax": P(26, "uint16", "W_SF"),
        "W_SF": P(45, "sunssf"),
    },
    704: {
        "WMaxLimPctEna": P(14, "enum16"),
        "WMaxLimPct": P(15, "uint16", "WMaxLimPct_SF"),
        "WMaxLimPctRvrt": P(16, "uint16", "WMaxLimPct_SF"),
        "WMaxLimPctEnaRvrt": P(17, "enum16"),
        "WMaxLimPctRvrtTms": P(18, "uint32"),
        "WMaxLimPctRvrtRem": P(20, "uint32"),
        "WMaxLimPct_SF": P(54, "sunssf"),
    },
}


def split(name: str) -> tuple[int, str]:
    """`704.WMaxLimPct` as model and point.

    Raises:
        ValueError: hems does not know it.
    """
    model, _, point = name.partition(".")
    if not model.isdecimal() or point not in MODELS.get(int(model), {}):
        raise ValueError(f"'{name}' is no SunSpec point that hems knows; write MODEL.POINT, such as 103.W")
    return int(model), point
