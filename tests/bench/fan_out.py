"""One job's log lines to 1,000 readers, beside nginx with nchan."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

from agent import Agent, cpu_s, status_of

CLIENTS, PER_SECOND, SIZE = 1000, 100, 100

NGINX = '''load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
worker_processes 1; daemon off; pid {home}/pid; error_log {home}/error.log warn; {user}
events {{ worker_connections 4096; }}
http {{
  access_log off; tcp_nodelay on; keepalive_requests 1000000;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location = /pub {{ nchan_publisher; nchan_channel_id bench; nchan_message_buffer_length 2000; }}
    location = /sub {{ nchan_subscriber eventsource; nchan_channel_id bench; }}
    location = /upload {{
      client_max_body_size 0; client_body_in_file_only on; client_body_buffer_size 256k;
      proxy_pass http://127.0.0.1:{port}/taken; proxy_pass_request_body off; proxy_set_header Content-Length "";
    }}
    location = /taken {{ return 200; }}
  }}
}}
'''


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def nginx():
    home = tempfile.mkdtemp(prefix='stoker-bench-nginx-')
    port = free_port()
    config = pathlib.Path(home) / 'nginx.conf'
    config.write_text(NGINX.format(home=home, port=port, user='user root;' if os.geteuid() == 0 else ''))
    process = subprocess.Popen(['/usr/sbin/nginx', '-c', config, '-p', home, '-e', home + '/error.log'])
    try:
        for _ in range(500):
            children = pathlib.Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text().split()
            with socket.socket() as probe:
                if children and probe.connect_ex(('127.0.0.1', port)) == 0:
                    break
            time.sleep(0.01)
        else:
            raise RuntimeError('nginx does not start: ' + pathlib.Path(home, 'error.log').read_text())
        yield port, int(children[0]), pathlib.Path(home)
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(home, ignore_errors=True)


class Listeners:
    def __init__(self, build, lines, clients, port, path, token):
        words = [build / 'bin/bench-listen', lines, 90, clients, port, path, token]
        self.process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True)
        said = self.process.stderr.readline()
        if said != 'ready\n':
            raise RuntimeError('the clients do not connect: ' + said + self.process.stderr.read())

    def result(self):
        output, _ = self.process.communicate(timeout=120)
        return json.loads(output)


def through_nchan(build, seconds):
    lines = seconds * PER_SECOND
    with nginx() as (port, worker, _):
        listeners = Listeners(build, lines, CLIENTS, port, '/sub', 'none')
        before = cpu_s(worker)
        words = [build / 'bin/bench-lines', lines, PER_SECOND, SIZE, port, '/pub']
        subprocess.run([str(word) for word in words], check=True)
        result = listeners.result()
        return {**result, 'cpu_s': cpu_s(worker) - before, **status_of(worker)}


def helpers_cpu_s(agent):
    """Of the sshd of the job and all below it, which nginx has no part of; without the training itself."""
    parents, found, training = {}, set(), set()
    for path in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            pid, words = int(path.name), (path / 'cmdline').read_bytes()
            parents[pid] = int((path / 'stat').read_text().rsplit(')', 1)[1].split()[1])
            mark = str(agent.state / 'local').encode()
            if mark in words or mark in (path / 'environ').read_bytes():
                found.add(pid)
            if b'bench-lines' in words:
                training.add(pid)
        except OSError:
            pass
    while below := {pid for pid, parent in parents.items() if parent in found and pid not in found}:
        found |= below
    total = 0
    for pid in found - training:
        with contextlib.suppress(OSError):
            total += cpu_s(pid)
    return total


def through_ours(build, seconds):
    lines = seconds * PER_SECOND
    with Agent(build) as agent:
        go = agent.home / 'go'
        job = agent.submit(f'exec {build}/bin/bench-lines {lines} {PER_SECOND} {SIZE} {go}')
        agent.wait_for(job, ['running'])
        alone = agent.status()['threads']
        listeners = Listeners(build, lines, CLIENTS, agent.port, f'/v1/jobs/{job}/events', agent.token())
        threads = agent.status()['threads']
        before, before_helpers = cpu_s(agent.process.pid), helpers_cpu_s(agent)
        go.touch()
        # The sshd of the job goes with it, so its time is read while the last lines come.
        with contextlib.suppress(subprocess.TimeoutExpired):
            listeners.process.wait(seconds - 0.3)
        helpers = helpers_cpu_s(agent) - before_helpers
        result = listeners.result()
        result = {**result, 'cpu_s': cpu_s(agent.process.pid) - before, **agent.status(), 'helpers_cpu_s': helpers,
                  'threads_more': threads - alone}
        agent.wait_for(job, ['succeeded'])
        return result


def measure(build, rounds, seconds=10):
    ours, peers = [], []
    for number in range(rounds):
        sides = [(ours, through_ours), (peers, through_nchan)]
        for results, run in sides if number % 2 == 0 else reversed(sides):
            results.append(run(build, seconds))
    whole = sum(result['complete'] for result in ours)
    gapless = sum(result['gapless_ids'] for result in ours)

    def row(what, key, unit, **more):
        return {'what': what, 'ours': statistics.median(result[key] for result in ours),
                'peer': statistics.median(result[key] for result in peers), 'unit': unit, 'peer_name': 'nchan',
                'ratio': statistics.median(a[key] / b[key] for a, b in zip(ours, peers)), **more}

    return [
        row(f'{CLIENTS} readers x {PER_SECOND}/s, CPU of {seconds} s', 'cpu_s', 's', ratio_limit=1.2),
        row('  delivery p99', 'p99_ms', 'ms', ratio_limit=1.2),
        row('  delivery p50', 'p50_ms', 'ms'),
        row('  resident at the most', 'peak_mib', 'MiB', limit=32),
        {'what': '  clients with every line in order', 'ours': whole, 'peer': sum(r['complete'] for r in peers),
         'peer_name': 'nchan', 'unit': '', 'exactly': rounds * CLIENTS},
        {'what': '  clients with gapless ids', 'ours': gapless, 'unit': '', 'exactly': rounds * CLIENTS},
        {'what': '  threads more for them', 'ours': max(r['threads_more'] for r in ours), 'unit': '', 'exactly': 0},
        {'what': '  CPU of sshd and runner', 'ours': statistics.median(r['helpers_cpu_s'] for r in ours), 'unit': 's'},
    ]
