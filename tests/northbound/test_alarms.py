"""Messages to people: by real mail and web servers of this machine, through outages and restarts."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hems.config.tables.outward import MailTable, OutwardTable, QuietTable
from hems.model.cause import Cause, Why
from hems.model.instant import Instant
from hems.model.picture import AlarmPicture, Picture
from hems.northbound.alarms.channels import Unsent, by_apprise, by_mail, by_ntfy, by_webhook
from hems.northbound.alarms.news import OUTAGE, SILENT, look, silent
from hems.northbound.alarms.outbox import Outbox
from hems.northbound.alarms.rules import Message, message, not_lately, resting, wanted
from hems.northbound.alarms.service import Messenger, try_all
from tests.desk import HandMadeDesk, serving, until
from tests.drivers.mqtt.secure import Authority, needs_tools
from tests.northbound.given import running
from tests.northbound.servers import RUBBISH, Babbler, MailServer, WebServer, free_port, up
from tests.pictures import normal_day, power_cut
from tests.store.test_journal import no_file_grows_beyond

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TEXT = Message(
    id="42", site="Maple Court 12", made_s=NOON.timestamp(), priority="HIGH", title="Maple: A", text="Ä line"
)


class Noon:
    """A clock that stands."""

    def now(self) -> Instant:
        return Instant(self.mono_s(), NOON)

    def mono_s(self) -> float:
        return 0.0


def alarm(key: str = "device/gym", priority: str = "MED", since_s: float = 5.0) -> AlarmPicture:
    return AlarmPicture(key=key, priority=priority, since_s=since_s, cause=Cause(Why.DEVICE_SILENT), subject=key)


def calm(*alarms: AlarmPicture, **changes: Any) -> Picture:
    return replace(normal_day(), alarms=alarms, alarms_gone=(), **changes)


def table(run_dir: Path, **ways: Any) -> OutwardTable:
    alarms = {"state_dir": str(run_dir / "outbox"), "collect_s": 0.0}
    return OutwardTable.model_validate({"run_dir": str(run_dir), "alarms": alarms, **ways})


def mail(port: int, **changes: Any) -> dict[str, Any]:
    caretaker = {"server": "127.0.0.1", "port": port, "security": "none", "sender": "hems@example.org"}
    return {"caretaker": caretaker | {"to": ["ana@example.org"]} | changes}


@asynccontextmanager
async def messenger(made: OutwardTable, pause_s: float = 0.02) -> AsyncIterator[None]:
    async with running(Messenger(made, Noon(), first_pause_s=pause_s, longest_pause_s=pause_s).run()):
        yield


@asynccontextmanager
async def alarmed(run_dir: Path, made: OutwardTable) -> AsyncIterator[None]:
    """A building with an urgent alarm, and a messenger."""
    async with serving(run_dir, HandMadeDesk(calm(alarm(priority="HIGH")))), messenger(made):
        yield


# What is news ---------------------------------------------------------------------------------------------------------


def test_an_alarm_is_news_once_and_its_end_too():
    found, known = look(calm(alarm()), {})
    assert [(one.key, one.priority, one.over) for one in found] == [("device/gym", "MED", False)]
    assert look(calm(alarm(since_s=65.0), utc="2026-11-20T14:33:05+00:00"), known) == ([], known)
    gone, known = look(calm(), known)
    assert [(one.key, one.over) for one in gone] == [("device/gym", True)]
    assert known == {}


def test_an_alarm_that_came_again_while_nobody_watched_is_news():
    _, known = look(calm(alarm(since_s=3600.0)), {})
    assert [one.over for one in look(calm(alarm(since_s=5.0)), known)[0]] == [False]


def test_an_alarm_that_is_set_aside_is_neither_news_nor_over():
    _, known = look(calm(alarm()), {})
    assert look(replace(calm(), alarms_aside=(alarm(),)), known)[0] == []


def test_a_power_cut_is_told_with_how_long_power_lasts_and_so_is_its_end():
    [cut], known = look(replace(power_cut(), alarms=()), {})
    assert (cut.key, cut.priority) == (OUTAGE, "HIGH")
    assert "Essential power lasts about" in cut.text
    assert "Off now: " in cut.text
    [back], known = look(calm(), known)
    assert (back.key, back.over, known) == (OUTAGE, True, {})


def test_a_daemon_that_is_silent_is_told_once_and_also_that_it_is_heard_again():
    [quiet], known = silent(300.0, {})
    assert (quiet.key, quiet.priority) == (SILENT, "HIGH")
    assert silent(600.0, known) == ([], known)
    assert [(one.key, one.over) for one in look(calm(), known)[0]] == [(SILENT, True)]


def test_each_alarm_says_what_to_do():
    [news], _ = look(calm(alarm()), {})
    assert "- Look whether the device has power" in news.text
    assert "If nobody does anything: " in news.text


# Who is told, and when ------------------------------------------------------------------------------------------------


def way(port: int = 25, **changes: Any) -> MailTable:
    return MailTable.model_validate(mail(port, **changes)["caretaker"])


def test_what_is_less_urgent_than_asked_for_is_not_told():
    [low], _ = look(calm(alarm(priority="LOW")), {})
    [high], _ = look(calm(alarm(priority="HIGH")), {})
    assert [wanted(way(), low), wanted(way(), high), wanted(way(least="LOW"), low)] == [False, True, True]
    [over], _ = look(calm(), look(calm(alarm(priority="HIGH")), {})[1])
    assert [wanted(way(), over), wanted(way(gone=True), over)] == [False, True]


@pytest.mark.parametrize(
    ("local", "priority", "waits"),
    [
        (datetime(2026, 1, 1, 21, 59), "MED", False),
        (datetime(2026, 1, 1, 22, 0), "MED", True),
        (datetime(2026, 1, 1, 6, 59), "MED", True),
        (datetime(2026, 1, 1, 7, 0), "MED", False),
        (datetime(2026, 1, 1, 3, 0), "HIGH", False),
        (None, "MED", False),
    ],
)
def test_at_night_only_what_is_urgent_is_told_and_without_a_clock_everything(
    local: datetime | None, priority: str, waits: bool
):
    assert resting(QuietTable(begins="22:00", ends="07:00"), priority, local) is waits


def test_an_alarm_that_comes_and_goes_is_told_once_in_a_while():
    [first], _ = look(calm(alarm()), {})
    assert not_lately([first], {}, 1800.0, 100.0) == [first]
    assert not_lately([first], {first.key: 0.0}, 1800.0, 100.0) == []
    assert not_lately([first], {first.key: 0.0}, 1800.0, 1800.0) == [first]


def test_what_comes_together_is_one_message_with_the_most_urgent_first():
    found, _ = look(calm(alarm("device/a", "LOW"), alarm("device/b", "HIGH")), {})
    made = message("1", "Maple", None, found)
    assert made is not None
    assert made.priority == "HIGH"
    assert made.title.startswith("Maple: HIGH: B ")
    assert made.title.endswith("(and 1 more)")
    assert message("1", "Maple", None, []) is None


# What waits -----------------------------------------------------------------------------------------------------------


def test_the_outbox_has_after_a_restart_what_it_had_before(tmp_path: Path):
    _, known = look(calm(alarm()), {})
    first = Outbox(tmp_path)
    first.put({"mail.ana": TEXT, "ntfy.ana": TEXT}, known)
    first.close()
    second = Outbox(tmp_path)
    assert second.known() == known
    [kept] = second.waiting("mail.ana")
    assert kept.message == TEXT
    second.remove(kept.number)
    assert (second.waiting("mail.ana"), len(second.waiting("ntfy.ana"))) == ([], 1)
    second.close()


def test_a_way_that_is_never_served_does_not_fill_the_disk(tmp_path: Path):
    outbox = Outbox(tmp_path, most_waiting=4)
    for number in range(7):
        outbox.put({"mail.ana": replace(TEXT, id=str(number))}, {})
    waiting = outbox.waiting("mail.ana")
    assert (len(waiting), waiting[0].message.id) == (4, "3")
    outbox.close()


def test_a_box_that_is_damaged_is_begun_anew(tmp_path: Path):
    (tmp_path / "outbox.db").write_bytes(b"\xa5" * 9000)
    outbox = Outbox(tmp_path)
    outbox.put({"mail.ana": TEXT}, {})
    outbox.close()
    again = Outbox(tmp_path)
    assert [one.message for one in again.waiting("mail.ana")] == [TEXT]
    again.close()


def test_a_box_that_cannot_be_written_is_read_all_the_same(tmp_path: Path):
    # given a message that waits, and no right to write beside it
    first = Outbox(tmp_path)
    first.put({"mail.ana": TEXT}, {})
    first.close()
    with no_file_grows_beyond(0):
        second = Outbox(tmp_path)
        [one] = second.waiting("mail.ana")
        # when it is sent, it does not wait any more
        second.remove(one.number)
        assert second.waiting("mail.ana") == []
        second.close()


@pytest.mark.wire
async def test_a_disk_that_takes_nothing_is_told_to_people_once_like_anything_else(run_dir: Path):
    # given something in the way of the box
    (run_dir / "outbox").write_text("in the way")
    with up(MailServer()) as server:
        # when there is an alarm
        async with alarmed(run_dir, table(run_dir, mail=mail(server.port))):
            await until(lambda: server.mails)
            # then it is sent, and not again
            await asyncio.sleep(0.1)
        assert len(server.mails) == 1


@pytest.mark.wire
async def test_an_alarm_reaches_the_caretaker_by_mail(run_dir: Path):
    with up(MailServer()) as server:
        async with alarmed(run_dir, table(run_dir, mail=mail(server.port))):
            await until(lambda: server.mails)
    [text] = server.mails
    assert "To: ana@example.org" in text
    assert "Subject: Maple Court 12: HIGH: " in text
    assert "X-Priority: 1" in text


@pytest.mark.wire
async def test_what_could_not_be_sent_is_sent_after_a_restart_and_once(run_dir: Path):
    port = free_port()
    made = table(run_dir, mail=mail(port))
    async with serving(run_dir, HandMadeDesk(calm(alarm(priority="HIGH")))):
        # given no way out, and a message that waits
        async with messenger(made, pause_s=60.0):
            await until(lambda: waiting(run_dir))
            await asyncio.sleep(0.1)
        # when the process is started again, and the way out is back
        with up(MailServer(port)) as server:
            async with messenger(made):
                await until(lambda: server.mails and not waiting(run_dir))
                # then it is sent, and the alarm that still stands is not told anew
                await asyncio.sleep(0.1)
            assert len(server.mails) == 1


def waiting(run_dir: Path) -> list[Any]:
    outbox = Outbox(run_dir / "outbox")
    found = outbox.waiting("mail.caretaker")
    outbox.close()
    return list(found)


@pytest.mark.wire
async def test_a_way_that_hangs_delays_no_other(run_dir: Path):
    with up(WebServer()) as hangs, up(WebServer()) as serves:
        hangs.hold.clear()
        ways = {"a": {"url": f"{hangs.url}/a"}, "b": {"url": f"{serves.url}/b"}}
        async with alarmed(run_dir, table(run_dir, webhook=ways)):
            await until(lambda: serves.got)
            assert hangs.got == []
            hangs.hold.set()
            await until(lambda: hangs.got)
    # and both know it for the same message
    assert serves.got[0][2]["id"] == hangs.got[0][2]["id"]


@pytest.mark.wire
async def test_a_server_that_says_not_now_is_asked_again(run_dir: Path):
    with up(WebServer()) as server:
        server.code = 503
        async with alarmed(run_dir, table(run_dir, webhook={"a": {"url": server.url}})):
            await until(lambda: server.refused)
            server.code = 200
            await until(lambda: server.got)


@pytest.mark.wire
async def test_silence_of_the_daemon_is_told(run_dir: Path):
    with up(WebServer()) as server:
        made = table(run_dir, webhook={"a": {"url": server.url}})
        async with running(Messenger(made, Noon(), silent_s=0.05).run()):
            await until(lambda: server.got)
    assert server.got[0][2]["title"] == "HEMS: HIGH: HEMS is silent."


# How it is sent -------------------------------------------------------------------------------------------------------


@pytest.mark.wire
@needs_tools
def test_mail_goes_by_tls_with_a_login_and_only_to_a_server_that_is_trusted(tmp_path: Path):
    authority = Authority(tmp_path, "ours")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.signed("mail"))
    login = tmp_path / "login"
    login.write_text("hems:s3cret\n")
    login.chmod(0o600)
    with up(MailServer(tls=context)) as server:
        trusting = way(port=server.port, security="tls", ca=str(authority.file), login=str(login))
        by_mail(trusting, TEXT)
        assert base64.b64decode(server.logins[0]) == b"\0hems\0s3cret"
        assert "Message-ID: <42@hems>" in server.mails[0]
        with pytest.raises(Unsent, match=r"is not to be trusted .*Correct ca"):
            by_mail(way(port=server.port, security="tls"), TEXT)


@pytest.mark.wire
@pytest.mark.parametrize(
    ("changes", "says", "final"),
    [
        ({"rcpt": "550 nobody"}, "refuses ana@example.org. Correct to.", True),
        ({"rcpt": "451 later"}, "refuses ana@example.org. It is tried again.", False),
        ({"auth": "535 no"}, "does not accept the name and password. Correct ", True),
    ],
)
def test_a_mail_server_that_refuses_is_one_sentence(tmp_path: Path, changes: dict[str, str], says: str, final: bool):
    login = tmp_path / "login"
    login.write_text("hems:s3cret\n")
    login.chmod(0o600)
    with up(MailServer()) as server:
        for name, value in changes.items():
            setattr(server, name, value)
        with pytest.raises(Unsent) as caught:
            by_mail(way(port=server.port, login=str(login)), TEXT)
    assert says in str(caught.value)
    assert caught.value.final is final


@pytest.mark.wire
@pytest.mark.parametrize(
    ("wanted", "says"),
    [({"security": "starttls"}, 'offers no STARTTLS. Correct security: "tls", or "none"'), ({}, "Leave login out")],
    ids=["encryption", "a login"],
)
def test_a_mail_server_that_answers_and_lacks_what_the_file_asks_for_is_not_called_away(
    tmp_path: Path, wanted: dict[str, str], says: str
):
    login = tmp_path / "login"
    login.write_text("hems:s3cret\n")
    login.chmod(0o600)
    with up(MailServer()) as server:
        server.offers = "250 SIZE"
        with pytest.raises(Unsent) as caught:
            by_mail(way(port=server.port, login=str(login), **wanted), TEXT)
    assert says in str(caught.value)
    assert caught.value.final


@pytest.mark.wire
def test_a_mail_server_that_is_away_is_one_sentence_and_tried_again():
    with pytest.raises(Unsent, match=r"cannot be reached .* It is tried again.") as caught:
        by_mail(way(port=free_port()), TEXT)
    assert not caught.value.final


@pytest.mark.wire
@pytest.mark.parametrize("says", RUBBISH, ids=["babble", "broken off"])
def test_a_web_server_that_talks_rubbish_is_one_sentence_and_tried_again(says: bytes):
    with up(Babbler(says)) as server, pytest.raises(Unsent, match=r"cannot be reached .* It is tried again.") as caught:
        by_webhook(OutwardTable.model_validate({"webhook": {"a": {"url": server.url}}}).webhook["a"], TEXT)
    assert not caught.value.final


@pytest.mark.wire
def test_a_push_message_has_its_topic_priority_and_token(tmp_path: Path):
    token = tmp_path / "token"
    token.write_text("tk_1\n")
    token.chmod(0o600)
    with up(WebServer()) as server:
        made = OutwardTable.model_validate({"ntfy": {"a": {"url": f"{server.url}/maple", "token": str(token)}}})
        by_ntfy(made.ntfy["a"], TEXT)
        [(path, headers, body)] = server.got
        assert (path, headers["Authorization"]) == ("/", "Bearer tk_1")
        assert body == {"topic": "maple", "title": "Maple: A", "message": "Ä line", "priority": 5}
        server.code = 403
        with pytest.raises(Unsent, match=r"refuses the message: 403 .* Correct url or token.") as caught:
            by_ntfy(made.ntfy["a"], TEXT)
        assert caught.value.final
        assert "maple" not in str(caught.value)


@pytest.mark.wire
def test_apprise_sends_what_it_is_given_and_says_when_it_cannot(tmp_path: Path):
    urls = tmp_path / "urls"
    with up(WebServer()) as server:
        urls.write_text(f"json://127.0.0.1:{server.port}/apprise\n")
        urls.chmod(0o600)
        made = OutwardTable.model_validate({"apprise": {"a": {"urls": str(urls)}}}).apprise["a"]
        by_apprise(made, TEXT)
        assert server.got[0][2]["title"] == "Maple: A"
        server.code = 500
        with pytest.raises(Unsent, match="by all of its addresses"):
            by_apprise(made, TEXT)
        urls.write_text("nosuch://x\n")
        with pytest.raises(Unsent, match="line 1: Apprise does not know this address") as caught:
            by_apprise(made, TEXT)
    assert caught.value.final


@pytest.mark.wire
async def test_one_command_tries_every_way_and_says_what_came_of_each(run_dir: Path):
    said: list[str] = []
    with up(WebServer()) as server:
        both = table(run_dir, webhook={"well": {"url": server.url}}, mail=mail(free_port()))
        assert not await try_all(both, Noon(), said.append)
        assert said[1] == "webhook.well: sent"
        assert said[0].startswith("mail.caretaker: The mail server 127.0.0.1 cannot be reached")
        assert server.got[0][2]["title"] == "HEMS: this is a test"
    assert not await try_all(table(run_dir), Noon(), said.append)
    assert said[-1].startswith("No way to people is in the file")
