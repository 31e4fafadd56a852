"""`hems drivers`: an installer finds a device and reads what must be known of it."""

import json

import pytest

from hems.cli import main
from hems.commands.catalogue import KINDS, found
from hems.commands.drivers import known_products


def test_every_product_says_what_it_is_how_it_fails_safe_and_where_its_numbers_come_from():
    for product in known_products():
        assert product.kind in KINDS
        assert product.fails_safe
        assert product.page["Sources"]
        assert product.page["In the site file"]
        assert ("Commanded" in product.page) == ("If HEMS falls silent" in product.page)


def test_no_product_leaves_a_placeholder_or_a_private_point_on_its_page():
    for product in known_products():
        lines = [line for heading, lines in product.page.items() if heading != "Sources" for line in lines]
        assert not [line for line in lines if "`_" in line], product.id


def test_products_are_listed_by_what_they_are(capsys):
    assert main(["drivers"]) == 0
    told = capsys.readouterr().out
    assert told.index("Meters") < told.index("eastron-sdm630") < told.index("Vehicle chargers")
    assert told.index("Vehicle chargers") < told.index("evtec-bidipro")


@pytest.mark.parametrize(
    ("words", "product"),
    [("discharge CAR", "evtec-bidipro"), ("sungrow", "sungrow-sh"), ("relay 8", "waveshare-relay")],
)
def test_all_words_must_be_on_the_page_of_what_is_found(words, product):
    products = known_products()
    ids = [one.id for one in found(products, words.split())]
    assert product in ids
    assert len(ids) < len(products)


def test_one_device_has_a_page_for_the_installer(capsys):
    assert main(["drivers", "show", "evtec-bidipro"]) == 0
    told = capsys.readouterr().out
    for heading in ("Measured", "Commanded", "If HEMS falls silent", "In the site file", "Good to know", "Sources"):
        assert f"\n{heading}\n" in told
    assert "`" not in told
    assert max(len(line) for line in told.splitlines()[1:] if "documented" not in line) <= 80


@pytest.mark.parametrize(
    ("words", "key"),
    [(["drivers", "schema", "modbus"], "read"), (["drivers", "schema", "mqtt"], "link"), (["config", "schema"], "tie")],
)
def test_schemas_for_editors_are_printed_as_json(capsys, words, key):
    assert main(words) == 0
    assert key in json.loads(capsys.readouterr().out)["properties"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["schema", "carrierpigeon"], "There is no driver carrierpigeon; there are modbus, mqtt, sunspec."),
        (["show", "eastron-sdm631"], "There is no device eastron-sdm631. `hems drivers` lists all."),
        (["show", "eastron"], "There is no device eastron. Did you mean eastron-"),
        (["hovercraft"], "No device has all of: hovercraft. Try fewer words"),
    ],
)
def test_what_is_not_known_is_told_in_a_sentence(capsys, words, told):
    assert main(["drivers", *words]) == 1
    assert told in capsys.readouterr().err
