#!/bin/sh
# sleep SECONDS in the cloud's time.
exec /bin/sleep "$(awk -v s="$1" -v speed="$(cat /usr/lib/fakecloud/speed)" 'BEGIN { print s / speed }')"
