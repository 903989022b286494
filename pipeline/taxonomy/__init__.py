"""The taxonomy file, and the review of what a model proposes for it."""
