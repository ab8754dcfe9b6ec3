"""The layout of the plugin ABI, as compilers see the headers, beside the lists that froze it: abi-1.0.txt and, for each later
minor, one more. Without an option: compares, and says what differs and the way out. --write: adds to the newest list what
is new, and changes nothing that is in a list."""

import argparse
import collections
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
NOT_LAYOUT = re.compile(r'STOKER_(\w*_H|EXPORT|TARGET_MINOR|ABI_NEWEST_MINOR|SDK_VERSION)$')
WAY_OUT = ('what a released plugin knows stays as it is: undo that. A new member goes to the end of a struct that begins with\n'
           'struct_size, under #if STOKER_TARGET_MINOR >= the next minor; see docs/abi.md, "What may change"')

PROBE = r'''
#include <stdio.h>
#ifdef __cplusplus
#include <cxxabi.h>
#include <stdlib.h>
#include <typeinfo>
static void type_of(const char *mangled) {
  int status = 0;
  char *text = abi::__cxa_demangle(mangled, nullptr, nullptr, &status);
  printf("\t%s", status == 0 ? text : mangled);
  free(text);
}
#define TYPE(of) type_of(typeid(of).name())
#else
#define TYPE(of) printf("\t")
#endif
#define STRUCT(s) printf("struct\t" #s "\t%zu\t\t\t\n", sizeof(s))
#define MEMBER(s, m) \
  (printf("member\t" #s "\t%zu\t%zu\t" #m, offsetof(s, m), sizeof(((s *)0)->m)), TYPE(decltype(((s *)0)->m)), puts(""))
#define UNION(s, m) printf("member\t" #s "\t%zu\t%zu\t" #m "\tunion\n", offsetof(s, m), sizeof(((s *)0)->m))
#define VALUE(n) printf("value\t" #n "\t%lld\t\t\t\n", (long long)(n))
#define ID(n) printf("id\t" #n "\t%s\t\t\t\n", n)
#define NAMED(kind, n) (printf(kind "\t" #n "\t\t\t"), TYPE(n), puts(""))
'''


class Broken(Exception):
    pass


def run(*command, text=''):
    done = subprocess.run([str(word) for word in command], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise Broken(f'{command[0]} fails:\n{done.stderr}')
    return done.stdout


def statements(text):
    """What stands between `;` outside of braces and parentheses."""
    depth, begin = 0, 0
    for at, letter in enumerate(text):
        depth += (letter in '{(') - (letter in '})')
        if letter == ';' and depth == 0:
            yield ' '.join(text[begin:at].split())
            begin = at + 1


def members(body, prefix=''):
    """Names of the members, in their order; those of a union follow it."""
    for one in statements(body):
        if union := re.fullmatch(r'union \{(.*)\} (\w+)', one):
            yield prefix + union[2], True
            yield from members(union[1], f'{prefix}{union[2]}.')
        elif function := re.search(r'\( ?\* ?(\w+) ?\) ?\(', one):
            yield prefix + function[1], False
        else:
            for declarator in one.split(','):
                yield prefix + re.search(r'(\w+)(?: ?\[\w+\])?$', declarator.strip())[1], False


def probe_lines(text, macros):
    """The lines of a program that prints the layout of preprocessed headers."""
    for one in statements(text):
        if record := re.fullmatch(r'(?:typedef )?struct (stoker_\w+) \{(.*)\}(?: stoker_\w+)?', one):
            yield f'STRUCT({record[1]});'
            yield from (f'{"UNION" if union else "MEMBER"}({record[1]}, {name});' for name, union in members(record[2]))
        elif values := re.fullmatch(r'enum \{(.*)\}', one):
            yield from (f'VALUE({name});' for name in re.findall(r'\bSTOKER_\w+', values[1]))
        elif function := re.search(r'\b(stoker_\w+) ?\( ?void ?\)$', one):
            yield f'NAMED("symbol", {function[1]});'
        elif named := re.fullmatch(r'typedef (?!struct).*?\b(stoker_\w+)(?: ?\).*)?', one):
            name = re.search(r'\* ?(stoker_\w+) ?\)', one)
            yield f'NAMED("type", {name[1] if name else named[1]});'
    for name, value in macros:
        yield f'{"ID" if value.startswith(chr(34)) else "VALUE"}({name});'


Line = collections.namedtuple('Line', 'kind name at size member type')


def layout(include, minor, cc, cxx):
    """All lines of one minor: C11 tells sizes and offsets, C++20 the same and the types."""
    headers = sorted(path.relative_to(include) for path in (include / 'stoker').rglob('*.h'))
    source = ''.join(f'#include <{header}>\n' for header in headers)
    flags = ['-I', include, f'-DSTOKER_TARGET_MINOR={minor}']
    text = run(cc, '-std=c11', *flags, '-E', '-P', '-x', 'c', '-', text=source)
    defined = re.findall(r'^#define (STOKER_\w+) (.+)$', run(cc, '-std=c11', *flags, '-dM', '-E', '-x', 'c', '-', text=source), re.M)
    lines = probe_lines(text, sorted(one for one in defined if not NOT_LAYOUT.match(one[0])))
    program = source + PROBE + 'int main(void) {\n' + '\n'.join(lines) + '\nreturn 0;\n}\n'
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for compiler, language, standard in ((cc, 'c', 'c11'), (cxx, 'c++', 'c++20')):
            run(compiler, '-x', language, f'-std={standard}', '-w', *flags, '-o', f'{folder}/probe', '-', text=program)
            found.append([Line(*one.split('\t')) for one in run(f'{folder}/probe').splitlines()])
    for c, cpp in zip(*found):
        if c[:5] != cpp[:5]:
            raise Broken(f'C11 and C++20 differ: {named(c)} is {c.at} {c.size} in C and {cpp.at} {cpp.size} in C++')
    return found[1]


def named(line):
    return f'{line.name}.{line.member}' if line.member else line.name


def shown(lines):
    for kind, name, at, size, member, kind_of in lines:
        if kind == 'member':
            yield f'  {at:>3} {size:>2} {member}: {kind_of}'
        else:
            yield ' '.join(word for word in (kind, name, at, kind_of) if word)


def parsed(text):
    lines, record = [], ''
    for one in text.splitlines():
        if member := re.fullmatch(r' +(\d+) +(\d+) ([\w.]+): (.*)', one):
            lines.append(Line('member', record, *member.groups()))
        elif one and not one.startswith('#'):
            kind, name, rest = one.split(' ', 2)
            record = name
            typed = kind in ('type', 'symbol')
            lines.append(Line(kind, name, '' if typed else rest, '', '', rest if typed else ''))
    return lines


def holes(lines):
    """Bytes that are nobody's would carry what lay there before, and hide an appended member from struct_size."""
    for record in (line for line in lines if line.kind == 'struct'):
        end = 0
        for line in lines:
            if line.kind == 'member' and line.name == record.name and '.' not in line.member:
                if int(line.at) != end:
                    yield f'{record.name} has a hole of {int(line.at) - end} bytes before {line.member}'
                end = int(line.at) + int(line.size)
        if end != int(record.at):
            yield f'{record.name} has a hole of {int(record.at) - end} bytes at its end'


def changes(frozen, now, abi):
    """What differs of the names in `frozen`; `appended` members of growing structs are told apart."""
    known = {(line.name, line.member): line for line in now}
    for line in frozen:
        mine = known.get((line.name, line.member))
        if mine is None:
            yield f'{named(line)} is gone; {abi} has it' + (f' at offset {line.at}' if line.kind == 'member' else '')
        elif line.kind == 'member' and mine.at != line.at:
            yield f'{named(line)} is at offset {mine.at}; {abi} has it at {line.at}'
        elif line.kind == 'member' and mine.size != line.size:
            yield f'{named(line)} has {mine.size} bytes; {abi} has {line.size}'
        elif line.kind in ('value', 'id') and mine.at != line.at:
            yield f'{named(line)} is {mine.at}; {abi} has {line.at}'
        elif mine.type != line.type:
            yield f'{named(line)} is of type {mine.type}; {abi} has {line.type}'


def added(frozen, now, abi):
    """Members that a struct of `frozen` did not have."""
    structs = {line.name for line in frozen if line.kind == 'struct'}
    known = {(line.name, line.member) for line in frozen}
    for line in now:
        if line.kind == 'member' and line.name in structs and (line.name, line.member) not in known:
            yield f'{named(line)} is new; {abi} does not have it'


def fixed_grown(frozen, now, abi):
    growing = {line.name for line in frozen if line.member == 'struct_size'}
    sizes = {line.name: line.at for line in now if line.kind == 'struct'}
    for line in frozen:
        if line.kind == 'struct' and line.name not in growing and sizes.get(line.name, line.at) != line.at:
            yield f'{line.name} has {sizes[line.name]} bytes; {abi} has {line.at}, and it has no struct_size to grow by'


def unlisted(frozen, now):
    names = {line.name for line in frozen}
    return [line for line in now if line.name not in names]


def newest_minor(include):
    return int(re.search(r'STOKER_ABI_NEWEST_MINOR (\d+)', (include / 'stoker/base.h').read_text())[1])


def compare(options):
    """All that is wrong, and the lists to write: {file: text}."""
    wrong, texts, previous = [], {}, None
    for minor in range(newest_minor(options.include) + 1):
        abi, path = f'ABI 1.{minor}', options.lists / f'abi-1.{minor}.txt'
        now = layout(options.include, minor, options.cc, options.cxx)
        frozen = parsed(path.read_text()) if path.exists() else None
        wrong += holes(now)
        if frozen:
            wrong += [*changes(frozen, now, abi), *added(frozen, now, abi)]
        if previous:
            wrong += [*changes(previous[1], now, previous[0]), *fixed_grown(previous[1], now, previous[0])]
        new = now if frozen is None else unlisted(frozen, now)
        texts[path] = '\n'.join(['# ' + abi + ' on x86_64 and aarch64: offset, size, name and type of each member. See docs/abi.md.',
                                 *shown(now), '']), sorted({line.name for line in new})
        previous = abi, now
    return list(dict.fromkeys(wrong)), texts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--include', type=pathlib.Path, default=HERE.parent / 'include')
    parser.add_argument('--lists', type=pathlib.Path, default=HERE)
    parser.add_argument('--cc', default='cc')
    parser.add_argument('--cxx', default='c++')
    parser.add_argument('--write', action='store_true')
    options = parser.parse_args()
    try:
        wrong, texts = compare(options)
    except Broken as broken:
        sys.exit(str(broken))
    if wrong:
        sys.exit('\n'.join(wrong) + '\n' + WAY_OUT)
    for path, (text, names) in texts.items():
        if names and not options.write:
            sys.exit(f'{path.name} lacks {", ".join(names)}\nwhat is new has a name of its own and is frozen once it is listed: '
                     f'run {pathlib.Path(__file__).name} --write and commit the list')
        if names:
            path.write_text(text)


if __name__ == '__main__':
    main()
