"""`bdt policy play`: serve the page on this machine until the process is stopped."""

import click
from werkzeug.serving import WSGIRequestHandler, make_server

from policies.engine.revision import read_policies
from policies.review.commands.asked import root_of
from policies.review.play.served import Play
from policies.review.play.stage import Personas, Stage

LOOPBACK = "127.0.0.1"


class _Quiet(WSGIRequestHandler):
    """Writes no line a request: its address holds the facts that are asked about."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Nothing."""


def serve(ctx: click.Context, port: int, stage: Stage | None = None) -> None:
    """Serve until interrupted; on the loopback alone, whatever is asked."""
    policies = read_policies(root_of(ctx))
    play = Play(policies, stage or Personas(policies), ())
    server = make_server(LOOPBACK, port, play, threaded=False, request_handler=_Quiet)
    play.hosts = frozenset(f"{name}:{server.port}" for name in (LOOPBACK, "localhost"))
    click.echo(f"http://{LOOPBACK}:{server.port}/  (Ctrl+C to stop)")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        click.echo("stopped")
    finally:
        server.server_close()


@click.command("play")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0: any free one."
)
@click.pass_context
def play_command(ctx: click.Context, port: int) -> None:
    """Serve one page on this machine: who, which act, on what, when; change a fact; keep it as a scenario."""
    serve(ctx, port)
