"""Live data: sources that give frames while time passes, and sinks that take answers.

A source is an iterable of arrays of frames, shape (k, n_channels), with ``n_channels`` and ``rate``.
"""

from lsm_sim.live.packets import packed_array
from lsm_sim.live.parser import PacketCounts, Parser
from lsm_sim.live.raw_audio import RawAudioSource
from lsm_sim.live.receiving import TcpCounts
from lsm_sim.live.sinks import Answer, JsonLines, TcpSink
from lsm_sim.live.sources import Source, WavSource, from_iterable
from lsm_sim.live.tcp import TcpSource, send_frames

__all__ = [
    "Answer",
    "JsonLines",
    "PacketCounts",
    "Parser",
    "RawAudioSource",
    "Source",
    "TcpCounts",
    "TcpSink",
    "TcpSource",
    "WavSource",
    "from_iterable",
    "packed_array",
    "send_frames",
]
