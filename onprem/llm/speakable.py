"""Which texts a schema may name: those that llama.cpp's converter puts into a grammar as they are."""


def is_speakable(text: str) -> bool:
    """Return whether a property's name or a text of an enum comes out of a grammar as it went in.

    The converter escapes neither quotation marks nor backslashes nor control characters, and breaks what lies beyond the
    basic plane.
    """
    return bool(text) and not any(sign < " " or sign in '"\\\x7f' or sign > "\uffff" for sign in text)
