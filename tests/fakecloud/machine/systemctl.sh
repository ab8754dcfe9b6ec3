#!/bin/sh
# Of systemd, what turns a machine off.
case ${1:-} in
  poweroff | halt | reboot) exec "/usr/sbin/$1" ;;
esac
echo 'System has not been booted with systemd as init system (PID 1). Can'\''t operate.' >&2
exit 1
