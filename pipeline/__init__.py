"""The engine: records, steps, parts, replies, servers and the command line."""
