#!/bin/bash
# systemd-user.sh USER CMD... : runs CMD as USER where a real `systemd --user` is willing to run, with a journald of
# its own, in private mount, pid and cgroup namespaces. Needs root, systemd and dbus-user-session; leaves nothing behind.
set -euo pipefail
user=$1
shift
group=/sys/fs/cgroup/unified/exlab-$$
[ -d /sys/fs/cgroup/unified ] || group=/sys/fs/cgroup/exlab-$$ # a machine with cgroup2 only
mkdir "$group"
remove_group() {
	for _ in $(seq 50); do
		find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null
		[ -d "$group" ] || return 0
		sleep 0.1
	done
}
trap remove_group EXIT

unshare --mount --pid --fork --kill-child --mount-proc --propagation private \
	bash -c 'echo 0 >"$1/cgroup.procs"; shift; exec unshare --cgroup --mount --propagation private bash "$@"' enter "$group" -c '
set -euo pipefail
user=$1
shift
uid=$(id -u "$user")
gid=$(id -g "$user")
home=$(getent passwd "$user" | cut -d: -f6)
umount -l /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd/system /run/systemd/journal /run/user/$uid /run/lock /run/dbus /run/sshd
chown $uid:$gid /run/user/$uid
chmod 700 /run/user/$uid
mkdir -p /var/log/journal
mount -t tmpfs tmpfs /var/log/journal
[ -s /etc/machine-id ] || {
	id=$(cat /proc/sys/kernel/random/uuid)
	echo ${id//-/} >/run/machine-id
	[ -e /etc/machine-id ] || : >/etc/machine-id
	mount --bind /run/machine-id /etc/machine-id
}
mkdir /sys/fs/cgroup/journald
(
	echo 0 >/sys/fs/cgroup/journald/cgroup.procs
	exec /lib/systemd/systemd-journald
) </dev/null >/run/journald.log 2>&1 &
for _ in $(seq 200); do
	[ -S /run/systemd/journal/stdout ] && break
	sleep 0.02
done
# What logind would use; journald tells the owner of a message by it.
slice=/sys/fs/cgroup/user.slice/user-$uid.slice/user@$uid.service
mkdir -p $slice/init.scope
chown -R $uid:$gid $slice
echo 0 >$slice/init.scope/cgroup.procs
cd "$home"
exec setpriv --reuid=$uid --regid=$gid --init-groups env -i HOME="$home" USER="$user" LOGNAME="$user" SHELL=/bin/bash \
	PATH="$home/.local/bin:/usr/local/bin:/usr/bin:/bin" LANG=C.UTF-8 XDG_RUNTIME_DIR=/run/user/$uid \
	DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$uid/bus "$@"
' enter "$user" "$@"
