"""Devices, and what the three axes are judged by, as a screen shows them."""

from math import inf

from hems.model.picture import DevicePicture, DeviceState, WitnessPicture
from hems.model.snapshot import DeviceHealth
from hems.runtime.scene import Scene

SLOW_SHARE = 0.05
"""Of the requests of an hour: a line that is well loses far fewer."""


def devices(scene: Scene) -> tuple[DevicePicture, ...]:
    """All of them, in the order of the site file."""
    return tuple(
        DevicePicture(
            id=device,
            link=health.link,
            lost_for_s=None if health.lost_since_s is None else scene.now_s - health.lost_since_s,
            armed=health.armed,
            reads_only=health.reads_only,
            state=_device_state(health),
            bad_share=health.bad_share,
            detail=health.detail,
            alarms=tuple(alarm.text for alarm in health.alarms),
        )
        for device, health in scene.snapshot.devices.items()
    )


def _device_state(health: DeviceHealth) -> DeviceState:
    if health.lost_since_s is not None:
        return DeviceState.LOST
    if not health.trusted:
        return DeviceState.NOT_TRUSTED
    return DeviceState.SLOW if (health.bad_share or 0.0) >= SLOW_SHARE else DeviceState.OK


def witnesses(scene: Scene) -> tuple[WitnessPicture, ...]:
    """What each says, and how old that is."""
    return tuple(
        WitnessPicture(axis=one.axis, name=one.name, says=one.says, age_s=None if one.age_s == inf else one.age_s)
        for one in scene.step.witnesses
    )
