#!/usr/bin/env bash
# Run one command on a Ray cluster made of the nodes of this Slurm job.
#
#   cluster/slurm/with_ray.sh COMMAND …      inside an allocation, in the repository, which all nodes see
#
# SIGUSR1, which Slurm sends ahead of the time limit (and, with PreemptParameters=send_user_signal, of a pre-emption),
# puts the job back into the queue; the command begins again there and goes on where it stood. A pre-emption or a lost
# node that comes without a warning needs nothing from here: --requeue lets Slurm do the same. RAY_HEAD_IP overrides
# the address of the first node, where it has several.
set -euo pipefail

: "${SLURM_JOB_ID:?start this with sbatch: see cluster/README.md}"
cpus=${SLURM_CPUS_PER_TASK:?the batch script needs --cpus-per-task}
bin=.venv/bin
[[ -x $bin/ray ]] || { echo "error: $PWD/$bin/ray is not there; run make setup, and sbatch from the repository" >&2; exit 1; }

address=${RAY_HEAD_IP:-$(getent ahostsv4 "$SLURMD_NODENAME" | awk 'NR == 1 {print $1}' || true)}
[[ -n $address ]] || { echo "error: no IPv4 address of $SLURMD_NODENAME; pass one as RAY_HEAD_IP" >&2; exit 1; }
port=$((20000 + SLURM_JOB_ID % 10000)) # two jobs that meet on a node, one ending and one beginning, keep apart
# Whoever reaches these ports may run code as this user, but for the token. It stays in the environment of this job.
RAY_AUTH_TOKEN=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
export RAY_AUTH_TOKEN RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0
export RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S=2 # less than Slurm's KillWait: there is nothing to wait for at the end
options=(--num-cpus="$cpus" --temp-dir="/tmp/ray-$SLURM_JOB_ID" --disable-usage-stats --block)
if [[ -n ${SLURM_GPUS_ON_NODE:-} ]]; then options+=(--num-gpus="$SLURM_GPUS_ON_NODE"); fi

started=() # processes that end with this script
driver=
again=
# shellcheck disable=SC2317 # run by the traps
stop() {
    trap '' USR1 TERM
    for process in $driver "${started[@]}"; do kill -TERM "$process" 2>/dev/null || true; done
    wait
    rm -rf "/tmp/ray-$SLURM_JOB_ID"
}
trap stop EXIT
trap 'again=1; if [[ $driver ]]; then kill -TERM "$driver" 2>/dev/null || true; fi' USR1
trap 'exit 143' TERM # cancelled: back to nobody's queue

"$bin/ray" start --head --node-ip-address="$address" --port="$port" "${options[@]}" &
started+=($!)
if ((SLURM_JOB_NUM_NODES > 1)); then
    others=$((SLURM_JOB_NUM_NODES - 1))
    # A step gets the CPUs it asks for: without --cpus-per-task that would be one for each node.
    srun --nodes="$others" --ntasks="$others" --ntasks-per-node=1 --cpus-per-task="$cpus" --exclude="$SLURMD_NODENAME" \
        "$bin/ray" start --address="$address:$port" "${options[@]}" &
    started+=($!)
fi

export RAY_ADDRESS=$address:$port
run() { # … and wait for it, through signals; the shell tells of a signal only between commands
    "$@" &
    driver=$!
    local status=0
    while true; do
        wait "$driver" && status=0 || status=$?
        kill -0 "$driver" 2>/dev/null || break
    done
    driver=
    return "$status"
}
ready='
import sys, time, ray
nodes, deadline = int(sys.argv[1]), time.monotonic() + 300
while True:
    try:
        ray.init(log_to_driver=False, logging_level="CRITICAL", ignore_reinit_error=True)
        here = sum(node["Alive"] for node in ray.nodes())
    except ConnectionError:
        here = 0
    if here >= nodes:
        break
    if time.monotonic() > deadline:
        sys.exit(f"error: {here} of {nodes} nodes have joined Ray in 5 minutes; what they said stands above")
    time.sleep(1)
'
status=0
run "$bin/python" -c "$ready" "$SLURM_JOB_NUM_NODES" || status=$?
if ((status == 0)) && [[ ! $again ]]; then run "$@" || status=$?; fi
if [[ $again ]] && ((status != 0)); then
    trap - EXIT
    stop # before Slurm does it, less gently
    echo "job $SLURM_JOB_ID goes back into the queue; it will go on where it stands"
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
