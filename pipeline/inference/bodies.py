"""The body of an answer, as long as one may be."""

import aiohttp

from pipeline.errors import BadReply
from pipeline.inference.http_answers import quoted

MAX_REPLY_BYTES = 16 * 2**20  # more is no reply to what we ask for


async def whole_body(response: aiohttp.ClientResponse) -> bytes:
    """The body. Raises BadReply when it is too long to be a reply, after as much of it as that."""
    if (response.content_length or MAX_REPLY_BYTES) < MAX_REPLY_BYTES:
        return await response.read()
    data = bytearray()
    async for piece in response.content.iter_any():
        data += piece
        if len(data) > MAX_REPLY_BYTES:
            said = quoted(response.status, response.content_type, data[:1000].decode(errors="replace"))
            raise BadReply(f"a reply of more than {MAX_REPLY_BYTES:,} bytes", raw=said)
    return bytes(data)
