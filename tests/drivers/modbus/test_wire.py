"""Octets and their meaning, with the library as the judge: what it sends is taken as it means it, and nothing else."""

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu import bit_message as of_bits
from pymodbus.pdu import register_message as of_registers

from drivers.modbus.envelope import Envelope, RtuEnvelope, TcpEnvelope
from drivers.modbus.errors import Garbled, LinkError, Refusal
from drivers.modbus.frame import Frame, ReadFrame, Space, WriteFrame
from drivers.modbus.wire import Question, Words

ANSWERS = {
    Space.COIL: of_bits.ReadCoilsResponse,
    Space.DISCRETE: of_bits.ReadDiscreteInputsResponse,
    Space.HOLDING: of_registers.ReadHoldingRegistersResponse,
    Space.INPUT: of_registers.ReadInputRegistersResponse,
}
ENVELOPES: list[tuple[Envelope, type]] = [(TcpEnvelope(), FramerSocket), (RtuEnvelope(), FramerRTU)]
NUMBER, UNIT = 4711, 7

words = some.integers(0, 0xFFFF)
spaces = some.sampled_from(list(Space))
either_way = pytest.mark.parametrize(("envelope", "library"), ENVELOPES, ids=["tcp", "rtu"])


@some.composite
def reads(draw: some.DrawFn) -> tuple[ReadFrame, Words]:
    """A question and the values that answer it."""
    space = draw(spaces)
    value = some.integers(0, 1) if space.of_bits else words
    values = draw(some.lists(value, min_size=1, max_size=125))
    return ReadFrame(UNIT, space, draw(some.integers(0, 0xFF00)), len(values)), tuple(values)


@some.composite
def writes(draw: some.DrawFn) -> WriteFrame:
    space = draw(some.sampled_from([Space.COIL, Space.HOLDING]))
    single = draw(some.booleans())
    value = some.integers(0, 1) if space is Space.COIL else words
    values = draw(some.lists(value, min_size=1, max_size=1 if single else 100))
    return WriteFrame(UNIT, space, draw(some.integers(0, 0xFF00)), tuple(values), single=single)


def replied(library: type, answer: ModbusPDU, *, unit: int = UNIT, number: int = NUMBER) -> bytes:
    """An answer as the library's server sends it."""
    answer.dev_id, answer.transaction_id = unit, number
    return bytes(library(DecodePDU(is_server=True)).buildFrame(answer))


def values_answer(frame: ReadFrame, values: Words) -> ModbusPDU:
    if frame.space.of_bits:
        return ANSWERS[frame.space](bits=[bool(value) for value in values])
    return ANSWERS[frame.space](registers=list(values))


def understood(envelope: Envelope, frame: Frame, *pieces: bytes, unit: int = UNIT) -> Words | None:
    """What is made of octets that arrive piece by piece; None while the answer is not there.  Raises: LinkError."""
    question, heard = Question(frame), b""
    for piece in pieces:
        reply, heard = envelope.opened(heard + piece, unit, NUMBER)
        if reply is not None:
            return question.answered(reply)
    return None


@either_way
@given(frame=some.one_of(reads().map(lambda pair: pair[0]), writes()))
def test_the_librarys_server_understands_every_request_as_it_is_meant(envelope, library, frame):
    question = Question(frame)
    octets, _ = envelope.numbered(envelope.sealed(question), b"", NUMBER)
    used, request = library(DecodePDU(is_server=True)).handleFrame(octets, 0, 0)
    assert used == len(octets)
    assert (request.dev_id, request.address) == (UNIT, frame.address)
    if isinstance(envelope, TcpEnvelope):
        assert request.transaction_id == NUMBER
    if isinstance(frame, ReadFrame):
        assert request.count == frame.count
    else:
        sent = request.bits if frame.space is Space.COIL else request.registers
        assert tuple(map(int, sent[: len(frame.values)])) == frame.values


@either_way
@given(asked=reads(), cuts=some.lists(some.integers(0, 260), max_size=4))
def test_every_right_answer_is_taken_in_whatever_pieces_it_arrives(envelope, library, asked, cuts):
    frame, values = asked
    octets = replied(library, values_answer(frame, values))
    places = sorted({0, len(octets), *(cut for cut in cuts if cut < len(octets))})
    pieces = [octets[start:end] for start, end in pairwise(places)]
    assert understood(envelope, frame, *pieces) == values


@either_way
@given(frame=writes())
def test_every_right_acknowledgement_is_taken(envelope, library, frame):
    where, count = frame.address, len(frame.values)
    bits, registers = [bool(value) for value in frame.values], list(frame.values)
    answer = {
        (Space.COIL, True): lambda: of_bits.WriteSingleCoilResponse(address=where, bits=bits),
        (Space.COIL, False): lambda: of_bits.WriteMultipleCoilsResponse(address=where, count=count),
        (Space.HOLDING, True): lambda: of_registers.WriteSingleRegisterResponse(address=where, registers=registers),
        (Space.HOLDING, False): lambda: of_registers.WriteMultipleRegistersResponse(address=where, count=count),
    }[frame.space, frame.single]()
    assert understood(envelope, frame, replied(library, answer)) == ()


@either_way
@given(frame=some.one_of(reads().map(lambda pair: pair[0]), writes()), code=some.integers(1, 11))
def test_every_refusal_is_one_with_its_code(envelope, library, frame, code):
    function = Question(frame).request[0]
    with pytest.raises(Refusal) as told:
        understood(envelope, frame, replied(library, ExceptionResponse(function, code)))
    assert told.value.code == code


def by_the_library(library: type, octets: bytes, frame: ReadFrame) -> Words | None:
    """What the library's own client makes of an answer; None for what it does not believe."""
    try:
        _, answer = library(DecodePDU(is_server=False)).handleFrame(octets, UNIT, NUMBER)
    except Exception:  # noqa: BLE001 whatever it does not like
        return None
    if answer is None or answer.isError():
        return None
    got = answer.bits if frame.space.of_bits else answer.registers
    return tuple(map(int, got[: frame.count]))


@either_way
@settings(max_examples=300)
@given(
    asked=reads(),
    change=some.tuples(some.integers(0, 40), some.binary(max_size=3), some.integers(0, 3)),
    end=some.integers(-3, 0),
)
def test_of_a_damaged_answer_nothing_is_taken_that_the_library_would_not_take(envelope, library, asked, change, end):
    frame, values = asked
    octets = replied(library, values_answer(frame, values))
    at, put, cut = change
    damaged = octets[:at] + put + octets[at + cut : len(octets) + end]
    try:
        got = understood(envelope, frame, damaged)
    except LinkError:
        return
    assert got is None or got == by_the_library(library, damaged, frame) or got == values


@either_way
@settings(max_examples=300)
@given(octets=some.binary(max_size=300))
def test_of_noise_nothing_is_taken(envelope, library, octets):
    frame = ReadFrame(UNIT, Space.HOLDING, 0, 40)
    try:
        got = understood(envelope, frame, octets)
    except LinkError:
        return
    assert got is None


@pytest.mark.parametrize("place", range(2, 9))
@pytest.mark.parametrize("value", [0, 1, 2, 0x7F, 0x80, 0xFF])
def test_each_octet_before_the_values_of_a_tcp_answer_counts(place, value):
    frame, values = ReadFrame(UNIT, Space.HOLDING, 0, 40), tuple(range(40))
    octets = bytearray(replied(FramerSocket, values_answer(frame, values)))
    if octets[place] == value:
        return
    octets[place] = value
    with suppress(LinkError):
        assert understood(TcpEnvelope(), frame, bytes(octets)) is None


def test_an_answer_with_another_number_came_too_late_and_the_right_one_behind_it_is_taken():
    frame, late, right = ReadFrame(UNIT, Space.HOLDING, 0, 1), (1,), (2,)
    octets = replied(FramerSocket, values_answer(frame, late), number=NUMBER - 1)
    octets += replied(FramerSocket, values_answer(frame, right))
    assert understood(TcpEnvelope(), frame, octets) == right


def test_an_answer_with_the_right_number_from_another_unit_is_an_error():
    frame = ReadFrame(UNIT, Space.HOLDING, 0, 1)
    with pytest.raises(Garbled, match="asked unit 7, unit 8 answered"):
        understood(TcpEnvelope(), frame, replied(FramerSocket, values_answer(frame, (1,)), unit=8))


def test_a_refusal_that_some_devices_count_one_too_short_is_one():
    octets = NUMBER.to_bytes(2, "big") + bytes((0, 0, 0, 2, UNIT, 0x83, 2))
    with pytest.raises(Refusal):
        understood(TcpEnvelope(), ReadFrame(UNIT, Space.HOLDING, 0, 1), octets)


@given(asked=reads(), noise=some.binary(min_size=1, max_size=3))
def test_noise_on_a_line_before_an_answer_costs_the_answer_at_most(asked, noise):
    frame, values = asked
    got = understood(RtuEnvelope(), frame, noise + replied(FramerRTU, values_answer(frame, values)))
    assert got in (values, None)


@pytest.mark.parametrize("noise", [b"\0", b"\xff", b"\0\0", b"\xff\0"])
def test_the_noise_of_a_line_that_is_let_go_does_not_hide_an_answer(noise):
    frame, values = ReadFrame(UNIT, Space.HOLDING, 0, 40), tuple(range(40))
    octets = noise + replied(FramerRTU, values_answer(frame, values))
    assert understood(RtuEnvelope(), frame, octets) == values


def test_a_late_answer_of_another_unit_on_the_line_is_passed_over():
    frame, values = ReadFrame(UNIT, Space.HOLDING, 0, 2), (5, 6)
    late = replied(FramerRTU, values_answer(frame, (1, 2)), unit=8)
    assert understood(RtuEnvelope(), frame, late + replied(FramerRTU, values_answer(frame, values))) == values


@given(asked=reads(), place=some.integers(0, 300), flip=some.integers(1, 255))
def test_one_damaged_octet_on_a_line_never_makes_another_value(asked, place, flip):
    frame, values = asked
    octets = bytearray(replied(FramerRTU, values_answer(frame, values)))
    octets[place % len(octets)] ^= flip
    try:
        got = understood(RtuEnvelope(), frame, bytes(octets))
    except LinkError:
        return
    assert got is None
