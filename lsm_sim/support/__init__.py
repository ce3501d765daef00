"""Helpers used everywhere: checks of user input, files, seeds, memory, progress bars, figures."""
