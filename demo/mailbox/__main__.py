"""`python -m demo.mailbox`: run the mailbox until it is told to stop."""

import argparse
import signal
import sys
from pathlib import Path
from threading import Event

from demo.mailbox.running import LOOPBACK, start_mailbox


def main() -> None:
    """Read the options, run, and stop on SIGINT or SIGTERM."""
    options = argparse.ArgumentParser(prog="python -m demo.mailbox", description=__doc__)
    options.add_argument("--directory", type=Path, default=Path("var/mailbox"), help="where mails are kept")
    options.add_argument("--smtp-port", type=int, default=8425)
    options.add_argument("--http-port", type=int, default=8426)
    options.add_argument("--host", default=LOOPBACK, help="other than loopback: all may read all mails")
    chosen = options.parse_args()
    told_to_stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told_to_stop.set())
    try:
        mailbox = start_mailbox(chosen.directory, chosen.smtp_port, chosen.http_port, chosen.host)
    except OSError as error:
        raise SystemExit(f"The mailbox cannot start: {error}") from None
    sys.stdout.write(f"SMTP on port {mailbox.smtp_port}, mails on {mailbox.address}\n")
    sys.stdout.flush()
    told_to_stop.wait()
    mailbox.stop()


if __name__ == "__main__":
    main()
