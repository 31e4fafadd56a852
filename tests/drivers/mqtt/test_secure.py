"""Brokers that do not let in everybody, and what hems says to whoever has to put it right."""

import asyncio
from contextlib import asynccontextmanager, contextmanager, suppress

import pytest

from drivers.mqtt import FACTORY
from tests.drivers.mqtt.given import eventually, plug, running
from tests.drivers.mqtt.secure import Authority, SecureBroker, needs_tools, passwords, server

pytestmark = [pytest.mark.wire, needs_tools]


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path, "ours")


@contextmanager
def on(folder, *lines):
    broker = SecureBroker(folder, *lines)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


def link(broker, scheme="mqtts", **files):
    options = "&".join(f"{name}={file}" for name, file in files.items())
    return f"{scheme}://127.0.0.1:{broker.port}" + (f"?{options}" if options else "")


async def said_by(url):
    """What the health of a device says about its broker, once it says something definite."""
    async with running(plug(url)) as rig:
        await eventually(lambda: "not connected yet" not in rig.health().detail, 10)
        return rig.health().detail


CONNECTED = "never been heard"


async def test_a_broker_of_our_authority_is_trusted(authority, tmp_path):
    with on(tmp_path, *server(authority), "allow_anonymous true") as broker:
        url = link(broker, ca=authority.file)
        assert FACTORY.check([plug(url)]) == FACTORY.lacks([plug(url)]) == []
        assert CONNECTED in await said_by(url)


async def test_a_broker_of_another_authority_is_not(authority, tmp_path):
    other = Authority(tmp_path, "theirs")
    with on(tmp_path, *server(other), "allow_anonymous true") as broker:
        said = await said_by(link(broker, ca=authority.file))
    assert "its certificate is not to be trusted" in said
    assert said.endswith("correct ca=FILE or the host in the link")


async def test_a_certificate_for_another_host_is_not_trusted(authority, tmp_path):
    with on(tmp_path, *server(authority, host="DNS:elsewhere"), "allow_anonymous true") as broker:
        assert "its certificate is not to be trusted" in await said_by(link(broker, ca=authority.file))


async def test_a_client_certificate_lets_in_and_its_lack_does_not(authority, tmp_path):
    file, key = authority.signed("hems")
    lines = server(authority, "require_certificate true", "use_identity_as_username true")
    with on(tmp_path, *lines) as broker:
        assert CONNECTED in await said_by(link(broker, ca=authority.file, cert=file, key=key))
        assert "no connection" in await said_by(link(broker, ca=authority.file))


async def test_a_broker_whose_certificate_has_expired_is_named_and_the_rest_runs_on(authority, tmp_path):
    # given a broker with an old certificate, and one on which everything is well
    with (
        on(tmp_path, *server(authority, days=-1), "allow_anonymous true") as old,
        on(tmp_path, "allow_anonymous true") as well,
    ):
        url = link(old, ca=authority.file)
        async with running(plug(url)) as expired, running(plug(link(well, "mqtt"))) as other:
            # then one sentence says what, why and what to do
            await eventually(lambda: "not connected yet" not in expired.health().detail, 10)
            assert expired.health().detail == (
                f"no connection to the broker at 127.0.0.1:{old.port}: its certificate is not to be trusted "
                "(certificate has expired); renew it there"
            )
            # and the other broker's devices are served
            await eventually(lambda: CONNECTED in other.health().detail, 10)


async def test_our_own_certificate_that_has_expired_is_told_from_other_refusals(authority, tmp_path):
    file, key = authority.signed("hems", days=-1)
    with on(tmp_path, *server(authority, "require_certificate true", "use_identity_as_username true")) as broker:
        said = await said_by(link(broker, ca=authority.file, cert=file, key=key))
    assert said.endswith(f"our certificate {file} has expired; renew it, or look at the clock")
    # and whoever checks the site file is told before
    (problem,) = FACTORY.lacks([plug(f"mqtts://broker?ca={authority.file}&cert={file}&key={key}")])
    assert problem == f"devices.gym_plug.link: {file} has expired. Renew it, or look at the clock."


async def test_a_login_comes_from_its_file_and_a_new_password_needs_no_restart(tmp_path):
    login = tmp_path / "login"
    login.write_text("hems:wrong\n")
    login.chmod(0o640)
    with on(tmp_path, "allow_anonymous false", f"password_file {passwords(tmp_path, 'hems', 's:3 cret')}") as broker:
        url = link(broker, "mqtt", login=login)
        async with running(plug(url)) as rig:
            await eventually(lambda: "does not accept the name and password" in rig.health().detail)
            assert rig.health().detail.endswith(f"correct {login}")
            # when somebody corrects the file
            login.write_text("hems:s:3 cret\n")
            # then the next attempt is let in
            await eventually(lambda: CONNECTED in rig.health().detail, 10)
        assert "name a file with login=FILE" in await said_by(link(broker, "mqtt"))


async def test_what_the_access_rules_hide_is_named():
    # given a broker that lets hems in and does not let it read; mosquitto's rules file cannot say so
    async with raw_broker() as port, running(plug(f"mqtt://127.0.0.1:{port}")) as rig:
        await eventually(lambda: "access rules" in rig.health().detail)
        said = rig.health().detail
    assert said == "the broker's access rules do not let hems read gym-plug/status/input:0, gym-plug/status/switch:0"


async def test_a_broker_that_hangs_up_on_the_newest_version_is_spoken_to_in_the_older_one():
    async with raw_broker(knows_5=False) as port, running(plug(f"mqtt://127.0.0.1:{port}")) as rig:
        await eventually(lambda: "no connection" in rig.health().detail, 10)
        await eventually(lambda: "access rules" in rig.health().detail, 10)


@asynccontextmanager
async def raw_broker(*, knows_5=True):
    """Says yes to a connection and no to every subscription."""

    async def serve(reader, writer):
        with suppress(asyncio.IncompleteReadError):
            while not writer.is_closing():
                kind, body = await _packet(reader)
                if kind == CONNECT and body[6] == 5 and not knows_5:
                    writer.close()
                elif kind == CONNECT:
                    writer.write(b"\x20\x03\x00\x00\x00" if knows_5 else b"\x20\x02\x00\x00")
                elif kind == SUBSCRIBE:
                    told = body[:2] + b"\x00" if knows_5 else body[:2]
                    told += b"\x87" * _topics_in(body[len(told) :])
                    writer.write(bytes([0x90, len(told)]) + told)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


CONNECT, SUBSCRIBE = 1, 8


async def _packet(reader):
    (header,) = await reader.readexactly(1)
    length = shift = 0
    while True:
        (byte,) = await reader.readexactly(1)
        length, shift = length | (byte & 0x7F) << shift, shift + 7
        if byte < 0x80:
            return header >> 4, await reader.readexactly(length)


def _topics_in(body):
    count = 0
    while body:
        body, count = body[2 + int.from_bytes(body[:2], "big") + 1 :], count + 1
    return count


@pytest.mark.parametrize(
    ("name", "text", "mode", "said"),
    [
        ("login", None, 0, "does not exist. Put it there or correct the link."),
        ("login", "hems:secret", 0o644, "can be read by everybody. Set its mode to 0640."),
        ("login", "just a word", 0o640, "is not one line of the form name:password. Write it so."),
        ("ca", "no certificate", 0o644, "holds no certificate or key that fits"),
    ],
)
def test_each_file_that_cannot_be_used_is_one_sentence(tmp_path, name, text, mode, said):
    file = tmp_path / "file"
    if text is not None:
        file.write_text(text)
        file.chmod(mode)
    device = plug(f"mqtts://broker?{name}={file}")
    (problem,) = FACTORY.lacks([device])
    assert FACTORY.check([device]) == []  # the site file is right, and everything else of the site runs
    assert problem.startswith(f"devices.gym_plug.link: {file} ")
    assert said in problem


def test_a_key_that_does_not_belong_to_its_certificate_is_named(authority, tmp_path):
    (file, _), (_, key) = authority.signed("hems"), authority.signed("other")
    (problem,) = FACTORY.lacks([plug(f"mqtts://broker?ca={authority.file}&cert={file}&key={key}")])
    assert f"{file} with {key} holds no certificate or key that fits" in problem


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mqtt://broker?ca=/x", "names certificates without TLS. Write mqtts://"),
        ("mqtts://broker?cert=/x", "needs both cert and key"),
        ("mqtts://broker?password=secret", "'password' is no option of an MQTT link"),
        ("mqtts://broker?ca", "something after ? that is not KEY=FILE"),
    ],
)
def test_each_mistake_in_a_link_is_one_sentence(url, said):
    (problem,) = FACTORY.check([plug(url)])
    assert said in problem
    assert "secret" not in problem


def test_one_broker_is_entered_in_one_way(authority):
    specs = [plug("mqtts://broker"), plug(f"mqtts://broker?ca={authority.file}", "other", "other-plug")]
    (problem,) = FACTORY.check(specs)
    assert problem == "devices.other.link: leads to the broker of devices.gym_plug in another way. Write one link."


def test_a_bare_name_is_a_credential_that_the_service_manager_hands_over(tmp_path, monkeypatch):
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    device = plug("mqtt://broker?login=broker_login")
    (problem,) = FACTORY.lacks([device])
    assert f"{tmp_path}/mqtt_broker_login does not exist" in problem
    (tmp_path / "mqtt_broker_login").write_text("hems:secret\n")
    (tmp_path / "mqtt_broker_login").chmod(0o400)
    assert FACTORY.lacks([device]) == []
