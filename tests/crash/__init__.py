"""The crash rig: real kills at every fault point, negative controls, and a power that fails."""
