#!/bin/bash
# netlab.sh CMD... : runs CMD on a "laptop" (198.51.100.1) whose only link, a slow one in user space (wan.py), leads to
# three hosts gpu1 to gpu3 (192.0.2.11 to .13), each a network namespace with an sshd of its own. Inside CMD:
#   $NETLAB_DIR/ssh_config     for ssh -F
#   wan IP KEY=VALUE...        delay= (one way, s) jitter= loss= rate= (bytes/s) drop=true|false; IP * is all others
#   ns NAME COMMAND...         COMMAND on gpu1, gpu2, gpu3, laptop, or wan (the router)
# Needs root, iproute2, openssh-server and /dev/net/tun. Everything vanishes when CMD ends.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
hosts="1 2 3"

if [ -z "${NETLAB_IN:-}" ]; then
	NETLAB_DIR=$(mktemp -d /tmp/exnet.XXXXXX)
	export NETLAB_DIR NETLAB_IN=1
	remove() { rm -rf "$NETLAB_DIR"; }
	trap remove EXIT
	# The first process of a pid namespace takes all others with it when it ends.
	unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private bash "$0" "$@" &
	trap 'kill -KILL $! 2>/dev/null' TERM INT HUP # unshare itself ignores TERM
	status=0
	wait $! 2>/dev/null || status=$?
	exit $status
fi

dir=$NETLAB_DIR
mkdir -p /run/netns /run/sshd
mount -t tmpfs tmpfs /run/netns # names that nobody outside sees
for name in laptop wan $(printf 'gpu%s ' $hosts); do
	ip netns add "$name"
	ip -n "$name" link set lo up
done

# The hosts' side: a router with a switch.
ip -n wan link add br0 type bridge
ip -n wan addr add 192.0.2.254/24 dev br0
ip -n wan link set br0 up
ip netns exec wan sysctl -qw net.ipv4.ip_forward=1
for i in $hosts; do
	ip -n wan link add "port$i" type veth peer name eth0 netns "gpu$i"
	ip -n wan link set "port$i" master br0 up
	ip -n "gpu$i" addr add "192.0.2.1$i/24" dev eth0
	ip -n "gpu$i" link set eth0 up
	ip -n "gpu$i" route add default via 192.0.2.254
done

# The laptop's side, and the link between the two.
python3 "$here/wan.py" /run/netns/laptop wan0 /run/netns/wan wan1 "$dir/wan.sock" >"$dir/wan.log" 2>&1 &
for _ in $(seq 250); do
	grep -qs ready "$dir/wan.log" && break
	sleep 0.02
done
grep -q ready "$dir/wan.log" || { cat "$dir/wan.log" >&2; exit 1; }
ip -n laptop addr add 198.51.100.1 peer 198.51.100.254 dev wan0
ip -n laptop link set wan0 up mtu 1500
ip -n laptop route add default via 198.51.100.254
ip -n wan addr add 198.51.100.254 peer 198.51.100.1 dev wan1
ip -n wan link set wan1 up mtu 1500

# Keys: one of the person, one of each host.
ssh-keygen -q -t ed25519 -N '' -f "$dir/id"
cp "$dir/id.pub" "$dir/authorized_keys"
for i in $hosts; do
	mkdir "$dir/gpu$i"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/gpu$i/host_key"
	echo "192.0.2.1$i $(cut -d' ' -f1,2 "$dir/gpu$i/host_key.pub")" >>"$dir/known_hosts"
	cat >"$dir/gpu$i/sshd_config" <<-END
		Port 22
		ListenAddress 192.0.2.1$i
		HostKey $dir/gpu$i/host_key
		AuthorizedKeysFile $dir/authorized_keys
		PidFile none
		UsePAM no
		SetEnv SHLVL=1
		StrictModes no
		PasswordAuthentication no
		Subsystem sftp internal-sftp
		LogLevel VERBOSE
	END
	# Its own session, so that no command of the laptop's meets it.
	ip netns exec "gpu$i" setsid /usr/sbin/sshd -D -f "$dir/gpu$i/sshd_config" -E "$dir/gpu$i/log" &
	printf 'Host gpu%s\n  HostName 192.0.2.1%s\n' "$i" "$i" >>"$dir/ssh_config"
done
cat >>"$dir/ssh_config" <<-END
	Host *
	  User root
	  IdentityFile $dir/id
	  IdentitiesOnly yes
	  IdentityAgent none
	  UserKnownHostsFile $dir/known_hosts
	  GlobalKnownHostsFile /dev/null
END
for i in $hosts; do
	for _ in $(seq 500); do
		grep -qs 'Server listening' "$dir/gpu$i/log" && break
		sleep 0.02
	done
done

mkdir "$dir/bin"
printf '#!/bin/sh\nexec python3 "%s/wan.py" --tell "%s/wan.sock" "$@"\n' "$here" "$dir" >"$dir/bin/wan"
printf '#!/bin/sh\nname=$1\nshift\nexec ip netns exec "$name" "$@"\n' >"$dir/bin/ns"
chmod +x "$dir/bin/wan" "$dir/bin/ns"
export PATH="$dir/bin:$PATH"
# Not `ip netns exec`, which also hides /sys.
nsenter --net=/run/netns/laptop "$@"
