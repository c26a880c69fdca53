"""A server for other programs of this host: OpenAI's interface on the one door in the walls."""
