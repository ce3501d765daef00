"""What everything uses: checks of what a user typed, files, seeds, memory, progress."""
