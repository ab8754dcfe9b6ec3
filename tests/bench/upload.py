"""A form of 512 MB to POST /openai/v1/files, beside the same curl to nginx that puts it on the same disk; and how soon a
fine-tuning job is answered."""

import http.client
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import threading
import time

from agent import Agent
from fan_out import nginx

MEBIBYTES, CREATES = 489, 100  # 512 MB
LINE = json.dumps({'messages': [{'role': 'user', 'content': 'What is the capital of France, and how far is it? ' * 4},
                                {'role': 'assistant', 'content': 'Paris; that depends on where you are. ' * 8}]}) + '\n'


def write_data(path, mebibytes):
    block = LINE * ((1 << 20) // len(LINE))
    with open(path, 'w', encoding='utf-8') as file:
        for _ in range(mebibytes):
            file.write(block)
    return os.path.getsize(path)


def curl(url, data, token=''):
    """Gives the seconds, and the body of a 200."""
    words = ['curl', '-sS', '--fail-with-body', '-F', 'purpose=fine-tune', '-F', f'file=@{data}', '-H', 'Expect:',
             '-H', f'Authorization: Bearer {token}', url]
    begin = time.monotonic()
    done = subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    return time.monotonic() - begin, done.stdout


class Resident:
    """The most that an agent holds of pages of its own and of its files, while this is entered."""

    def __init__(self, agent):
        self.agent, self.most, self.over = agent, 0, threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.over.wait(0.005):
            self.most = max(self.most, self.agent.status()['rss_mib'])

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.over.set()
        self.thread.join()


def uploads(build, rounds, folder):
    data = folder / 'train.jsonl'
    size = write_data(data, MEBIBYTES)
    figures, more = [], []
    for _ in range(rounds):
        with Agent(build) as agent:
            time.sleep(1)
            idle = agent.status()['rss_mib']
            with Resident(agent) as resident:
                ours, said = curl(f'http://127.0.0.1:{agent.port}/openai/v1/files', data, agent.token())
            if json.loads(said)['bytes'] != size:
                raise RuntimeError(f'not all of the file arrived: {said.decode()}')
            more.append(resident.most - idle)
        with nginx() as (port, _, home):
            peer, _ = curl(f'http://127.0.0.1:{port}/upload', data)
            stored = max((home / 'body').rglob('*'), key=lambda path: path.stat().st_size if path.is_file() else 0)
            begin = time.monotonic()
            with open(stored, 'rb') as file:
                os.fsync(file.fileno())
            synced = peer + time.monotonic() - begin
            if stored.stat().st_size < size:
                raise RuntimeError('nginx did not keep the upload')
        figures.append([size / seconds / 1e6 for seconds in (ours, peer, synced)])
    middle = statistics.median
    return [
        {'what': f'upload of {size / 1e6:.0f} MB, checked, on the disk', 'unit': 'MB/s', 'peer_name': 'nginx',
         'ours': middle(a for a, _, _ in figures), 'peer': middle(b for _, b, _ in figures),
         'ratio': middle(a / b for a, b, _ in figures), 'ratio_least': 0.8},
        {'what': 'the same', 'unit': 'MB/s', 'peer_name': 'nginx, fsync', 'ours': middle(a for a, _, _ in figures),
         'peer': middle(c for _, _, c in figures), 'ratio': middle(a / c for a, _, c in figures)},
        {'what': 'resident above idle during it', 'unit': 'MiB', 'ours': max(more), 'limit': 24},
    ]


def creates(build, folder):
    data = folder / 'small.jsonl'
    data.write_text(LINE * 200, encoding='utf-8')
    with Agent(build) as agent:
        base = f'http://127.0.0.1:{agent.port}/openai/v1'
        file = json.loads(curl(base + '/files', data, agent.token())[1])['id']
        connection = http.client.HTTPConnection('127.0.0.1', agent.port, timeout=60)
        headers = {'Authorization': 'Bearer ' + agent.token(), 'Content-Type': 'application/json'}
        took, ids = [], []
        for number in range(CREATES):
            # No cloud has it, so that what is measured is the answer and not a hundred trainings beside it.
            body = json.dumps({'model': 'tiny-lm', 'training_file': file, 'suffix': f'n{number}',
                               'x_stoker': {'resources': {'gpu': 'H100:8'}}})
            begin = time.monotonic()
            connection.request('POST', '/openai/v1/fine_tuning/jobs', body, headers)
            answer = connection.getresponse()
            text = answer.read()
            took.append((time.monotonic() - begin) * 1e3)
            if answer.status != 200:
                raise RuntimeError(f'the job was refused: {text.decode()}')
            ids.append(json.loads(text)['id'])
        if len(set(ids)) != CREATES:
            raise RuntimeError('two answers name one job')
    took.sort()
    return [{'what': 'a fine-tuning job is answered', 'unit': 'ms', 'ours': statistics.median(took), 'limit': 50},
            {'what': 'a fine-tuning job is answered, 99 %', 'unit': 'ms', 'ours': took[CREATES * 99 // 100 - 1], 'limit': 50}]


def measure(build, rounds):
    with tempfile.TemporaryDirectory(prefix='stoker-bench-upload-') as name:
        folder = pathlib.Path(name)
        return creates(build, folder) + uploads(build, rounds, folder)
