"""Notices to the curator: a webhook that takes {"text": ...}, as chat servers do, and mail."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage

from deephypebot.errors import InputError, Limited, Refused
from deephypebot.http import Http
from deephypebot.settings import NoticeSettings

TIMEOUT_S, AWAY_S = 20.0, 300.0


class Notifier:
    """Implements services.Notice."""

    def __init__(self, settings: NoticeSettings, http: Http) -> None:
        if settings.mail_to and not settings.mail_from:
            raise InputError("notice.mail_from is missing; needed is the address that mails come from")
        self.settings, self.http = settings, http

    def tell(self, subject: str, text: str) -> None:
        """Raises ServiceError where one of them did not take it."""
        if webhook := self.settings.webhook.get_secret_value():
            self.http.post(webhook, {"text": text})
        if self.settings.mail_to:
            self._mail(subject, text)

    def _mail(self, subject: str, text: str) -> None:
        settings, message = self.settings, EmailMessage()
        message["Subject"], message["From"], message["To"] = subject, settings.mail_from, settings.mail_to
        message.set_content(text)
        try:
            with smtplib.SMTP(settings.mail_host, settings.mail_port, timeout=TIMEOUT_S) as server:
                if _offers_tls(server):
                    server.starttls()
                if settings.mail_user:
                    server.login(settings.mail_user, settings.mail_password.get_secret_value())
                server.send_message(message)
        except smtplib.SMTPException as error:
            raise Refused(f"mail: {settings.mail_host} did not take it ({type(error).__name__})") from error
        except OSError as error:
            raise Limited(f"mail: {settings.mail_host} cannot be reached ({type(error).__name__})", AWAY_S) from error


def _offers_tls(server: smtplib.SMTP) -> bool:
    server.ehlo_or_helo_if_needed()
    return bool(server.has_extn("starttls"))
