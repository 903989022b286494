"""Vectors of texts: arithmetic, clusters, density, and an embedder without a server."""
