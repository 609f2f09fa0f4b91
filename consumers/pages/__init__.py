"""Statements laid out for people: on a terminal, as one page, as a sheet; in French and in English."""
