"""Uploads and commands over SSH, beside OpenSSH's own clients and the same sshd."""

import os
import shutil
import statistics
import subprocess
import time

import sshd

BIG_MIB, SMALL_FILES = 256, 2000


def seconds_of(words):
    begin = time.monotonic()
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    return time.monotonic() - begin


class Transfer:
    def __init__(self, build, server):
        self.build, self.server = build, server
        self.big, self.small = server.folder / 'big', server.folder / 'small'
        self.big.mkdir()
        self.small.mkdir()
        with open(self.big / 'data', 'wb') as file:
            for _ in range(BIG_MIB):
                file.write(os.urandom(1 << 20))
        for number in range(SMALL_FILES):
            (self.small / f'{number}.txt').write_bytes(os.urandom(1024))

    def ours(self, command, repeats, *more):
        words = [self.build / 'bin/bench-remote', self.server.port, sshd.user(), self.server.key,
                 self.server.host_key.with_suffix('.pub'), self.build / 'lib/stoker/runner', command, repeats, *more]
        output = subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True).stdout
        return statistics.median(float(line) for line in output.split()) / 1e3

    def upload(self, folder):
        took = self.ours('upload', 1, folder)
        shutil.rmtree(self.server.home / '.stoker/jobs')
        return took

    def scp(self, folder):
        target = self.server.home / 'copy'
        words = sshd.client('scp', self.server.key, self.server.port)
        took = seconds_of([*words, '-r', str(folder), f'{sshd.user()}@127.0.0.1:{target}'])
        shutil.rmtree(target)
        return took

    def ssh_true(self, repeats):
        words = [*sshd.client('ssh', self.server.key, self.server.port), sshd.user() + '@127.0.0.1', 'true']
        return statistics.median(seconds_of(words) for _ in range(repeats))


def row(what, unit, scale, peer_name, pairs):
    return {'what': what, 'unit': unit, 'peer_name': peer_name, 'ours': statistics.median(a for a, _ in pairs) * scale,
            'peer': statistics.median(b for _, b in pairs) * scale, 'ratio': statistics.median(a / b for a, b in pairs)}


def measure(build, rounds, repeats=10):
    big, small, cold, warm = [], [], [], []
    with sshd.Sshd() as server:
        transfer = Transfer(build, server)
        transfer.upload(transfer.small)  # puts the runner in place
        for _ in range(rounds):
            big.append((transfer.upload(transfer.big), transfer.scp(transfer.big)))
            small.append((transfer.upload(transfer.small), transfer.scp(transfer.small)))
            ssh_true = transfer.ssh_true(repeats)
            cold.append((transfer.ours('cold', repeats), ssh_true))
            warm.append((transfer.ours('warm', 5 * repeats), ssh_true))
    return [row(f'upload {BIG_MIB} MiB, login included', 's', 1, 'scp', big),
            row(f'upload {SMALL_FILES} files of 1 KiB, login included', 's', 1, 'scp -r', small),
            row('log in and run `true`', 'ms', 1e3, 'ssh true', cold),
            row('run `true` on an open session', 'ms', 1e3, 'ssh true', warm)]
