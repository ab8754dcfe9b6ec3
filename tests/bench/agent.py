"""A private agent: its own folder, a free port, ended by its own pid."""

import contextlib
import http.client
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile
import time


def open_files(count):
    """Streams need a descriptor each, here and there."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (count if hard < 0 else min(count, hard), hard))


def cpu_s(pid):
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def status_of(pid):
    lines = pathlib.Path(f'/proc/{pid}/status').read_text().splitlines()
    fields = dict(line.split(':', 1) for line in lines)
    number = {name: int(fields[name].split()[0]) for name in ('VmRSS', 'VmHWM', 'RssAnon', 'Threads')}
    return {'rss_mib': number['VmRSS'] / 1024, 'peak_mib': number['VmHWM'] / 1024,
            'anon_mib': number['RssAnon'] / 1024, 'threads': number['Threads']}


class Agent:
    def __init__(self, build):
        self.build = build
        self.home = pathlib.Path(tempfile.mkdtemp(prefix='stoker-bench-'))
        self.state = self.home / 'state' / 'stoker'
        for name in ('state', 'config', 'config/stoker', 'home'):
            (self.home / name).mkdir(mode=0o700)
        plugins = sorted(path.stem.removeprefix('lib') for path in (build / 'lib/stoker/plugins').glob('*.so'))
        config = self.home / 'config/stoker/config.yaml'
        config.write_text('plugins: [' + ', '.join(plugins) + ']\n')
        config.chmod(0o600)
        self.plugins = plugins
        self.process = None

    def start(self):
        """Gives the milliseconds from exec to the first answer."""
        environment = {'PATH': os.environ['PATH'], 'HOME': str(self.home / 'home'), 'STOKER_LISTEN': '127.0.0.1:0',
                       'XDG_STATE_HOME': str(self.home / 'state'), 'XDG_CONFIG_HOME': str(self.home / 'config')}
        (self.state / 'port').unlink(missing_ok=True)
        with open(self.home / 'agent.log', 'ab') as log:
            begin = time.monotonic()
            self.process = subprocess.Popen([self.build / 'bin/stoker', 'serve'], env=environment, stderr=log, stdout=log,
                                            stdin=subprocess.DEVNULL)
        while time.monotonic() - begin < 20:
            try:
                self.port = int((self.state / 'port').read_text().split()[0])
                if self.call('GET', '/v1/health', admin=False)[0] == 200:
                    return (time.monotonic() - begin) * 1e3
            except (OSError, IndexError, ValueError):
                time.sleep(0.0005)
            if self.process.poll() is not None:
                break
        raise RuntimeError('the agent does not start: ' + (self.home / 'agent.log').read_text())

    def call(self, method, path, body=None, admin=True):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
        headers = {'Authorization': 'Bearer ' + self.token()} if admin else {}
        if body is not None:
            body, headers['Content-Type'] = json.dumps(body), 'application/json'
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, text

    def token(self):
        return (self.state / 'token').read_text().split()[0]

    def submit(self, command):
        spec = {'name': 'bench', 'provider': 'local', 'run': command, 'limits': {'max_hours': 1}, 'after': 'destroy'}
        status, text = self.call('POST', '/v1/jobs', spec)
        if status != 202:
            raise RuntimeError(f'the job was refused: {text.decode()}')
        return json.loads(text)['id']

    def wait_for(self, job, states, seconds=60):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = json.loads(self.call('GET', f'/v1/jobs/{job}')[1])
            if found['state'] in states:
                return found
            if found['state'] in ('failed', 'cancelled'):
                break
            time.sleep(0.05)
        raise RuntimeError(f'job {job} is {found["state"]}: {found.get("reason")}')

    def instance_folder(self):
        """Of the one machine that lives now."""
        return next(path.parent for path in (self.state / 'local').glob('*/authorized_keys'))

    def status(self):
        return status_of(self.process.pid)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def end_all(self):
        """A job that was cut off leaves its sshd and runner: all that bears the name of our folder goes."""
        mark = str(self.home).encode() + b'/'
        for path in pathlib.Path('/proc').glob('[0-9]*'):
            with contextlib.suppress(OSError):
                if mark in (path / 'environ').read_bytes() or mark in (path / 'cmdline').read_bytes():
                    os.kill(int(path.name), signal.SIGKILL)

    def __exit__(self, *unused):
        self.stop()
        self.end_all()
        shutil.rmtree(self.home, ignore_errors=True)
