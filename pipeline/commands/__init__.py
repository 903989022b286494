"""The commands of `academe`, by what they are about."""
