"""An sshd of our own on 127.0.0.1, and OpenSSH's clients with their default settings."""

import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import time


def user():
    return pwd.getpwuid(os.geteuid()).pw_name


def make_key(path):
    subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', path], check=True)
    return path


def client(program, key, port):
    """ssh or scp without the user's configuration, agent and known hosts."""
    return [program, '-q', '-F', '/dev/null', '-P' if program == 'scp' else '-p', str(port), '-i', str(key),
            '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes', '-o', 'ControlMaster=no',
            '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null']


class Sshd:
    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='stoker-bench-sshd-'))
        self.home = self.folder / 'home'
        self.home.mkdir(mode=0o700)
        self.host_key, self.key = make_key(self.folder / 'host'), make_key(self.folder / 'key')
        shutil.copy(self.key.with_suffix('.pub'), self.folder / 'authorized_keys')
        if os.geteuid() == 0:
            os.makedirs('/run/sshd', exist_ok=True)
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            self.port = probe.getsockname()[1]
        config = self.folder / 'sshd_config'
        config.write_text(f'ListenAddress 127.0.0.1\nPort {self.port}\nHostKey {self.host_key}\nPidFile none\n'
                          f'AuthorizedKeysFile {self.folder}/authorized_keys\nStrictModes no\nUsePAM no\n'
                          f'Subsystem sftp internal-sftp\nMaxStartups 200\nSetEnv "HOME={self.home}"\n')
        self.process = subprocess.Popen(['/usr/sbin/sshd', '-D', '-f', config, '-E', self.folder / 'log'])
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(('127.0.0.1', self.port)) == 0:
                    return self
            time.sleep(0.01)
        raise RuntimeError('sshd does not start: ' + (self.folder / 'log').read_text())

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)
