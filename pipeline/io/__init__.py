"""Files: written whole, cached, read as rows or plain YAML."""
