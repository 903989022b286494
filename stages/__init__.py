"""One stage a file: a decision about records that knows nothing of Ray, servers or shards."""
