"""Whether the former lasts from the tie's opening until what is shed is off."""

from dataclasses import replace

import pytest

from hems.control.adequacy import CLOSE, Moment, Times, declared, judge
from hems.control.overload import loading_that_trips_in, trip_s
from hems.model.site import Site
from hems.model.units import CircuitId
from tests.given import flats

FAST = Times(circuits_s=0.9, cars_s=0.9)
LAUNDRY, GYM, SUMP = CircuitId("laundry"), CircuitId("gym"), CircuitId("sump_pump")


def on_l2(site: Site, pu: float, name: CircuitId = LAUNDRY) -> Moment:
    """A load on one circuit that puts `pu` on each of its phases."""
    circuit = site.circuit(name)
    rated = site.former.phase_va[site.phases.index(circuit.phases[0])]
    return Moment(circuits_w={name: pu * rated * len(circuit.phases)}, charging_w={})


def test_a_load_within_the_rating_is_borne_for_ever():
    found = judge(flats(), on_l2(flats(), 0.95), FAST)
    assert not any(one.close or one.trips for one in found.phases)
    assert found.layer_0 == ()


def test_the_dose_is_the_share_of_the_curve_until_the_load_is_off():
    site = flats()
    found = next(one for one in judge(site, on_l2(site, 1.5), FAST).phases if one.load_w)
    assert found.dose == pytest.approx(0.9 / trip_s(1.5, site.former.curve))


def test_220_percent_is_dark_before_anything_is_shed_and_the_remedy_names_the_load():
    site = flats()
    found = judge(site, on_l2(site, 2.2), FAST)
    assert [one.phase for one in found.phases if one.trips] == list(site.circuit(LAUNDRY).phases)
    assert found.layer_0 == (site.circuit(LAUNDRY).name,)
    assert found.enough


def test_what_falls_out_by_itself_is_not_carried():
    site = flats()
    wired = replace(site, circuits=tuple(replace(one, layer_0=one.id == LAUNDRY) for one in site.circuits))
    found = judge(wired, on_l2(site, 2.2), FAST)
    assert all(one.load_w == 0.0 for one in found.phases)


def test_a_charger_that_a_contactor_drops_is_not_carried():
    site = flats()
    bay = next(one for one in site.bays if one.id != site.former.source)
    moment = Moment(circuits_w={}, charging_w={bay.id: 2.5 * site.former.phase_va[0] * len(bay.phases)})
    assert judge(site, moment, FAST).layer_0 == (bay.name,)
    wired = replace(site, bays=tuple(replace(one, layer_0=one.id == bay.id) for one in site.bays))
    found = judge(wired, moment, FAST)
    assert all(one.load_w == 0.0 for one in found.phases)
    assert found.layer_0 == ()


def test_slow_switches_make_the_same_load_too_much():
    site = flats()
    pu = loading_that_trips_in(0.9 / CLOSE * 1.1, site.former.curve)
    assert not any(one.close for one in judge(site, on_l2(site, pu), FAST).phases)
    assert any(one.close for one in judge(site, on_l2(site, pu), Times(circuits_s=1.9, cars_s=1.9)).phases)


def test_what_is_critical_is_never_put_on_layer_0():
    site = flats()
    found = judge(site, on_l2(site, 2.2, SUMP), FAST)
    assert found.layer_0 == ()
    assert not found.enough


def test_cars_that_stop_slowly_count_until_they_have():
    site = flats()
    bay = next(one for one in site.bays if one.id != site.former.source)
    rated = site.former.phase_va[0]
    moment = Moment(circuits_w={}, charging_w={bay.id: 1.5 * rated * len(bay.phases)})
    quick = max(one.dose for one in judge(site, moment, FAST).phases)
    slow = max(one.dose for one in judge(site, moment, Times(circuits_s=0.9, cars_s=5.0)).phases)
    assert slow == pytest.approx(quick * 5.0 / 0.9)


def test_the_declared_worst_stays_within_the_service():
    site = flats()
    moment = declared(site)
    found = judge(site, moment, FAST)
    limit_w = site.grid.service_a * site.grid.nominal_v
    own_w = [
        sum(site.per_phase(one.typical_w, one.phases)[i] for one in site.circuits) for i in range(len(site.phases))
    ]
    assert all(one.load_w <= max(limit_w, own) + 1.0 for one, own in zip(found.phases, own_w, strict=True))
