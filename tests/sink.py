"""A mail server of a test: takes every message, or refuses all of them."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage


class Sink(socketserver.ThreadingTCPServer):
    """Where mails arrive."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mails: list[EmailMessage] = []
        self.is_shut = False

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Talk(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321) as a client needs to hand a message in."""

    server: Sink

    def handle(self) -> None:
        self.say("220 sink")
        while line := self.rfile.readline():
            word = line[:4].upper().strip()
            if word == b"DATA" and not self.server.is_shut:
                self.say("354 go on")
                self.take()
            elif word == b"QUIT":
                self.say("221 bye")
                return
            else:
                is_refused = self.server.is_shut and word in (b"MAIL", b"DATA")
                self.say("451 not now" if is_refused else "250 yes")

    def take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        told = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        assert isinstance(told, EmailMessage)
        self.server.mails.append(told)
        self.say("250 taken")

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def sink() -> Iterator[Sink]:
    """A mail server for as long as this lasts."""
    with Sink() as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


def text_of(mail: EmailMessage) -> str:
    """What somebody reads."""
    part = mail.get_body(("plain", "html"))
    assert part is not None
    return str(part.get_content())
