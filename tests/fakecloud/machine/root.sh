#!/bin/sh
# root.sh FOLDER: the first process of a machine's namespaces. It gives the machine a root file system of its own and
# becomes its boot. FOLDER/seed is what this machine has and the computer below it has not; FOLDER/power is the pipe
# through which it says that it wants to be off. Nothing mounted here is seen outside, and all goes with this process.
set -e
cd "$1"
mount --make-rprivate /
mount -t tmpfs -o size=512m,mode=755 machine mount
cd mount
mkdir upper work root own
mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work overlay root

# Only the system itself is shared; homes, checkouts and temporary files of the computer below are not there.
for path in root/*/; do
  name=$(basename "$path")
  case $name in bin | boot | dev | etc | lib* | opt | proc | sbin | sys | usr | var) continue ;; esac
  mkdir "own/$name"
  mount --bind "own/$name" "root/$name"
done
mkdir -m 1777 own/var-tmp
mount --bind own/var-tmp root/var/tmp
chmod 1777 root/tmp
chmod 700 root/root

mount --rbind /dev root/dev
mount -t tmpfs -o size=256m,mode=1777 shm root/dev/shm
mount -t proc proc root/proc
mount --rbind /sys root/sys
mkdir -p root/run/sshd root/run/lock root/run/fakecloud
touch root/run/fakecloud/power
mount --bind ../power root/run/fakecloud/power

rm -f root/etc/ssh/ssh_host_* root/etc/ssh/sshd_config.d/*
cp -a --remove-destination ../seed/. root/
# sudo's way up: exists in this machine only.
cp /usr/bin/setpriv root/usr/lib/fakecloud/elevate
chmod 4755 root/usr/lib/fakecloud/elevate
hostname "$(cat root/etc/hostname)"
exec chroot root /usr/lib/fakecloud/boot
