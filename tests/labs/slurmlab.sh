#!/bin/bash
# slurmlab.sh CMD... : a Slurm of one node with accounting (munged, slurmctld, slurmd, slurmdbd, mariadbd) and four
# GPUs that are none, in namespaces of its own; CMD runs beside it. Nothing of the machine changes, and all of it ends
# with CMD. $SLURMLAB is its folder: log/, etc/slurm.conf, calls/ (one file a program, one line a call), bin/ (programs
# that count). Prints "slurm is up" on stderr when it is.
set -euo pipefail
if [ "${SLURMLAB_INSIDE:-}" != yes ]; then
	SLURMLAB=$(mktemp -d /tmp/slurmlab.XXXXXX)
	export SLURMLAB SLURMLAB_INSIDE=yes
	chmod 755 "$SLURMLAB"
	trap 'rm -rf "$SLURMLAB"' EXIT
	# unshare ignores TERM; its child ends with it.
	trap 'kill -KILL "$lab" 2>/dev/null; wait "$lab"; exit 143' TERM INT
	unshare --mount --net --uts --ipc --pid --fork --kill-child --mount-proc --propagation private \
		bash "$0" "$@" &
	lab=$!
	wait "$lab"
	exit
fi
L=$SLURMLAB
PATH=$PATH:/usr/sbin:/sbin
hostname n1
ip link set lo up
# Slurm resolves its own name only where there is an address besides loopback.
ip link add v0 type veth peer name v1
ip addr add 192.0.2.50/24 dev v0
ip link set v0 up
ip link set v1 up
mount -t tmpfs tmpfs /run
mkdir -p /run/munge /run/slurm /run/lock /run/sshd /run/mysqld
mkdir -p "$L"/{etc,spool,state,log,munge,mysql,bin,calls,home}
chmod 777 "$L/calls" "$L/home"
printf '127.0.0.1 localhost\n192.0.2.50 n1\n' >"$L/hosts"
mount --bind "$L/hosts" /etc/hosts
mkdir -p /etc/slurm
mount --bind "$L/etc" /etc/slurm

as() { # as USER CMD...
	setpriv --reuid="$1" --regid="$1" --init-groups "${@:2}"
}
wait_for() { # wait_for SECONDS CMD... : until it succeeds
	local end=$((SECONDS + $1))
	until "${@:2}" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "slurmlab: not in time: ${*:2}" >&2; tail -n 20 "$L"/log/* >&2; exit 1; }
		sleep 0.05
	done
}

head -c 1024 /dev/urandom >"$L/munge/key"
chown -R munge: "$L/munge" /run/munge
chmod 400 "$L/munge/key"
chmod 700 "$L/munge"
chmod 755 /run/munge
as munge munged --key-file="$L/munge/key" --socket=/run/munge/munge.socket.2 --pid-file="$L/munge/pid" \
	--log-file="$L/munge/log" --seed-file="$L/munge/seed"

chown -R slurm: "$L/state" "$L/log"
for number in 0 1 2 3; do mknod "$L/gpu$number" c 1 3; done # any character device does
cat >/etc/slurm/slurm.conf <<END
ClusterName=lab
SlurmctldHost=n1(192.0.2.50)
AuthType=auth/munge
CredType=cred/munge
SlurmUser=slurm
StateSaveLocation=$L/state
SlurmdSpoolDir=$L/spool
SlurmctldLogFile=$L/log/slurmctld
SlurmdLogFile=$L/log/slurmd
SlurmctldPidFile=/run/slurm/slurmctld.pid
SlurmdPidFile=/run/slurm/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
MailProg=/bin/true
ReturnToService=2
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
GresTypes=gpu
DefMemPerCPU=50
KillWait=2
OverTimeLimit=0
JobAcctGatherType=jobacct_gather/linux
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=n1
AccountingStorageTRES=gres/gpu
AccountingStoreFlags=job_comment
NodeName=n1 NodeAddr=192.0.2.50 CPUs=$(nproc) RealMemory=4000 Gres=gpu:4 State=UNKNOWN
PartitionName=gpu Nodes=n1 Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:16
END
echo "NodeName=n1 Name=gpu File=$L/gpu[0-3]" >/etc/slurm/gres.conf

chown mysql /run/mysqld "$L/mysql"
S=/run/mysqld/mysqld.sock
mariadb-install-db --user=mysql --datadir="$L/mysql" --auth-root-authentication-method=socket --skip-test-db \
	>"$L/log/mariadb-install" 2>&1
mariadbd --no-defaults --user=mysql --datadir="$L/mysql" --socket=$S --skip-networking \
	--innodb-buffer-pool-size=64M >"$L/log/mariadb" 2>&1 &
wait_for 60 mariadb -S $S -e 'select 1'
mariadb -S $S -e "create database slurm_acct_db; create user slurm@localhost identified via unix_socket;
	grant all on slurm_acct_db.* to slurm@localhost;"
cat >/etc/slurm/slurmdbd.conf <<END
AuthType=auth/munge
DbdHost=n1
DbdAddr=192.0.2.50
SlurmUser=slurm
LogFile=$L/log/slurmdbd
PidFile=/run/slurm/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageUser=slurm
StorageHost=localhost
StorageLoc=slurm_acct_db
END
chown slurm: /etc/slurm/slurmdbd.conf /run/slurm
chmod 600 /etc/slurm/slurmdbd.conf
as slurm slurmdbd
wait_for 60 sacctmgr -n show cluster
as slurm slurmctld
slurmd
up() { timeout 2 sinfo -h -o %T | grep -q -E 'idle|mixed'; }
wait_for 60 up

for program in squeue sacct; do
	printf '#!/bin/sh\ndate +%%s.%%N >>%s/calls/%s\nexec /usr/bin/%s "$@"\n' "$L" $program $program >"$L/bin/$program"
	chmod 755 "$L/bin/$program"
done
echo "slurm is up" >&2
"$@"
