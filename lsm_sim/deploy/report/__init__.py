"""The report of a deployment: as text, as JSON, as one HTML page."""
