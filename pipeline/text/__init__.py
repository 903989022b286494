"""What texts are made of and what is wrong with them: words, sentences, faults, personal data."""
