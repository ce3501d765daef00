"""Running a network on a backend; results come back under the names of its groups."""
