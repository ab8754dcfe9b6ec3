"""Reading a training log from the page cache, beside wc, grep and mtail on the same file and the same core."""

import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import tempfile

MTAIL = r'''counter records
gauge loss
gauge grad_norm
gauge learning_rate
gauge epoch
/\{'loss': (?P<a>[-+.0-9e]+), 'grad_norm': (?P<b>[-+.0-9e]+), 'learning_rate': (?P<c>[-+.0-9e]+), 'epoch': (?P<d>[-+.0-9e]+)\}/ {
  records++
  loss = float($a)
  grad_norm = float($b)
  learning_rate = float($c)
  epoch = float($d)
}
'''


def on_one_core():
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def cpu_of(words, expected):
    """User and system time of a program; what it prints has to name `expected`, so that it did read the file."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, preexec_fn=on_one_core,
                          env={**os.environ, 'LC_ALL': 'C.UTF-8'})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0 or (expected and str(expected) not in done.stdout.split()
                                and f'"Value": {expected},' not in done.stdout):
        raise RuntimeError(f'{words[0]} did not find {expected} records: {done.stdout[-200:]}{done.stderr[-200:]}')
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def measure_one(build, folder, name, rounds, mebibytes):
    log, bench = folder / f'{name}.log', build / 'bin/bench-parse'
    words = [bench, 'write', name, mebibytes, log]
    records = int(subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True).stdout)
    program = folder / 'trainer.mtail'
    program.write_text(MTAIL)
    sides = {'wc -l': (['wc', '-l', log], None),
             "grep -c \"'loss'\"": (['grep', '-c', "'loss'", log], records),
             'parser': ([bench, 'parser', name, log], records),
             'core': ([bench, 'reader', name, log, build / 'lib/stoker/plugins'], records),
             'mtail': (['mtail', '-one_shot', '-progs', program, '-logs', log], records)}
    took = {side: [] for side in sides}
    cpu_of(*sides['wc -l'])  # into the page cache
    for number in range(rounds):
        for side in list(sides) if number % 2 == 0 else reversed(list(sides)):
            if number > 0 and side in ('mtail', 'core'):
                continue  # they take long, and their ratios are far from their limits
            took[side].append(cpu_of(*sides[side]))
    log.unlink()
    ours = took['parser']

    def faster(side, target):
        peer = took[side]
        return {'what': f'  speed beside {side}', 'ours': mebibytes / statistics.median(ours), 'unit': 'MiB/s',
                'peer': mebibytes / statistics.median(peer), 'peer_name': side.split()[0],
                'ratio': statistics.median(b / a for a, b in zip(ours, peer)), 'ratio_least': target}

    core, alone = took['core'][0], statistics.median(ours)
    return [{'what': f'{name}, {mebibytes} MiB, {records} records', 'ours': alone, 'unit': 's'},
            faster('wc -l', 0.25), faster("grep -c \"'loss'\"", 0.8), faster('mtail', 40),
            {'what': '  core with diagnosis beside the parser', 'ours': core, 'unit': 's', 'peer': alone,
             'peer_name': 'parser', 'ratio': core / alone}]


def measure(build, rounds, mebibytes=500):
    folder = pathlib.Path(tempfile.mkdtemp(prefix='stoker-bench-parse-'))
    try:
        return [row for name in ('transformers', 'axolotl')
                for row in measure_one(build, folder, name, rounds, mebibytes)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
