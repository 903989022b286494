"""What lasts in a root: parts, replies, events, and the lock on them."""
