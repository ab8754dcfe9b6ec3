"""Offers of several accounts at once against the slowest of them alone, and with one that never answers."""

import http.client
import json
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.parse

from agent import Agent

FAKECLOUD = pathlib.Path(__file__).resolve().parents[1] / 'fakecloud' / 'fakecloud.py'
HOSTS = {'lambda': ('cloud.lambda.ai', 'api_key'), 'digitalocean': ('api.digitalocean.com', 'token')}
OPERATIONS = {'lambda': 'instance-types', 'digitalocean': 'sizes'}


class Clouds:
    """tests/fakecloud without machines; fast, so that no rate limit stands in the way."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='stoker-bench-cloud-'))
        self.process = subprocess.Popen(['/usr/bin/python3', '-B', FAKECLOUD, '--folder', self.folder, '--speed', '50'],
                                        stdin=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while not (self.folder / 'ready.json').exists():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError('fakecloud does not start')
            time.sleep(0.01)
        self.urls = json.loads((self.folder / 'ready.json').read_text())
        self.credentials = json.loads((self.folder / 'credentials.json').read_text())
        return self

    def order(self, path, body):
        at = urllib.parse.urlsplit(self.urls['control'])
        connection = http.client.HTTPConnection(at.hostname, at.port, timeout=10)
        connection.request('POST', path, json.dumps(body))
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(answer.read().decode())
        connection.close()

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


def connect(agent, clouds):
    """Two accounts of each cloud."""
    config = agent.home / 'config/stoker/config.yaml'
    endpoints = ', '.join(f'{HOSTS[name][0]}: "{clouds.urls[name]}"' for name in HOSTS)
    config.write_text(config.read_text() + f'http: {{ endpoints: {{ {endpoints} }} }}\n')
    agent.stop()
    agent.start()
    for name, (_, field) in HOSTS.items():
        for which in ('good', 'other'):
            status, text = agent.call('POST', '/v1/accounts',
                                      {'provider': name, 'values': {field: clouds.credentials[name][which]}})
            if status != 201:
                raise RuntimeError(text.decode())
    return [one['id'] for one in json.loads(agent.call('GET', '/v1/accounts')[1])['data']]


def seconds_of(agent, query='?fresh=true'):
    begin = time.monotonic()
    status, text = agent.call('GET', '/v1/offers' + query)
    took = time.monotonic() - begin
    if status != 200:
        raise RuntimeError(text.decode())
    return took, json.loads(text)


def measure_many(build, rounds, accounts=5, rows=2000):
    """GET /v1/offers where every cloud has answered at once: what is left is ours, to the last byte of the answer."""
    with Agent(build) as agent:
        config = agent.home / 'config/stoker/config.yaml'
        config.write_text('plugins: [market]\nplugin_path: [' + str(build / 'tests/plugins') + ']\n')
        agent.stop()
        agent.start()
        for which in range(accounts):
            values = {'token': f'account-{which}', 'offers': rows // accounts}
            status, text = agent.call('POST', '/v1/accounts', {'provider': 'market', 'values': values})
            if status != 201:
                raise RuntimeError(text.decode())
        took = []
        for _ in range(20 * max(rounds, 3)):
            seconds, answer = seconds_of(agent)
            prices = [one['price']['per_hour'] for one in answer['data']]
            if len(prices) != rows or prices != sorted(prices) or len({one['account'] for one in answer['data']}) != accounts:
                raise RuntimeError(f'{len(prices)} offers, or not of all accounts, or not by their price')
            took.append(seconds * 1e3)
    return [
        {'what': f'{rows} offers of {accounts} accounts, answered', 'ours': statistics.median(took), 'unit': 'ms', 'limit': 50},
        {'what': f'the slowest of {len(took)} times', 'ours': max(took), 'unit': 'ms'},
    ]


def measure(build, rounds):
    with Clouds() as clouds, Agent(build) as agent:
        accounts = connect(agent, clouds)
        for name, operation in OPERATIONS.items():
            clouds.order('/faults', {'cloud': name, 'operation': operation, 'every': 1, 'fault': 'slow-drip', 'ms': 0.1})
        ratios, together, slowest = [], [], []
        for _ in range(max(rounds, 3)):
            alone = [seconds_of(agent, f'?fresh=true&provider={account}')[0] for account in accounts]
            took, _ = seconds_of(agent)
            slowest.append(max(alone))
            together.append(took)
            ratios.append(took / max(alone))
    with Clouds() as clouds, Agent(build) as agent:
        accounts = connect(agent, clouds)
        clouds.order('/faults', {'cloud': 'digitalocean', 'operation': 'sizes', 'every': 1, 'fault': 'time-out'})
        hung, answer = seconds_of(agent)
        answered = len({one['account'] for one in answer['data']} & set(accounts))
    return measure_many(build, rounds) + [
        {'what': f'offers of {len(accounts)} accounts', 'ours': statistics.median(together) * 1e3,
         'peer': statistics.median(slowest) * 1e3, 'peer_name': 'slowest alone', 'unit': 'ms',
         'ratio': statistics.median(ratios), 'ratio_limit': 1.2},
        {'what': 'offers while two of four accounts hang', 'ours': hung, 'unit': 's', 'limit': 22},
        {'what': 'accounts that answered meanwhile', 'ours': answered, 'unit': '', 'exactly': 2},
    ]
