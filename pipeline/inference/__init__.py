"""Asking a model: servers, the protocol, pacing, retries, and replies that are found again."""
