"""Estimates, intervals and figures: numbers in, numbers or pictures out, no files."""
