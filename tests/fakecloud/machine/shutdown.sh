#!/bin/sh
# shutdown [-P|-h|-r|-c] [+MINUTES|now]: the minutes are the cloud's virtual ones.
[ "$(id -u)" = 0 ] || { echo 'shutdown: must be root' >&2; exit 1; }
act=poweroff minutes=1
for word; do
  case $word in
    -c) act=cancel ;;
    -r | --reboot) act=reboot ;;
    -P | -h | -H | --poweroff | --halt) ;;
    now) minutes=0 ;;
    +*[!0-9]* | +) echo "shutdown: can't read $word" >&2; exit 1 ;;
    +*) minutes=${word#+} ;;
    *) ;;
  esac
done
echo "shutdown $act $minutes" >/run/fakecloud/power
