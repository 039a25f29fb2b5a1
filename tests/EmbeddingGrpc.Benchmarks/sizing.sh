#!/usr/bin/env bash
# One row of the sizing table: what a daemon with a simulated world takes of memory and time.
#   sizing.sh fill FOLDER ITEMS USERS INTERACTIONS      streams the world into FOLDER
#   sizing.sh measure FOLDER DIMENSION EPOCHS [ONCE]    trains twice (or once) on a copy of it, recalls, starts again without the item graph in recall, recalls; writes
#                                                       one line of JSON
#   sizing.sh start FOLDER [RUNS]                       starts the daemon on it five times, or so often, and says when its log is open, its checkpoint read and events are
#                                                       accepted; a line of JSON for each
# Needs a Release build of the solution and curl. SERVER and EMBEDCTL name other programs. PROMOTION=true lets a twentieth more interactions
# follow the first training and compares the second one with what serves on them, as a daemon does by itself; without it every training is let serve.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
server=${SERVER:-$repository/src/EmbeddingGrpc.Server/bin/Release/net10.0/EmbeddingGrpc.Server}
embedctl=${EMBEDCTL:-$repository/src/EmbeddingGrpc.Cli/bin/Release/net10.0/embedctl}

daemon=
stop() { [ -z "$daemon" ] || { kill -TERM "$daemon" 2>/dev/null && wait "$daemon" || true; daemon=; }; }
trap stop EXIT

# start DATA SETTING...
start() {
  local data=$1
  shift
  "$server" --DataDirectory "$data" --GrpcPort 0 --HttpPort 0 "$@" >"$data.log" 2>&1 &
  daemon=$!
  until grep -q "\"pid\": *$daemon" "$data/daemon.json" 2>/dev/null; do kill -0 "$daemon" || { cat "$data.log"; exit 1; }; sleep 0.05; done
  grpc=$(sed -n 's/.*"grpc": *"\([^"]*\)".*/\1/p' "$data/daemon.json")
  http=$(sed -n 's/.*"http": *"\([^"]*\)".*/\1/p' "$data/daemon.json")
}
# metric NAME [LABEL]: the sum of its series.
metric() { curl -s "$http/metrics" | awk -v name="$1" -v label="${2:-}" 'index($0, name "{") == 1 && index($0, label) { sub(/.*} /, ""); sum += $1 } END { printf "%.0f", sum }'; }
kilobytes() { awk -v name="$1:" '$1 == name { print $2 }' "/proc/$daemon/status"; }
megabytes() { awk -v b="$1" 'BEGIN { printf "%.0f", b / 1e6 }'; }
cpu() { awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) / hz }' "/proc/$daemon/stat"; }
# Sessions of five items, and what the daemon alone takes of the processors for them.
recalls() {
  local load=("$embedctl" bench recall --address "$grpc" --query session --k 10 --in-flight 8 --warm-up 0 --json) before report
  "${load[@]}" --seconds 3 >/dev/null 2>&1
  before=$(cpu)
  report=$("${load[@]}" --seconds 4 2>/dev/null | tr -d ' \n')
  awk -v before="$before" -v after="$(cpu)" -v report="$report" '
    function field(name, text) { text = report; sub(".*\"" name "\":", "", text); sub(/[,}].*/, "", text); return text }
    BEGIN { printf "{\"calls_per_second\":%.0f,\"p50_ms\":%s,\"calls_per_cpu_second\":%.0f}", field("qps"), field("p50_ms"), field("calls") / (after - before) }'
}
applied() { until [ "$(metric embeddinggrpc_log_applied_offset)" -ge "$(metric embeddinggrpc_log_durable_offset)" ]; do sleep 0.2; done; }
# feed ITEMS USERS OFFSET SEED: streams the world until the log ends there. The same seed brings the same interactions once more.
feed() {
  local feed
  "$embedctl" simulate --address "$grpc" --rate 0 --items "$1" --users "$2" --new-item-every 1000000000 --seed "$4" >/dev/null &
  feed=$!
  until [ "$(metric embeddinggrpc_log_durable_offset)" -ge "$3" ]; do kill -0 $feed; sleep 0.2; done
  kill -TERM $feed
  wait $feed || true
  applied
}

case $1 in
  fill)
    mkdir -p "$2"
    start "$2/data"
    echo "$3 $4" >"$2/world"
    feed "$3" "$4" "$5" 42
    echo "$(metric embeddinggrpc_log_durable_offset) interactions"
    ;;
  start)
    # Seconds from when it was started to a line of its log, by the event's number.
    since() { awk -v event="[$1]" 'index($0, event) { print $1, $2; exit }' "$2/data.log" | { read -r line && awk -v at="$(date -u -d "$line" +%s.%N)" -v began="$began" 'BEGIN { printf "%.2f", at - began }'; }; }
    for _ in $(seq "${3:-5}"); do
      rm -f "$2/data/daemon.json"
      began=$(date +%s.%N)
      "$server" --DataDirectory "$2/data" --GrpcPort 0 --HttpPort 0 >"$2/data.log" 2>&1 &
      daemon=$!
      until [ -s "$2/data/daemon.json" ]; do kill -0 "$daemon" || { cat "$2/data.log"; exit 1; }; sleep 0.005; done
      http=$(sed -n 's/.*"http": *"\([^"]*\)".*/\1/p' "$2/data/daemon.json")
      until curl -sf "$http/readyz?service=EventService" >/dev/null; do sleep 0.005; done
      accepted=$(date +%s.%N)
      awk -v log_open="$(since 2100 "$2")" -v restored="$(since 1110 "$2")" -v accepted="$accepted" -v began="$began" -v cpu="$(cpu)" -v peak="$(kilobytes VmHWM)" 'BEGIN {
        printf "{\"log_open_s\":%s,\"checkpoint_read_s\":%s,\"events_accepted_s\":%.2f,\"processor_s\":%s,\"peak_mb\":%.0f}\n", log_open, restored, accepted - began, cpu, peak / 1000 }'
      stop
    done
    ;;
  measure)
    work=$(mktemp -d)
    cp -r "$2/data" "$work/data"
    settings=(--EmbeddingGrpc:Model:Training:Dimension="$3" --EmbeddingGrpc:Model:Training:Epochs="$4" --EmbeddingGrpc:Model:Promotion:Enabled="${PROMOTION:-false}")
    start "$work/data" "${settings[@]}"
    applied
    # The second beside the first that serves: the peak of memory.
    train() { "$embedctl" train --address "$grpc" --json >"$work/train.json" 2>/dev/null || [ $? = 3 ]; }
    train
    if [ -z "${5:-}" ]; then
      [ "${PROMOTION:-false}" = false ] || feed $(cat "$2/world") $(($(metric embeddinggrpc_log_durable_offset) * 21 / 20)) 43
      train
    fi
    peak=$(kilobytes VmHWM)
    phases=$(sed -n 's/.*"phase_seconds":\({[^}]*}\).*/\1/p' "$work/train.json")
    "$embedctl" generations --address "$grpc" --json | head -1 >"$work/generation.json"
    value() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p" "$work/generation.json"; }
    blended=$(recalls)
    generation=$(($(metric embeddinggrpc_memory_room_bytes 'room="vectors"') + $(metric embeddinggrpc_memory_room_bytes 'room="indexes"') + $(metric embeddinggrpc_memory_room_bytes 'room="vocabulary"')))
    state=$(metric embeddinggrpc_state_memory_bytes)
    users=$(metric embeddinggrpc_state_users)
    graph=$(metric embeddinggrpc_memory_room_bytes 'room="item_graph"')
    histories=$(metric embeddinggrpc_memory_room_bytes 'room="histories"')
    stop
    start "$work/data" "${settings[@]}" --EmbeddingGrpc:Recall:Blend:Connections=0 --EmbeddingGrpc:Recall:Blend:Walks=0
    until curl -sf "$http/readyz?service=RecallService" >/dev/null; do sleep 0.1; done
    applied
    embeddings=$(recalls)
    echo "{\"items\":$(value item_count),\"dimension\":$3,\"users\":$users,\"interactions\":$(value training.interactions),\"generation_mb\":$(megabytes "$generation"),\"state_mb\":$(megabytes "$state"),\"graph_mb\":$(megabytes "$graph"),\"histories_mb\":$(megabytes "$histories"),\"peak_mb\":$((peak / 1000)),\"restarted_mb\":{\"managed\":$(megabytes "$(metric embeddinggrpc_memory_process_bytes 'kind="managed"')"),\"native\":$(megabytes "$(metric embeddinggrpc_memory_process_bytes 'kind="native"')"),\"mapped\":$(megabytes "$(metric embeddinggrpc_memory_process_bytes 'kind="mapped"')")},\"words_per_second\":$(value training.words_per_second),\"training_s\":$(value training.seconds),\"phases_s\":$phases,\"index_s\":$(value index.build_seconds),\"recall_blended\":$blended,\"recall_embeddings\":$embeddings}"
    stop
    rm -rf "$work"
    ;;
esac
