"""Lava processes of our own. Lava imports every module of this folder when it looks for models, so nothing else lives here."""
