"""A second opinion: the figures computed anew from the written rules, slowly and in plain Python.

Nothing here imports the projections. Every instant is judged by itself; nothing is folded or kept.
"""

from tests.oracle.judgement import Judgement, judge
from tests.oracle.penalty import Platform
from tests.oracle.world import every_change, every_second

__all__ = ["Judgement", "Platform", "every_change", "every_second", "judge"]
