"""The judge's own book: one JSON object a line, only ever appended to."""
import json
import threading


class History:
    def __init__(self, path, now_ms):
        self._file, self._now_ms = open(path, "a", encoding="utf-8"), now_ms
        self._lock, self._secrets = threading.Lock(), set()
        self.entries = []

    def hide(self, secret):
        """A second defence: nothing is meant to write a credential, and this one can't be written at all."""
        self._secrets.add(secret)

    def write(self, cloud, what, t_ms=None, **facts):
        with self._lock:
            entry = {"t_ms": self._now_ms() if t_ms is None else t_ms, "cloud": cloud, "what": what, **facts}
            line = json.dumps(entry, ensure_ascii=True)
            if any(secret in line for secret in self._secrets):
                for secret in self._secrets:
                    line = line.replace(secret, "<credential>")
                entry = json.loads(line)
            self.entries.append(entry)
            self._file.write(line + "\n")
            self._file.flush()

    def of(self, cloud, what):
        with self._lock:
            return [entry for entry in self.entries if entry["cloud"] == cloud and entry["what"] == what]

    def close(self):
        with self._lock:
            self._file.close()
