"""SunSpec inverters built word by word from the model definitions, for tests."""

from tests.drivers.bench import Unit

MARK = (0x5375, 0x6E53)
UNKNOWN_U16, UNKNOWN_S16 = 0xFFFF, 0x8000


def minus(exponent: int) -> int:
    return 0x10000 - exponent


def common() -> list[int]:
    """Model 1 with an empty name plate."""
    return [1, 66, *[0] * 66]


def inverter_103(**points: int) -> list[int]:
    """Integer three-phase inverter: 50 registers after the header."""
    offsets = {"PhVphA": 10, "PhVphB": 11, "PhVphC": 12, "W": 14, "Hz": 16, "St": 38}
    words = [103, 50, *[UNKNOWN_U16] * 50]
    words[13], words[15], words[17], words[26] = minus(1), 0, minus(2), 0
    words[24:26] = [0, 0]
    words[14] = UNKNOWN_S16
    for name, value in points.items():
        if name == "WH":
            words[24:26] = [value >> 16, value & 0xFFFF]
        elif name in offsets:
            words[offsets[name]] = value & 0xFFFF
        else:
            words[{"W_SF": 15, "V_SF": 13}[name]] = value & 0xFFFF
    return words


def nameplate_120(rated_w: int, exponent: int = 0) -> list[int]:
    words = [120, 26, *[UNKNOWN_U16] * 26]
    words[2], words[3], words[4] = 4, rated_w, exponent & 0xFFFF
    return words


def status_122(connected: int) -> list[int]:
    words = [122, 44, *[0] * 44]
    words[4] = connected
    return words


def controls_123() -> list[int]:
    words = [123, 24, *[0] * 24]
    words[23] = minus(1)
    return words


def measured_701(watts: int, *, mode: int = 0, connected: int = 1, energy_wh: int = 0) -> list[int]:
    words = [701, 153, *[0] * 153]
    words[4], words[5] = 3, connected
    words[8:10] = [mode >> 16, mode & 0xFFFF]
    words[10] = watts & 0xFFFF
    words[17:19] = [0, 50020]
    words[19:23] = [0, 0, energy_wh >> 16, energy_wh & 0xFFFF]
    words[47], words[70], words[93] = 2301, 2302, 2303
    words[114], words[115], words[116], words[120] = minus(1), minus(3), 1, 0
    return words


def rating_702(rated_w: int) -> list[int]:
    words = [702, 50, *[UNKNOWN_U16] * 50]
    words[2], words[26], words[45] = rated_w, rated_w, 1
    return words


def controls_704() -> list[int]:
    words = [704, 65, *[0] * 65]
    words[54] = minus(2)
    return words


def controls_715() -> list[int]:
    return [715, 7, *[0] * 7]


def text(letters: str, registers: int) -> list[int]:
    octets = letters.encode("ascii").ljust(2 * registers, b"\0")
    return [int.from_bytes(octets[place : place + 2], "big") for place in range(0, len(octets), 2)]


def unit(*models: list[int], base: int = 40000) -> Unit:
    """A device that keeps these models in a row."""
    inverter = Unit()
    inverter.put("holding", base, *MARK, *[word for model in models for word in model], 0xFFFF, 0)
    return inverter


def place(inverter: Unit, model: int, offset: int) -> int:
    """The address of one point of one model, found by looking at the registers as they are."""
    start = min(inverter.holding) + 2
    while inverter.holding[start] != model:
        start += 2 + inverter.holding[start + 1]
    return start + offset
