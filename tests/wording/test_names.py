"""Modes, tiers and things have names, in the reader's language where there is a catalogue."""

import struct

from hems.model.mode import Mode
from hems.model.site import Tier
from hems.wording import axis_words, called, mode_words, names_of, tier_name
from hems.wording.language import N_, catalogue
from tests.config.given import EXAMPLES, factories


def test_every_mode_and_every_tier_has_words_of_its_own():
    assert len({mode_words(mode) for mode in Mode}) == len(Mode)
    assert [tier_name(tier) for tier in Tier] == [
        "Life safety", "Critical", "Essential", "Comfort", "Non-essential", "Flexible",
    ]  # fmt: skip


def test_what_an_axis_cannot_say_is_passed_on():
    assert axis_words("grid", "qualifying") == "not yet good for long enough"
    assert axis_words("moon", "full") == "full"


def test_names_of_a_building_are_found_by_role_by_alarm_and_by_device():
    # given the names of a building
    from hems.config.load import load

    names = names_of(load(EXAMPLES / "apartments.toml", factories()).site)

    # then whatever names a thing leads to its name
    assert called("circuits/kitchen/closed", names) == "Communal kitchen"
    assert called("circuits/kitchen/closed/deaf", names) == "Communal kitchen"
    assert called("bays/bay_2/power_w", names) == "Bay 2"
    assert called("circuits/nobody/closed", names) == "Nobody"
    assert called("device/tie_io", names) == "tie_io"
    assert called("tie", names) == "the grid switch"


def mo_file(messages: dict[str, str]) -> bytes:
    """A compiled gettext catalogue."""
    pairs = sorted({"": "Content-Type: text/plain; charset=UTF-8\n", **messages}.items())
    ids, texts, index = b"", b"", []
    for message, text in pairs:
        index.append((len(message.encode()), len(ids), len(text.encode()), len(texts)))
        ids, texts = ids + message.encode() + b"\0", texts + text.encode() + b"\0"
    head = 7 * 4 + 16 * len(index)
    originals = b"".join(struct.pack("<II", size, head + at) for size, at, _, _ in index)
    translations = b"".join(struct.pack("<II", size, head + len(ids) + at) for _, _, size, at in index)
    header = struct.pack("<7I", 0x950412DE, 0, len(index), 28, 28 + 8 * len(index), 0, 0)
    return header + originals + translations + ids + texts


def test_a_catalogue_beside_the_code_gives_the_readers_language(tmp_path):
    # given a German catalogue with one message
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "hems.mo").write_bytes(mo_file({"Life safety": "Lebensrettung"}))

    # when a German and a French reader ask for it
    german, french = (catalogue(tmp_path, (language,)) for language in ("de", "fr"))

    # then one reads German, the other English
    assert german.gettext(N_("Life safety")) == "Lebensrettung"
    assert french.gettext(N_("Life safety")) == "Life safety"
