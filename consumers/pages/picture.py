"""How a terminal is drawn as an image: fonts that the reader has, colours that tell on white and on black."""

from rich.terminal_theme import TerminalTheme

SVG_THEME = TerminalTheme(
    background=(21, 25, 28),
    foreground=(226, 230, 231),
    normal=[
        (21, 25, 28),
        (240, 120, 84),
        (86, 201, 162),
        (224, 171, 63),
        (111, 171, 232),
        (196, 155, 220),
        (108, 200, 214),
        (226, 230, 231),
    ],
    bright=[
        (138, 147, 153),
        (255, 138, 101),
        (126, 222, 188),
        (240, 196, 100),
        (146, 192, 240),
        (214, 178, 236),
        (140, 218, 230),
        (255, 255, 255),
    ],
)

SVG_FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width;
}}
.{unique_id}-title {{ font-family: system-ui, "Segoe UI", Arial, sans-serif; font-size: 16px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""The template of `rich`, without the fonts that its own fetches from elsewhere."""
