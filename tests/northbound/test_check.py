"""What is wrong with what leads out, in one sentence for each fault; and with the file that says so."""

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from hems.cli import main
from hems.config.outward import load_outward
from hems.config.tables.outward import OutwardTable
from hems.model.errors import ConfigError
from hems.model.instant import Instant
from hems.northbound.check import findings
from tests.brokers import Broker, broker
from tests.desk import HandMadeDesk, serving
from tests.northbound.servers import MailServer, WebServer, free_port, up
from tests.pictures import normal_day

__all__ = ["broker"]


class Now:
    def now(self) -> Instant:
        return Instant(self.mono_s(), datetime(2026, 11, 20, 12, 0, tzinfo=UTC))

    def mono_s(self) -> float:
        return 0.0


async def found(table: dict[str, Any]) -> dict[str, str]:
    """The fault of each thing that was looked at."""
    made = OutwardTable.model_validate(table)
    return {Path(one.what).name: one.fault async for one in findings(made, Now())}


@pytest.mark.wire
async def test_where_all_is_well_nothing_is_found_and_nobody_is_told_anything(
    run_dir: Path, tmp_path: Path, broker: Broker
):
    prices = tmp_path / "today.json"
    prices.write_text(json.dumps([{"start": "2026-11-20T12:00:00Z", "price": 0.2}]))
    desk = HandMadeDesk(normal_day())
    with up(WebServer()) as web, up(MailServer()) as mail:
        async with serving(run_dir, desk):
            seen = await found(
                {
                    "run_dir": str(run_dir),
                    "home_assistant": {"broker": {"host": "127.0.0.1", "port": broker.port}, "commands": True},
                    "metrics": {"port": 0},
                    "mail": {"ana": _mail(mail.port)},
                    "webhook": {"desk": {"url": f"{web.url}/x"}},
                    "prices": {"buy": {"file": str(prices)}},
                }
            )
        assert set(seen) == {
            "view.sock",
            "operate.sock",
            "home_assistant",
            "metrics",
            "mail.ana",
            "webhook.desk",
            "prices.buy",
        }
        assert set(seen.values()) == {""}
        assert (web.got, mail.mails, desk.asked) == ([], [], [])


def _mail(port: int) -> dict[str, Any]:
    return {"server": "127.0.0.1", "port": port, "security": "none", "sender": "hems@x.org", "to": ["ana@x.org"]}


@pytest.mark.wire
async def test_each_fault_is_one_sentence_with_its_remedy(run_dir: Path, tmp_path: Path):
    port = free_port()
    open_to_all = tmp_path / "pin"
    open_to_all.write_text("4711")
    open_to_all.chmod(0o644)
    seen = await found(
        {
            "run_dir": str(run_dir),
            "home_assistant": {"broker": {"host": "127.0.0.1", "port": port}, "pin": str(open_to_all)},
            "metrics": {"host": "203.0.113.1"},
            "mail": {"ana": _mail(port)},
            "ntfy": {"ana": {"url": f"http://127.0.0.1:{port}/x", "token": str(tmp_path / "none")}},
            "webhook": {"desk": {"url": f"http://127.0.0.1:{port}/x"}},
            "apprise": {"more": {"urls": str(tmp_path / "none")}},
            "prices": {"buy": {"file": str(tmp_path / "none.json")}, "broker": {"host": "127.0.0.1", "port": port}},
        }
    )
    for what, says in {
        "view.sock": "HEMS does not run here: nothing answers at ",
        "home_assistant": "can be read by everybody. Set its mode to 0640.",
        "metrics": "Nothing can listen at 203.0.113.1: ",
        "mail.ana": "The mail server 127.0.0.1 cannot be reached ",
        "ntfy.ana": "none does not exist. Put it there, or correct its name in the file.",
        "webhook.desk": f"127.0.0.1:{port} cannot be reached ",
        "apprise.more": "none does not exist. Put it there, or correct its name in the file.",
        "prices.buy": "none.json does not exist. Put it there, or correct prices.buy.file.",
        "prices.broker": f"No connection to the broker at 127.0.0.1:{port}: ",
    }.items():
        assert says in seen[what], what
        assert seen[what].endswith(".")
        assert "Errno" not in seen[what]
        assert "\n" not in seen[what]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[metric]\nport = 1", "metric is not a key known here; write metrics instead."),
        ("[metrics]\nprot = 9464", "line 2: metrics.prot is not a key known here; write port instead."),
        ("[metrics]\nport = 70000", "metrics.port = 70000 is above the highest permitted value 65535;"),
        ("[home_assistant]", "home_assistant.broker is missing; add the table [home_assistant.broker]."),
        ("[ntfy.a]\nurl = 'ntfy.sh/x'", 'ntfy.a.url = "ntfy.sh/x" is not a web address without name and password;'),
        (
            "[mail.a.quiet]\nbegins = '24:00'",
            'mail.a.quiet.begins = "24:00" is not a time of day; write it as "22:00".',
        ),
        ("timezone = 'Europe/Nowhere'", 'timezone = "Europe/Nowhere" is no time zone; write one such as'),
        ("[prices]", "prices.buy is missing; name at least one source"),
        ("[prices.buy]\nrows = 'x'", "prices.buy needs one of file, url and topic, and none of them is there;"),
        (
            "[prices.buy]\nfile = 'x'\ntopic = 'y'",
            "one of file, url and topic, and file and topic are there; keep exactly one.",
        ),
        ("[prices.buy]\ntopic = 'y'", "prices.broker is missing; prices.buy.topic needs a broker"),
        ("[home_assistant.broker]\nhost = 'h'\ncert = 'c'", "broker.key is missing; cert does not go without it."),
        ("[", "this is not TOML"),
    ],
)
def test_each_mistake_in_the_file_is_one_sentence(tmp_path: Path, text: str, says: str):
    file = tmp_path / "northbound.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_outward(file)
    assert any(says in problem for problem in caught.value.problems), caught.value.problems
    assert all(problem.startswith(str(file)) for problem in caught.value.problems)


def test_a_file_that_is_not_there_is_not_called_a_site_file(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"does not exist; give the path of northbound\.toml"):
        load_outward(tmp_path / "nothing.toml")


def test_a_password_is_never_sent_for_everybody_to_read(tmp_path: Path):
    file = tmp_path / "northbound.toml"
    file.write_text("[mail.a]\nserver='s'\nsender='x'\nto=['y']\nsecurity='none'\nlogin='l'\n")
    with pytest.raises(ConfigError, match=r'mail.a.login = "l" would be sent for everybody to read'):
        load_outward(file)


def test_the_example_is_read_as_it_stands_and_an_editor_finds_no_mistake_in_it(checkout: Path):
    example = checkout / "examples/northbound/northbound.toml"
    table = load_outward(example)
    assert all(
        (table.home_assistant, table.metrics, table.mail, table.ntfy, table.webhook, table.apprise, table.prices)
    )
    schema = json.loads((checkout / "docs/schema/northbound.json").read_text(encoding="utf-8"))
    judge: Any = fastjsonschema.compile(schema)
    judge(tomllib.loads(example.read_text(encoding="utf-8")))


@pytest.mark.parametrize("what", ["ha", "metrics", "prices"])
def test_a_process_that_the_file_does_not_ask_for_says_so_and_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
):
    file = tmp_path / "northbound.toml"
    file.write_text("")
    assert main(["northbound", what, "--file", str(file)]) == 1
    assert "so there is nothing to do. Add it, or disable the service." in capsys.readouterr().err


def test_a_file_that_is_not_there_is_a_mistake_of_the_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["northbound", "check", "--file", str(tmp_path / "none.toml")]) == 78
    assert "none.toml does not exist" in capsys.readouterr().err
