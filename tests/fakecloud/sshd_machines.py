"""Instances with a body: each a real sshd in namespaces of its own, over a throw-away copy of this system."""
import os
import pathlib
import queue
import select
import shutil
import signal
import socket
import subprocess
import threading
import time

from machine_seed import SOURCE, plant

UNSHARE = ["unshare", "--fork", "--pid", "--mount", "--uts", "--kill-child=KILL"]
NEEDED = ("unshare", "setpriv", "ssh-keygen", "chroot", "hostname", "/usr/sbin/sshd")
UP_S = 20  # real: how long a machine may take until its sshd answers


class NotPossible(Exception):
    """Here no machine can be made, by this user or at all."""


class CannotBind(Exception):
    pass


def check_possible():
    if os.geteuid() != 0:
        raise NotPossible("only root can make machines")
    for program in NEEDED:
        if shutil.which(program) is None:
            raise NotPossible(f"{program} is not installed")
    tried = subprocess.run([*UNSHARE, "mount", "--make-rprivate", "/"], capture_output=True, stdin=subprocess.DEVNULL)
    if tried.returncode != 0:
        raise NotPossible("this system lets no new namespaces be made: " + tried.stderr.decode().strip())


def check_bind(address, port=22):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise CannotBind(f"{address}:{port} can't be bound ({error.strerror}); run it where port 22 is free, "
                             "as in: unshare -n sh -c 'ip link set lo up; exec ...'") from None


class Body:
    """The processes of one instance."""

    def __init__(self, folder, process):
        self.folder, self.process, self.ending = folder, process, False
        self.power = os.open(folder / "power", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def kill(self):
        """The init first: then its parent ends only when everything in it is dead."""
        self.ending = True
        pid = self.process.pid
        try:
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except OSError:
            children = []
        for one in [*map(int, children)] or [pid]:
            try:
                os.kill(one, signal.SIGKILL)
            except ProcessLookupError:
                pass


class SshdMachines:
    are_real = True

    def __init__(self, folder):
        check_possible()
        check_bind("127.0.0.10")
        self._folder = pathlib.Path(folder)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700, parents=True)
        self._world = None
        self._lock, self._bodies, self._count = threading.Lock(), {}, 0
        self._former = {}  # the body that an instance had before a restart
        self._orders = queue.Queue()
        self._shut = False
        # One thread starts them all: the kernel ends a machine with the thread that started it.
        threading.Thread(target=self._start_all, name="machines", daemon=True).start()

    def attach(self, world):
        self._world = world

    def boot(self, cloud, instance):
        self._orders.put((cloud, instance))

    def end(self, instance):
        with self._lock:
            body = self._bodies.pop(instance, None)
            if body:
                self._former[instance] = body
        if body:
            body.kill()

    def end_all(self):
        with self._lock:
            self._shut = True
            bodies = list(self._bodies.values())
            self._bodies.clear()
        for body in bodies:
            body.kill()
        for body in bodies:
            body.process.wait()
        for folder in self._folder.iterdir():  # their logs stay
            if folder.is_dir():
                shutil.rmtree(folder, ignore_errors=True)

    def _start_all(self):
        while True:
            cloud, instance = self._orders.get()
            try:
                self._start(cloud, instance)
            except (OSError, CannotBind, subprocess.SubprocessError) as error:
                self._failed(cloud, instance, str(error))

    def _failed(self, cloud, instance, why):
        self._world.history.write(cloud.name, "machine-failed", **instance.brief(), why=why)

    def _start(self, cloud, instance):
        if instance.ended_ms is not None:
            return
        with self._lock:
            former = self._former.pop(instance, None)
        if former:
            former.process.wait()  # it has the address until then
        check_bind(instance.address, instance.port)
        self._count += 1
        folder = self._folder / f"{self._count}-{instance.id}"
        folder.mkdir(mode=0o700)
        (folder / "mount").mkdir()
        os.mkfifo(folder / "power", 0o600)
        plant(folder / "seed", instance, cloud.login, cloud.is_container)
        with open(folder.with_suffix(".log"), "wb") as log:
            process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *UNSHARE, "sh", SOURCE / "root.sh", folder],
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        body = Body(folder, process)
        with self._lock:
            wanted = not self._shut and instance.ended_ms is None
            if wanted:
                self._bodies[instance] = body
        if not wanted:
            body.kill()
        threading.Thread(target=self._follow, args=(cloud, instance, body), daemon=True).start()

    def _follow(self, cloud, instance, body):
        """One thread a machine: until it answers, while it may turn itself off, until it has ended."""
        self._await_sshd(cloud, instance, body)
        ended = os.pidfd_open(body.process.pid)
        poll = select.poll()
        poll.register(body.power, select.POLLIN)
        poll.register(ended, select.POLLIN)
        while True:
            ready = [descriptor for descriptor, _ in poll.poll()]
            if body.power in ready:
                for line in os.read(body.power, 4096).decode(errors="replace").splitlines():
                    self._powered(cloud, instance, line.split())
            elif ended in ready:
                break
        os.close(ended)
        body.process.wait()
        os.close(body.power)
        shutil.rmtree(body.folder, ignore_errors=True)
        if not body.ending:
            self._world.history.write(cloud.name, "machine-ended", **instance.brief())
            with self._world.lock:
                cloud.powered_off(instance, self._world.clock.now_ms(), "its first process ended")

    def _await_sshd(self, cloud, instance, body):
        deadline = time.monotonic() + UP_S
        while body.process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex((instance.address, instance.port)) == 0:
                    with self._world.lock:
                        cloud.rentals.ready(instance, self._world.clock.now_ms())
                    return
            time.sleep(0.02)
        if not body.ending:
            self._failed(cloud, instance, f"no sshd answers; see {body.folder.with_suffix('.log')}")

    def _powered(self, cloud, instance, words):
        """What a machine reports through its pipe."""
        with self._world.lock:
            self._world.clock.run_due()
            now, rentals = self._world.clock.now_ms(), cloud.rentals
            if words == ["poweroff"] or words == ["halt"]:
                cloud.powered_off(instance, now, words[0])
            elif words == ["reboot"]:
                rentals.on(instance, now)
            elif words[:1] == ["shutdown"] and len(words) == 3:
                if words[1] == "cancel":
                    rentals.cancel_off(instance, now)
                elif words[1] == "reboot":
                    rentals.on(instance, now)
                elif int(words[2]) == 0:
                    cloud.powered_off(instance, now, "shutdown")
                else:
                    rentals.schedule_off(instance, now, int(words[2]))
