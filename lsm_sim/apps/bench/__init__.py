"""How fast the engines are: workloads, measuring in alternating rounds, and what came out; `lsm-sim bench` shows it.

What runs side by side are peers, found by entry points of the group ``lsm_sim.peers``; see `lsm_sim.apps.bench.peer`.
"""
