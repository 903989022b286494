"""Finding rows that repeat others: words as hashes, shingles, near pairs, benchmarks, earlier datasets."""
