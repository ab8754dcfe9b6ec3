"""From exec to the first answer, and what an idle agent holds in memory."""

import statistics
import time

from agent import Agent


def measure(build, rounds, rest_s=10):
    times = []
    with Agent(build) as agent:  # the first start makes the store
        for _ in range(rounds):
            agent.stop()
            times.append(agent.start())
        time.sleep(rest_s)
        idle = agent.status()
        plugins = len(agent.plugins)
    return [
        {'what': f'serve ready, {plugins} plugins', 'ours': statistics.median(times), 'unit': 'ms', 'limit': 100},
        {'what': 'idle, resident', 'ours': idle['rss_mib'], 'unit': 'MiB', 'limit': 20},
        {'what': 'idle, resident, its own pages', 'ours': idle['anon_mib'], 'unit': 'MiB'},
        {'what': 'idle, threads', 'ours': idle['threads'], 'unit': ''},
    ]
