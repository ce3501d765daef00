"""Our own Lava processes. Lava imports every module of this folder when it searches for models, so it has no other modules."""
