#!/usr/bin/python3
"""curl -fsS -X METHOD -H @- URL, as far as a container needs it: what is for the cloud's host goes to fakecloud."""
import sys
import urllib.error
import urllib.request
from urllib.parse import urlsplit

words = sys.argv[1:]
method, url = words[words.index("-X") + 1], urlsplit(words[-1])
fields = dict(line.split(": ", 1) for line in sys.stdin.read().splitlines())
with open("/usr/lib/fakecloud/way-out", encoding="utf-8") as file:
    way_out = file.read()
headers = {**fields, "Host": url.netloc}
request = urllib.request.Request(way_out + url.path, headers=headers, method=method)
try:
    urllib.request.urlopen(request, timeout=20).read()
except urllib.error.HTTPError as error:
    sys.exit(f"curl: (22) The requested URL returned error: {error.code}")
