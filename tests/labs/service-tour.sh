#!/bin/bash
# service-tour.sh PORT : what a person does with the service, as an ordinary user inside systemd-user.sh. Prints one
# `ok WORDS` line for everything that held and stops at the first thing that did not. PORT: for TensorBoard.
set -euo pipefail
port=$1
say() { echo "ok $*"; }
fail() {
	echo "FAILED $*"
	systemctl --user status expsyncd --no-pager -l 2>&1 | tail -20 || true
	expsyncd logs -n 30 2>&1 || true
	exit 1
}
within() { # within SECONDS COMMAND... : until it succeeds
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.2
	done
}
main_pid() { systemctl --user show -p MainPID --value expsyncd; }
ours() { pgrep -u "$(id -u)" -f 'expsyncd.cli|bin/expsyncd|expsyncd.tensorboard|tensorboard_data_server|ssh .*-M -N|^rsync ' || true; }
shows_run() { curl -s "http://127.0.0.1:$port/data/runs" | grep -q '"gpu/lr1"'; }
start_manager() {
	/lib/systemd/systemd --user --log-target=null >/dev/null 2>&1 &
	manager=$!
	within 20 systemctl --user is-system-running --quiet || within 20 systemctl --user list-units || fail "no user manager"
}

start_manager
expsyncd service install >/dev/null
say "service install"
systemctl --user start expsyncd || fail "start"
[ "$(systemctl --user is-active expsyncd)" = active ] || fail "not active"
say "started"
within 60 expsyncd status || fail "status does not exit 0"
say "status exits 0"
within 60 shows_run || fail "TensorBoard does not show gpu/lr1"
say "TensorBoard shows HOST/RUN"
within 30 bash -c 'systemctl --user show -p StatusText --value expsyncd | grep -q "1 of 1 host connected"' || fail "no status text"
say "status text: $(systemctl --user show -p StatusText --value expsyncd | sed 's/[0-9]\{5\}/PORT/')"

old=$(main_pid)
before=$(ours | sort)
kill -9 "$old"
gone() { for pid in $before; do ! kill -0 "$pid" 2>/dev/null || return 1; done; }
within 30 gone || fail "orphans of the killed daemon: $(for p in $before; do ps -o pid=,args= -p $p; done)"
within 60 bash -c '[ "$(systemctl --user is-active expsyncd)" = active ] && expsyncd status' || fail "not restarted"
[ "$(main_pid)" != "$old" ] || fail "the same pid"
within 60 shows_run || fail "TensorBoard is not back on its port"
say "kill -9: restarted, same port, no orphans"

systemctl --user reload expsyncd || fail "reload"
within 20 expsyncd status || fail "status after reload"
say "reloaded"

config=$(expsyncd config path)
cp "$config" "$config.good"
echo "hosts: [" >>"$config"
systemctl --user restart expsyncd 2>/dev/null && fail "a broken file started"
within 20 bash -c '[ "$(systemctl --user show -p ExecMainStatus --value expsyncd)" = 78 ]' || fail "exit status is not 78"
restarts=$(systemctl --user show -p NRestarts --value expsyncd)
sleep 3 # longer than RestartSec: nothing must happen
[ "$(systemctl --user show -p NRestarts --value expsyncd)" = "$restarts" ] || fail "it loops"
cp "$config.good" "$config"
say "a broken file does not loop (status 78)"

systemctl --user reset-failed expsyncd
systemctl --user start expsyncd || fail "start again"
within 60 expsyncd status || fail "status"
systemctl --user stop expsyncd || fail "stop"
none_left() { [ -z "$(ours)" ]; }
within 20 none_left || fail "left: $(ours)"
say "stop leaves no process"

systemctl --user start expsyncd || fail "start for the stop by command"
within 60 expsyncd status || fail "status"
expsyncd stop >/dev/null || fail "expsyncd stop"
inactive() { [ "$(systemctl --user is-active expsyncd)" = inactive ]; }
within 20 inactive || fail "expsyncd stop does not end it"
sleep 3 # longer than RestartSec: nothing must happen
inactive || fail "started again after expsyncd stop"
say "expsyncd stop stays stopped"

systemctl --user enable expsyncd 2>/dev/null || fail "enable"
systemctl --user exit
wait "$manager" || true
start_manager # the next login
within 60 expsyncd status || fail "enabled, but not started at the next login"
say "enabled: started at the next login"
systemctl --user stop expsyncd
expsyncd service uninstall >/dev/null
[ -e "$config" ] || fail "uninstall took the config"
say "uninstall leaves the config"
systemctl --user exit
wait "$manager" || true
