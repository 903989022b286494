"""Stands in for vLLM where only its life and death matter: the scripted server behind vLLM's command line.

Put tests/stand_in on PYTHONPATH. STAND_IN_LOG names the request log; where a file STAND_IN_LOG.broken
exists, the server cannot start.
"""

import asyncio
import os
import sys
from pathlib import Path

from tests.scripted_server import serve

log = Path(os.environ["STAND_IN_LOG"])
if log.with_suffix(".broken").exists():
    sys.exit("CUDA error: the stand-in is out of order")
asyncio.run(serve(log, delay_s=0.1, port=int(sys.argv[sys.argv.index("--port") + 1])))
