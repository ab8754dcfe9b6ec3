"""The judge's own book: one JSON object a line, only ever appended to.

Every line has t_ms (virtual, since 1970), cloud and what. By `what` there are beside:
  request               method path query (names only) operation nth status ("held" and "dropped" too) fault; reason of
                        a refusal; held, the number by which a held one is released
  released              operation nth way ("answer", "reset", "hung up") status
  created booted ready  id name tags price_micros (an hour), like all lines of an instance; type and region; address.
                        booted: the cloud calls it active. ready: its sshd answers
  off on crashed preempted shut-down reclaim-noticed delete-requested gone
                        why it is off; shut-down: by itself, which ended it; whether a delete came `again`
  meter-started meter-stopped
                        micros: what this stretch is billed
  shutdown-scheduled shutdown-cancelled machine-failed machine-ended cloud-init-ignored
                        minutes; why; key
  key-created key-deleted
                        id name; whether it was foreign
  run-out preemption-announced
                        the cloud ends it by a limit of its own, or is going to
  violation             side ("request" or "answer") operation nth detail
  broken                kind where: a fault of the fake itself
"""
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
