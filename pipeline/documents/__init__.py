"""From a user's files to texts: finding, reading and extracting them."""
