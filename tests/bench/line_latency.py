"""From the training's write to a reader, through the agent and through `ssh host tail -F`, at the same time."""

import json
import pathlib
import statistics
import subprocess
import time

import sshd
from agent import Agent
from fan_out import Listeners

PER_SECOND, SIZE = 100, 100


def wait_until(condition, what, seconds=20):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise RuntimeError(what)
        time.sleep(0.02)


def follows(folder):
    """`tail -F` runs in this home folder."""
    for path in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            if (path / 'cmdline').read_bytes().startswith(b'tail\0') and (path / 'cwd').resolve() == folder.resolve():
                return True
        except OSError:
            pass
    return False


def measure_once(build, seconds):
    lines = seconds * PER_SECOND
    with Agent(build) as agent:
        go = agent.home / 'go'
        job = agent.submit(f'exec {build}/bin/bench-lines {lines} {PER_SECOND} {SIZE} {go}')
        agent.wait_for(job, ['running'])
        machine = agent.instance_folder()
        home = machine / 'home'
        key = sshd.make_key(agent.home / 'key')
        with open(machine / 'authorized_keys', 'a') as keys:
            keys.write(key.with_suffix('.pub').read_text())
        port = next(line.split()[1] for line in (machine / 'sshd_config').read_text().splitlines()
                    if line.startswith('Port '))
        wait_until(lambda: list(home.glob('.stoker/jobs/*/log')), 'the training has no log')
        words = [*sshd.client('ssh', key, port), sshd.user() + '@127.0.0.1', 'exec tail -n +1 -F .stoker/jobs/*/log']
        tail = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL)
        try:
            peer = subprocess.Popen([build / 'bin/bench-listen', str(lines), '90'], stdin=tail.stdout,
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            tail.stdout.close()
            ours = Listeners(build, lines, 1, agent.port, f'/v1/jobs/{job}/events', agent.token())
            wait_until(lambda: follows(home), 'tail does not start')
            go.touch()
            mine, other = ours.result(), json.loads(peer.communicate(timeout=120)[0])
        finally:
            tail.terminate()
            tail.wait(20)
        agent.wait_for(job, ['succeeded'])
        for result in (mine, other):
            if result['complete'] != 1:
                raise RuntimeError(f'lines were lost: {result}')
        return mine, other


def measure(build, rounds, seconds=20):
    pairs = [measure_once(build, seconds) for _ in range(rounds)]

    def row(what, key, **more):
        return {'what': what, 'ours': statistics.median(a[key] for a, _ in pairs),
                'peer': statistics.median(b[key] for _, b in pairs), 'unit': 'ms', 'peer_name': 'ssh tail -F',
                'ratio': statistics.median(a[key] / b[key] for a, b in pairs), **more}

    return [row(f'a line to its reader, {PER_SECOND}/s, p50', 'p50_ms', ratio_limit=1.5), row('  p99', 'p99_ms')]
