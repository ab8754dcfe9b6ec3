"""Measures Stoker beside named peers and prints one table. Called by scripts/bench."""

import argparse
import os
import pathlib
import sys
import time

import agent
import fan_out
import line_latency
import offers
import parsing
import start
import transfer
import upload

GROUPS = {'start': start.measure, 'fan-out': fan_out.measure, 'latency': line_latency.measure,
          'transfer': transfer.measure, 'offers': offers.measure, 'parse': parsing.measure,
          'upload': upload.measure}


def figure(value, unit):
    if value is None:
        return ''
    text = f'{value:.0f}' if isinstance(value, int) or value >= 1000 else f'{value:.3g}'
    return f'{text} {unit}'.strip()


def verdict(row):
    """The target in words, and whether it is met; None where there is none."""
    if 'ratio_limit' in row:
        return f'<= {row["ratio_limit"]:g}x', row['ratio'] <= row['ratio_limit']
    if 'ratio_least' in row:
        return f'>= {row["ratio_least"]:g}x', row['ratio'] >= row['ratio_least']
    if 'limit' in row:
        return f'<= {row["limit"]:g} {row["unit"]}', row['ours'] <= row['limit']
    if 'exactly' in row:
        return f'= {row["exactly"]}', row['ours'] == row['exactly']
    return '', None


def line(row):
    target, met = verdict(row)
    peer = figure(row.get('peer'), row['unit'])
    cells = [row['what'], figure(row['ours'], row['unit']), f'{peer} ({row["peer_name"]})' if peer else '',
             f'{row["ratio"]:.2f}x' if 'ratio' in row else '', target, {True: 'met', False: 'MISSED', None: ''}[met]]
    return ('{:<44} {:>12} {:>24} {:>8} {:>11} {:>7}'.format(*cells)).rstrip()


def others_busy(seconds=2):
    """Cores that are kept busy now, when nothing of ours runs."""
    def busy():
        fields = [int(field) for field in pathlib.Path('/proc/stat').read_text().split('\n')[0].split()[1:9]]
        return sum(fields) - fields[3] - fields[4]
    before = busy()
    time.sleep(seconds)
    return (busy() - before) / os.sysconf('SC_CLK_TCK') / seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('groups', nargs='*', help=' '.join(GROUPS))
    parser.add_argument('--build', type=pathlib.Path, required=True)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--size', type=int, default=500, help='MiB of the log of the group parse')
    options = parser.parse_args()
    groups = options.groups or list(GROUPS)
    if unknown := [name for name in groups if name not in GROUPS]:
        parser.error(f'there is no group {unknown[0]}; the groups are {" ".join(GROUPS)}')
    agent.open_files(8192)
    print(line({'what': '', 'ours': None, 'unit': ''}) or
          '{:<44} {:>12} {:>24} {:>8} {:>11}'.format('', 'ours', 'peer', 'ratio', 'target'), flush=True)
    missed, busy = False, []
    for name in groups:
        busy.append(others_busy())
        more = [options.size] if name == 'parse' else []
        for row in GROUPS[name](options.build.resolve(), options.rounds, *more):
            missed |= verdict(row)[1] is False
            print(line(row), flush=True)
    busy.append(others_busy())
    print(f'\n{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}, '
          f'busy without us {max(busy):.1f} cores at the most')
    if max(busy) > 0.2 * os.cpu_count():
        print('the machine was too busy to trust these figures; ratios suffer less than times')
    return 1 if missed else 0


if __name__ == '__main__':
    sys.exit(main())
