"""Stands in for Slack and a mail server in a container that has only Python: prints a line of JSON per message."""

import json
import socketserver
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

CERTIFICATE = "/run/secrets/slack-certificate"


def note(kind: str, text: str) -> None:
    print(json.dumps({"to": kind, "text": text}), flush=True)  # noqa: T201 - the container's log


class Slack(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        note(f"https://{self.headers['Host']}", self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")


class Mail(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        while line := self.rfile.readline():
            match line[:4].upper():
                case b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    note("mail", b"".join(iter(self.rfile.readline, b".\r\n")).decode())
                case b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
            self.wfile.write(b"250 fine\r\n")


def main() -> None:
    slack = ThreadingHTTPServer(("", 443), Slack)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    slack.socket = context.wrap_socket(slack.socket, server_side=True)
    Thread(target=slack.serve_forever, daemon=True).start()
    socketserver.ThreadingTCPServer(("", 25), Mail).serve_forever()


if __name__ == "__main__":
    main()
