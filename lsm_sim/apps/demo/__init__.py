"""The demo: what a liquid makes of handwritten digits, beside three controls; pictures and a report."""
