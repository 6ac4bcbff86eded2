"""A proxy that spoils a conversation on purpose, between two parts of the system, on loopback.

The fault is switched while it runs and counts from the next bytes on, for conversations under way as well:
a kept-alive connection is hit in its middle, as in life. What spoils an answer lets the request through, so
that the effect happens and its confirmation is lost: the case that costs the most.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Self

HOST = "127.0.0.1"
CHUNK = 65536
HEADERS_END = b"\r\n\r\n"
HTTP_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html\r\nContent-Length: 13\r\n"
    b"Connection: close\r\n\r\n<p>Busy.</p>\n"
)
SMTP_BUSY = b"421 4.3.2 Service not available\r\n"
START_SECONDS = 10.0
HOLE_SECONDS = 0.05

_Spoil = Callable[[bytes], Awaitable[tuple[bytes, bool]]]


class Fault(StrEnum):
    """What happens to a conversation."""

    NONE = "none"
    LATENCY = "latency"
    """Each piece of the answer comes late."""
    CUT_IN_HEADERS = "cut in headers"
    """The answer ends in the middle of its headers."""
    HALF_BODY = "half body"
    """The answer ends in the middle of its body."""
    RESET = "reset"
    """The request goes through; instead of the answer comes a reset."""
    BLACK_HOLE = "black hole"
    """Connections are taken, and nothing is ever said."""
    BUSY = "busy"
    """Turned away in the words of the protocol: 503, or 421."""


class FaultProxy:
    """`with FaultProxy(port) as proxy:` forwards `proxy.port` to a port of this machine.

    Args:
        upstream_port: where the real part listens; it may come and go.
        port: where to listen; one that is free when 0.
        busy: what a `BUSY` part says.
        latency: seconds before each piece of an answer, under `LATENCY`.
    """

    def __init__(
        self, upstream_port: int, *, port: int = 0, busy: bytes = HTTP_BUSY, latency: float = 0.5
    ) -> None:
        self.fault = Fault.NONE
        self.upstream_port = upstream_port
        self._busy, self._latency = busy, latency
        self._listening = socket.create_server((HOST, port))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="fault-proxy", daemon=True)
        self._is_up = threading.Event()

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listening.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._is_up.wait(START_SECONDS):
            raise RuntimeError("the fault proxy did not start")
        return self

    def __exit__(self, *_raised: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(START_SECONDS)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._over = asyncio.Event()
        self._talks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._take, sock=self._listening)
        self._is_up.set()
        await self._over.wait()
        server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        if talk:
            self._talks.add(talk)
            talk.add_done_callback(self._talks.discard)
        try:
            await self._converse(reader, writer)
        except _Busy:
            writer.write(self._busy)
        except (OSError, asyncio.CancelledError):
            _reset(writer)
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._fall_into_hole()
        if self.fault == Fault.BUSY and self._busy == SMTP_BUSY:  # there the server speaks first
            raise _Busy
        back, forth = await self._open()
        asking = asyncio.ensure_future(self._pass_on(reader, forth, self._request))
        answering = asyncio.ensure_future(self._pass_on(back, writer, self._answer))
        try:
            # Whoever ends first, or fails, ends the conversation for both.
            over, _ = await asyncio.wait({asking, answering}, return_when=asyncio.FIRST_COMPLETED)
            for each in over:
                each.result()
        finally:
            asking.cancel()
            answering.cancel()
            forth.close()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(HOST, self.upstream_port)

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, spoil: _Spoil) -> None:
        goes_on = True
        while goes_on and (piece := await source.read(CHUNK)):
            await self._fall_into_hole()
            passed, goes_on = await spoil(piece)
            sink.write(passed)
            await sink.drain()

    async def _fall_into_hole(self) -> None:
        """What a black hole has swallowed never comes out, also when it closes."""
        if self.fault == Fault.BLACK_HOLE:
            while self.fault == Fault.BLACK_HOLE:
                await asyncio.sleep(HOLE_SECONDS)
            raise ConnectionResetError

    async def _request(self, piece: bytes) -> tuple[bytes, bool]:
        if self.fault == Fault.BUSY:
            raise _Busy
        return piece, True

    async def _answer(self, piece: bytes) -> tuple[bytes, bool]:
        """What is passed on of a piece of the answer, and whether the conversation goes on."""
        match self.fault:
            case Fault.RESET:
                raise ConnectionResetError
            case Fault.LATENCY:
                await asyncio.sleep(self._latency)
            case Fault.CUT_IN_HEADERS:
                return piece[: _length_of_headers(piece) // 2], False
            case Fault.HALF_BODY:
                begins = _length_of_headers(piece)
                return piece[: begins + (len(piece) - begins) // 2], False
        return piece, True


class _Busy(Exception):
    """The part turns its visitor away."""


def _length_of_headers(piece: bytes) -> int:
    """Of an HTTP answer; else the whole piece is as good as headers."""
    end = piece.find(HEADERS_END)
    return len(piece) if end < 0 else end + len(HEADERS_END)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a reset instead of an end, unless the other side has done so already."""
    if writer.transport.is_closing():
        return
    taken = writer.get_extra_info("socket")
    if taken is not None:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
