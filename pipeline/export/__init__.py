"""What leaves a run: rows, shards, the card, and publishing them to the Hub."""
