"""The demo: a liquid classifies handwritten digits, compared with three controls; with figures and a report."""
