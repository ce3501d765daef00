"""The benchmark of speed, `lsm-sim bench`: workloads, measurement in alternating rounds, and reports.

The compared simulators are called peers and are found by entry points of the group ``lsm_sim.peers``; see
`lsm_sim.apps.bench.peer`.
"""
