"""The sheet that ends the commissioning says what is proven and what is not."""

from hems.report.sheet import as_html, as_text
from hems.report.sign_off import sign_off
from tests.given import flats

PROOF = {"who": "Ana", "at": "2026-11-20T14:32:05+00:00", "note": "L1 -2800 W"}


def test_the_sheet_names_each_proof_with_its_signature_and_what_is_open() -> None:
    steps = [
        {"step": "circuits/laundry/closed", "device": "plug", "state": "proven", "proof": PROOF},
        {"step": "circuits/gym/closed", "device": "relays", "state": "open", "proof": None},
    ]
    proofs = {
        "steps": steps,
        "missing": {"plug": [], "relays": ["circuits/gym/closed"]},
        "unproven": {"relays": "fair on Friday"},
    }

    sheet = sign_off(flats(), proofs, "0123456789abcdef0123")

    told = as_text(sheet)
    assert "circuits/laundry/closed  plug    proven      Ana  2026-11-20 14:32  L1 -2800 W" in told
    assert "relays: circuits/gym/closed. ARMED WITHOUT PROOF: fair on Friday" in told
    assert "Site file 0123456789abcdef." in told
    assert "Operator:" in as_html(sheet)


def test_when_everything_is_proven_the_sheet_says_so() -> None:
    told = as_text(sign_off(flats(), {"steps": [], "missing": {"plug": []}, "unproven": {}}, "0"))

    assert "Nothing: every command that HEMS may give has been proven." in told
