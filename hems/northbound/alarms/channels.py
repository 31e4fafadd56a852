"""The ways to people.  Each sends one message or says in a sentence why not, and whether trying again can help.

Mail, ntfy and webhooks go by the standard library, because an outbox has to know why a message was not taken: Apprise,
which knows a hundred other services, says no more than yes or no.
"""

import asyncio
import json
import logging
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from http.client import HTTPException
from urllib.parse import urlsplit

from hems.config.tables.outward import (
    AppriseTable,
    ChannelTable,
    MailTable,
    NtfyTable,
    OutwardTable,
    WebhookTable,
)
from hems.model.errors import HemsError
from hems.northbound import files
from hems.northbound.alarms.rules import Message

WITHIN_S = 20.0
"""How long a server may take for one step."""
REFUSED_FOR_GOOD = 500
"""Codes of mail servers from here on do not pass by themselves."""
MAIL_PORTS = {"starttls": 587, "tls": 465, "none": 25}
NTFY_PRIORITY = {"LOW": 2, "MED": 4, "HIGH": 5}
TRY_AGAIN = (408, 425, 429)
"""Refusals of web servers that pass."""


class Unsent(HemsError):
    """A message was not taken.  Try again later; when `final`, only somebody who corrects the file can help."""

    def __init__(self, text: str, *, final: bool = False) -> None:
        super().__init__(text)
        self.final = final


Send = Callable[[Message], None]


def channels(table: OutwardTable) -> Iterator[tuple[str, ChannelTable, Send]]:
    """Every way of the file with its name, its rules and what sends; it blocks, so call it in a thread."""
    for name, mail in table.mail.items():
        yield f"mail.{name}", mail, partial(by_mail, mail)
    for name, ntfy in table.ntfy.items():
        yield f"ntfy.{name}", ntfy, partial(by_ntfy, ntfy)
    for name, hook in table.webhook.items():
        yield f"webhook.{name}", hook, partial(by_webhook, hook)
    for name, apprise in table.apprise.items():
        yield f"apprise.{name}", apprise, partial(by_apprise, apprise)


async def sent(send: Send, message: Message) -> None:
    """Send in a thread.  Raises: Unsent."""
    try:
        await asyncio.to_thread(send, message)
    except files.Unusable as wrong:
        raise Unsent(str(wrong), final=True) from wrong


def by_mail(table: MailTable, message: Message) -> None:
    """One e-mail to everybody in `to`.  Raises: Unsent, Unusable."""
    with connected_mail(table) as server:
        try:
            server.send_message(_mail(table, message))
        except smtplib.SMTPRecipientsRefused as refused:
            names, codes = ", ".join(refused.recipients), [code for code, _ in refused.recipients.values()]
            final = min(codes) >= REFUSED_FOR_GOOD
            told = f"The mail server {table.server} refuses {names}. {'Correct to' if final else 'It is tried again'}."
            raise Unsent(told, final=final) from refused
        except smtplib.SMTPResponseException as refused:
            raise _mail_refused(table, refused) from refused
        except (OSError, smtplib.SMTPException) as error:
            raise _mail_unreachable(table, error) from error


def connected_mail(table: MailTable) -> smtplib.SMTP:
    """A connection that is let in.  Raises: Unsent, Unusable."""
    port = table.port or MAIL_PORTS[table.security]
    context = files.tls(table.ca) if table.security != "none" else None
    login = files.login(table.login) if table.login else None
    try:
        if table.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(table.server, port, timeout=WITHIN_S, context=context)
        else:
            server = smtplib.SMTP(table.server, port, timeout=WITHIN_S)
        if table.security == "starttls":
            server.starttls(context=context)
        if login is not None:
            server.login(*login)
    except smtplib.SMTPAuthenticationError as refused:
        remedy = f"Correct {files.located(table.login)}" if table.login else "Name a file with login"
        why = f"The mail server {table.server} does not accept the name and password. {remedy}."
        raise Unsent(why, final=True) from refused
    except smtplib.SMTPNotSupportedError as missing:
        raise _mail_lacks(table, missing) from missing
    except smtplib.SMTPResponseException as refused:
        raise _mail_refused(table, refused) from refused
    except (OSError, smtplib.SMTPException) as error:
        raise _mail_unreachable(table, error) from error
    return server


def _mail_lacks(table: MailTable, missing: Exception) -> Unsent:
    """It answers, and cannot do what the file asks for: no wait will change that."""
    if "STARTTLS" in str(missing):
        remedy = 'offers no STARTTLS. Correct security: "tls", or "none" inside the building\'s own network'
    else:
        remedy = "knows no names and passwords. Leave login out, or correct security"
    return Unsent(f"The mail server {table.server} {remedy}.", final=True)


def _mail_refused(table: MailTable, refused: smtplib.SMTPResponseException) -> Unsent:
    text = refused.smtp_error.decode(errors="replace") if isinstance(refused.smtp_error, bytes) else refused.smtp_error
    told = f"The mail server {table.server} refuses the message: {refused.smtp_code} {text}."
    return Unsent(told, final=refused.smtp_code >= REFUSED_FOR_GOOD)


def _mail_unreachable(table: MailTable, error: Exception) -> Unsent:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Unsent(f"The certificate of {table.server} is not to be trusted ({error.verify_message}). Correct ca.")
    return Unsent(f"The mail server {table.server} cannot be reached ({files.why_not(error)}). It is tried again.")


def _mail(table: MailTable, message: Message) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = table.sender, ", ".join(table.to), message.title
    mail["Message-ID"] = f"<{message.id}@hems>"
    if message.made_s is not None:
        mail["Date"] = format_datetime(datetime.fromtimestamp(message.made_s, UTC))
    if message.priority == "HIGH":
        mail["X-Priority"] = "1"
    mail.set_content(message.text)
    return mail


def by_ntfy(table: NtfyTable, message: Message) -> None:
    """One push message.  Raises: Unsent, Unusable."""
    server, _, topic = table.url.rstrip("/").rpartition("/")
    body = {"topic": topic, "title": message.title, "message": message.text}
    _post(f"{server}/", {**body, "priority": NTFY_PRIORITY[message.priority]}, table.token)


def by_webhook(table: WebhookTable, message: Message) -> None:
    """One post.  Raises: Unsent, Unusable."""
    body = {"id": message.id, "site": message.site, "made_s": message.made_s, "priority": message.priority}
    _post(table.url, {**body, "title": message.title, "text": message.text}, table.token)


def _post(url: str, body: Mapping[str, object], token: str | None) -> None:
    bearer = {"Authorization": f"Bearer {files.secret(token)}"} if token else {}
    headers = {"Content-Type": "application/json", "User-Agent": "hems", **bearer}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=WITHIN_S) as answer:
            answer.read()
    except urllib.error.HTTPError as refused:
        final = 400 <= refused.code < 500 and refused.code not in TRY_AGAIN
        remedy = "Correct url or token" if final else "It is tried again"
        told = f"{_host(url)} refuses the message: {refused.code} {refused.reason}. {remedy}."
        raise Unsent(told, final=final) from refused
    except (OSError, ValueError, HTTPException) as error:
        raise Unsent(f"{_host(url)} cannot be reached ({files.why_not(error)}). It is tried again.") from error


def _host(url: str) -> str:
    """As much of an address as may be shown; the rest of it can be a secret."""
    return urlsplit(url).netloc


def by_apprise(table: AppriseTable, message: Message) -> None:
    """By every address in the file.  Raises: Unsent, Unusable."""
    try:
        from apprise import Apprise, NotifyType
    except ImportError as error:
        raise Unsent("Apprise needs the extra notify: pip install 'hems[notify]'.", final=True) from error
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it would write the addresses, which hold passwords
    service = Apprise()
    for number, url in enumerate(files.secret_lines(table.urls), start=1):
        if not service.add(url):
            raise Unsent(f"{files.located(table.urls)}, line {number}: Apprise does not know this address.", final=True)
    kind = NotifyType.FAILURE if message.priority == "HIGH" else NotifyType.WARNING
    if not service.notify(title=message.title, body=message.text, notify_type=kind):
        raise Unsent("Apprise could not send the message by all of its addresses. It is tried again.")
