"""The screen in a browser: on this machine only, for its own page only, and only to look."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, WSServerHandshakeError, web

from hems.commands.web import COMMAND
from hems.model.errors import HemsError
from hems.tui.web import MOST_TABS, WebScreen, check_host, check_url
from tests.desk import HandMadeDesk, serving, until
from tests.pictures import power_cut

pytestmark = pytest.mark.wire


@asynccontextmanager
async def served(*command: str) -> AsyncIterator[WebScreen]:
    """The page, on a free port."""
    screen = WebScreen(command or ("true",), host="localhost", port=0)
    runner = web.AppRunner(await screen._make_app())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    screen.port = site._server.sockets[0].getsockname()[1]
    screen.public_url = f"http://localhost:{screen.port}"
    try:
        yield screen
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.10", "hems.example.org"])
def test_a_host_that_others_can_reach_is_refused_unless_a_proxy_asks_them(host: str) -> None:
    with pytest.raises(HemsError, match="asks nobody for a password"):
        check_host(host, behind_proxy=False)
    check_host(host, behind_proxy=True)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_this_machine_needs_no_proxy(host: str) -> None:
    check_host(host, behind_proxy=False)


@pytest.mark.parametrize("url", ["hems.example.org", "ftp://hems.example.org", "https://"])
def test_an_address_that_no_browser_takes_is_refused(url: str) -> None:
    with pytest.raises(HemsError, match="write it whole"):
        check_url(url)
    check_url("https://hems.example.org/haus")
    check_url(None)


def test_a_port_that_is_taken_is_named_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "hems.cli", "web", "--host", "127.0.0.1", "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert f"127.0.0.1:{port} cannot be used" in done.stderr


async def test_a_page_from_elsewhere_cannot_open_the_screen() -> None:
    async with served() as screen, ClientSession() as client:
        url = f"http://127.0.0.1:{screen.port}"
        # the page itself comes, and may load nothing from anywhere else
        async with client.get(url, headers={"Host": f"localhost:{screen.port}"}) as page:
            assert page.status == 200
            assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        # a foreign page, a page without a name, and a name that was bent to this machine do not
        for headers in ({"Origin": "http://evil.example"}, {}, {"Host": "evil.example", "Origin": screen.public_url}):
            with pytest.raises(WSServerHandshakeError, match="403"):
                await client.ws_connect(f"{url}/ws", headers=headers)
        async with client.get(url, headers={"Host": "evil.example"}) as page:
            assert page.status == 403


async def test_there_are_no_more_tabs_than_the_machine_can_bear() -> None:
    async with served("sleep", "20") as screen, ClientSession() as client:
        url, own = f"http://127.0.0.1:{screen.port}/ws", {"Origin": screen.public_url}
        screen._tabs = MOST_TABS
        with pytest.raises(WSServerHandshakeError, match="503"):
            await client.ws_connect(url, headers=own)


async def test_a_tab_is_a_screen_that_only_looks(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    command = (sys.executable, "-m", "hems.cli", "tui", "--readonly", "--run-dir", str(run_dir))
    async with serving(run_dir, HandMadeDesk(power_cut())), served(*command) as screen, ClientSession() as client:
        own = {"Origin": screen.public_url}
        async with client.ws_connect(f"http://127.0.0.1:{screen.port}/ws?width=80&height=24", headers=own) as tab:
            sent = b""
            async with asyncio.timeout(60.0):
                while b"ESSENTIAL POWER LASTS" not in sent:
                    sent += await tab.receive_bytes()
                await tab.send_json(["stdin", "3"])
                while b"/ find" not in sent:
                    sent += await tab.receive_bytes()
    assert b"back to automatic" not in sent


def test_it_looks_only_unless_asked_otherwise() -> None:
    import argparse

    parser = argparse.ArgumentParser()
    COMMAND.add_arguments(parser)
    args = parser.parse_args([])
    assert (args.host, args.operate, args.behind_proxy) == ("localhost", False, False)


def heard(said: list[Any]) -> bytes:
    """What the page was sent to draw."""
    return b"".join(told for told in said if isinstance(told, bytes))


@pytest.mark.browser
async def test_two_screens_in_a_real_browser(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    playwright = pytest.importorskip("playwright.async_api", reason="needs playwright: pip install playwright")
    if chromium is None:
        pytest.skip("needs Debian's browser: apt install chromium")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    command = (sys.executable, "-m", "hems.cli", "tui", "--readonly", "--run-dir", str(run_dir))
    async with (
        serving(run_dir, HandMadeDesk(power_cut())),
        served(*command) as screen,
        playwright.async_playwright() as driver,
    ):
        browser = await driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 900, "height": 620})
        said: list[Any] = []
        page.on("websocket", lambda socket: socket.on("framereceived", lambda told: said.append(told)))
        await page.goto(screen.public_url)
        await until(lambda: b"ESSENTIAL POWER" in heard(said), within_s=30.0)
        await page.mouse.click(200, 200)
        await page.keyboard.press("3")
        await until(lambda: b"WHY / UNTIL WHEN" in heard(said), within_s=30.0)
        picture = os.environ.get("HEMS_BROWSER_PICTURE")
        if picture:
            await page.screenshot(path=picture)
        await browser.close()
