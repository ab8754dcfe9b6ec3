#!/bin/sh
# The boot of a machine: what its user data says, then sshd, which as process 1 also buries orphans.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
cd /
[ ! -e /usr/lib/fakecloud/bootcmd ] || sh /usr/lib/fakecloud/bootcmd
[ ! -e /usr/lib/fakecloud/runcmd ] || /usr/lib/fakecloud/runcmd >/var/log/cloud-init-output.log 2>&1 &
exec /usr/sbin/sshd -D -e -f /etc/ssh/sshd_config
