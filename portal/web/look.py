"""A site's own colour, made readable: what can be read on it, and how it can be read as text."""

WHITE = (255, 255, 255)
INK = (0x1D, 0x26, 0x29)
READABLE = 4.5  # WCAG 2.2, success criterion 1.4.3


def style_of(accent: str | None) -> str | None:
    """The design tokens for an accent colour such as ``#1d5c4b``; None leaves the portal's own."""
    if accent is None:
        return None
    colour = _parse(accent)
    on_accent = "#ffffff" if contrast(colour, WHITE) >= contrast(colour, INK) else "#1d2629"
    link = colour
    while contrast(link, WHITE) < READABLE * 1.1:  # a little more than enough: tints lie below it
        link = tuple(int(part * 0.9) for part in link)  # type: ignore[assignment]  # still three
    return f":root{{--accent:{accent};--on-accent:{on_accent};--link:{_hex(link)}}}"


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: tuple[int, int, int]) -> float:
    red, green, blue = (
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4
        for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parse(accent: str) -> tuple[int, int, int]:
    return int(accent[1:3], 16), int(accent[3:5], 16), int(accent[5:7], 16)


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
