#!/usr/bin/python3
"""A cloud for tests, and the judge of what was done to it.

It speaks the HTTP dialects of the clouds on loopback, keeps its own books of what was rented and what that cost, and
suffers the faults it is told to. With `--machines sshd` (as root) every instance is a real sshd with a root file
system, processes and a host name of its own.

By hand:
    /usr/bin/python3 tests/fakecloud/fakecloud.py --folder /tmp/cloud --cloud lambda --speed 10
    cat /tmp/cloud/ready.json         # where each cloud and the control listen
    cat /tmp/cloud/credentials.json   # a good key ("good"), and bad ones
and in the agent's config.yaml, with the port that ready.json gives:
    http: { endpoints: { cloud.lambda.ai: "http://127.0.0.1:4001", api.digitalocean.com: "http://127.0.0.1:4002" } }
Then
    tail -f /tmp/cloud/history.jsonl
    curl -s $control/judgement        # alive, doubled, keys_left, micros_billed, violations of each cloud
    curl -s $control/state
    curl -s $control/faults -d '{"cloud":"lambda","operation":"launch","nth":1,"fault":"act-then-500"}'
    curl -s $control/advance -d '{"ms":600000}'
    curl -s $control/machines/ID/preempt -X POST

A seed file holds what was there before, by cloud; everything may be left out:
    {"lambda": {"settings": {"boot_s": 5},
                "credentials": [{"name": "good", "secret": "...", "state": "active", "account": "main", "missing": []}],
                "keys": [{"name": "theirs", "public_key": "ssh-ed25519 ..."}],
                "instances": [{"name": "theirs", "type": "gpu_1x_a10", "region": "us-east-1", "tags": []}]}}
(`missing`: scopes; Lambda's tags are {"key", "value"}; keys and instances may name an "account".) What it holds
belongs to someone else: the judge counts none of it, and says when it was touched. history.py tells the lines of
history.jsonl, control.py the orders, fault_script.py the faults, cloud.py and each cloud's `settings` the lags.

It ends on SIGTERM, with its parent, and when a pipe at its standard input closes; every machine ends with it.
Exit codes: 0 ended as told, 1 can't start, 2 bad usage, 77 --machines sshd is not possible here.
"""
import argparse
import json
import os
import signal
import ssl
import sys
import threading

sys.dont_write_bytecode = True

from cloud_connection import cloud_connection
from clouds import all_clouds
from control import Control, control_connection
from credential import write_credentials
from fault_script import FaultScript
from gate import Gate
from history import History
from lifeline import follow_parent
from listener import Listener
from no_machines import NoMachines
from virtual_clock import VirtualClock
from world import World

EXIT_CANNOT, EXIT_USAGE, EXIT_NOT_HERE = 1, 2, 77


def arguments():
    parser = argparse.ArgumentParser(prog="fakecloud", description=__doc__.split("\n\n")[0])
    parser.add_argument("--folder", required=True, help="where ready.json, credentials.json, history.jsonl and clock go")
    parser.add_argument("--cloud", action="append", choices=sorted(all_clouds()), help="default: all")
    parser.add_argument("--speed", type=float, default=1.0, help="virtual seconds in a real one")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"), help="HTTPS for the clouds")
    parser.add_argument("--machines", choices=("sshd", "none"), default="none")
    parser.add_argument("--specs", help="folder of the vendors' OpenAPI documents: all traffic is held against them")
    parser.add_argument("--script", help="a file of faults")
    parser.add_argument("--seed-state", help="a file of credentials, settings, instances and keys, by cloud")
    return parser.parse_args()


def read_json(path):
    if path is None:
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write_ready(folder, urls):
    """Whole or not at all: whoever waits for it reads it at once."""
    draft = os.path.join(folder, "ready.json.part")
    with open(draft, "w", encoding="utf-8") as file:
        json.dump(urls, file)
    os.rename(draft, os.path.join(folder, "ready.json"))


def make_world(args, machines):
    lock = threading.RLock()
    clock = VirtualClock(lock, args.speed, file=os.path.join(args.folder, "clock"))
    history = History(os.path.join(args.folder, "history.jsonl"), clock.now_ms)
    world = World(lock, clock, history, machines)
    seed = read_json(args.seed_state) or {}
    kinds = all_clouds()
    unknown = set(seed) - set(kinds)
    if unknown:
        raise ValueError("--seed-state names no cloud by " + ", ".join(sorted(unknown)))
    for name in args.cloud or sorted(kinds):
        world.clouds[name] = kinds[name](world, seed.get(name, {}))
    world.script = FaultScript({name: cloud.operations.names() for name, cloud in world.clouds.items()})
    world.script.add(read_json(args.script) or [])
    if args.specs:
        from spec import Spec  # needs python3-jsonschema, that nothing else here does

        for cloud in world.clouds.values():
            cloud.spec = Spec.of(cloud.name, args.specs)
    machines.attach(world)
    return world


def make_machines(args):
    if args.machines == "none":
        return NoMachines()
    from sshd_machines import CannotBind, NotPossible, SshdMachines

    try:
        return SshdMachines(os.path.join(args.folder, "machines"))
    except NotPossible as error:
        print(f"fakecloud: --machines sshd: {error}", file=sys.stderr)
        sys.exit(EXIT_NOT_HERE)
    except CannotBind as error:
        print(f"fakecloud: --machines sshd: {error}", file=sys.stderr)
        sys.exit(EXIT_CANNOT)


def tls_context(files):
    if files is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return context


def main():
    args = arguments()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *unused: ended.set())
    follow_parent(ended.set)
    os.umask(0o022)  # what machines are made of must be readable in them
    os.makedirs(args.folder, mode=0o700, exist_ok=True)
    machines = make_machines(args)
    try:
        world = make_world(args, machines)
        tls = tls_context(args.tls)
    except (ValueError, TypeError, KeyError, OSError) as error:
        print(f"fakecloud: {error}", file=sys.stderr)
        machines.end_all()
        sys.exit(EXIT_USAGE)
    gate = Gate(world.clock)
    listeners = {cloud.name: Listener(cloud_connection(cloud, gate), tls) for cloud in world.clouds.values()}
    listeners["control"] = Listener(control_connection(Control(world, gate)))
    for listener in listeners.values():
        listener.start()
    write_credentials(os.path.join(args.folder, "credentials.json"), world.clouds.values())
    world.urls = {name: listener.url() for name, listener in listeners.items()}
    write_ready(args.folder, world.urls)
    while not ended.wait(3600):
        pass
    gate.shut()
    for listener in listeners.values():
        listener.socket.close()
    machines.end_all()
    world.clock.end()
    world.history.close()
    sys.stderr.flush()
    os._exit(0)  # connections that still wait are not waited for


if __name__ == "__main__":
    main()
