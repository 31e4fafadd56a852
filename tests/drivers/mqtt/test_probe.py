"""What topics look like, to somebody who does not know the devices yet."""

from drivers.mqtt.probe import probe, proposals
from hems.ports.device import Sought

PLUG = ["cellar/laundry/online", "cellar/laundry/status/switch:0"]


def test_a_plug_is_told_by_its_topics_with_prefix_and_channel():
    # given what two plugs and a chatty neighbour say
    topics = [*PLUG, "gym/status/switch:1", "weather/outside"]
    # when they are compared with the known products
    found = [one for one in proposals(topics, "mqtt://10.0.20.2:1883") if one.profile == "shelly-gen2-switch"]
    # then each plug is one proposal, at its own prefix, and none is called certain
    assert [one.params for one in found] == [
        {"prefix": "cellar/laundry", "channel": 0},
        {"prefix": "gym", "channel": 1},
    ]
    assert not any(one.sure for one in found)
    assert len({one.place for one in found}) == 2


def test_topics_that_no_product_has_are_passed_over():
    assert proposals(["weather/outside", "a/b/c"], "mqtt://10.0.20.2:1883") == []


async def test_a_link_that_is_none_is_told_and_nothing_is_opened():
    said: list[str] = []
    found = [one async for one in probe(Sought(kind="mqtt", place="x://y"), said.append)]
    assert [(one.profile, one.told) for one in found] == [("", said[0])]
    assert said == ["'x://y' is no MQTT link. Write mqtt://HOST:PORT or, with TLS, mqtts://HOST:PORT?ca=FILE"]


def test_a_plug_that_has_said_only_that_it_is_there_is_proposed_with_that_doubt():
    # given a plug of each generation that nobody has switched while hems listened, and one that has said more
    topics = ["cellar/laundry/online", "shellies/shelly1pm-8CAA/online", "gym/online", "gym/status/switch:0"]
    found = proposals(topics, "mqtt://10.0.20.2:1883")
    # then each is proposed at its place, the likeliest product first, and the third by what it said
    first = {}
    for one in found:
        first.setdefault(one.place, one)
    assert first["cellar/laundry/online"].params == {"prefix": "cellar/laundry"}
    assert "nothing else yet" in first["cellar/laundry/online"].told
    assert (first["shellies/shelly1pm-8CAA/online"].profile, first["shellies/shelly1pm-8CAA/online"].params) == (
        "shelly-gen1-switch",
        {"id": "shelly1pm-8CAA"},
    )
    assert first["gym/status/switch:0"].profile == "shelly-gen2-switch"
    assert "gym/online" not in first
    assert not any(one.sure for one in found)
