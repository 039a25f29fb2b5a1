#!/usr/bin/env bash
# What a recall costs beside an empty gRPC service with the same messages, and beside the search alone, in one run on this machine:
#   recall-beside-echo.sh DATA [SECONDS] [SETTING...]      DATA: a daemon's data directory with a generation that serves; nothing else may use it
# Prints a table of calls a second, latency, processor time a call, collections and bytes allocated a call, for item queries (cached), vector queries
# (searched) and the search without a call; then the bars of a recall, and one line of JSON.
# Needs a Release build of the solution, curl and awk. SERVER, EMBEDCTL and BENCHMARKS name other programs; DAEMON_ENVIRONMENT is given to the daemon alone, such as
#   DAEMON_ENVIRONMENT='DOTNET_gcServer=1'
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; }
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
server=${SERVER:-$repository/src/EmbeddingGrpc.Server/bin/Release/net10.0/EmbeddingGrpc.Server}
embedctl=${EMBEDCTL:-$repository/src/EmbeddingGrpc.Cli/bin/Release/net10.0/embedctl}
benchmarks=${BENCHMARKS:-$repository/tests/EmbeddingGrpc.Benchmarks/bin/Release/net10.0/EmbeddingGrpc.Benchmarks}
data=$1
seconds=${2:-10}
warm_up=6
shift $(($# > 1 ? 2 : 1))
echo_port=${ECHO_PORT:-50955}
work=$(mktemp -d)
daemon= echo=
finish() { for process in $daemon $echo; do kill -TERM "$process" 2>/dev/null && wait "$process" 2>/dev/null || true; done; rm -rf "$work"; }
trap finish EXIT

field() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^,\"}]*\).*/\1/p" "$2" | head -1; }
cpu() { awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) / hz }' "/proc/$1/stat"; }
# metric NAME [LABEL]: of the daemon, the sum of its series.
metric() { curl -s "$http/metrics" | awk -v name="$1" -v label="${2:-}" '(index($0, name "{") == 1 || index($0, name " ") == 1) && index($0, label) { sub(/.*[} ]/, ""); sum += $0 } END { printf "%.0f", sum }'; }
allocated() { metric dotnet_gc_heap_total_allocated_bytes_total; }
collections() { metric dotnet_gc_collections_total "generation=\"$1\"" 2>/dev/null; }
random() { od -An -N3 -tu4 /dev/urandom | tr -d ' '; }
calculate() { awk "BEGIN { printf \"%.${2:-1}f\", $1 }"; }
# bench ADDRESS ARGUMENTS...: each with queries of its own, or what an earlier one asked for would be cached. Calls that failed are a column.
# The warm-up is the client's as well: calls of a program that is still being compiled are what its first seconds would tell.
bench() { "$embedctl" bench recall --address "$1" --warm-up "$warm_up" --seconds "$seconds" --seed "$(random)" --json "${@:2}" 2>/dev/null || [ $? = 1 ]; }
# measured NAME PROCESS ADDRESS ARGUMENTS...: a row; leaves qps_NAME and cpu_NAME (microseconds a call).
measured() {
  local name=$1 process=$2 address=$3 file=$work/$1.json before bytes=- gen2=- gen01=- allocated_before gen2_before gen01_before
  shift 3
  if [ "$process" = "$daemon" ]; then
    allocated_before=$(allocated) gen2_before=$(collections gen2) gen01_before=$(($(collections gen0) + $(collections gen1)))
  fi
  before=$(cpu "$process")
  bench "$address" "$@" >"$file"
  local calls cost
  # Those of the warm-up, which ran the same load, are told by the rate.
  calls=$(calculate "$(field calls "$file") * (1 + $warm_up / $seconds)" 0)
  cost=$(calculate "1e6 * ($(cpu "$process") - $before) / $calls")
  if [ "$process" = "$daemon" ]; then
    bytes=$(calculate "($(allocated) - $allocated_before) / $calls" 0)
    gen2=$(($(collections gen2) - gen2_before)) gen01=$(($(collections gen0) + $(collections gen1) - gen01_before))
  fi
  printf '%-22s %9.0f %8.3f %8.3f %8.3f %9s %8s %6s %6s %8s %8s\n' "$name" "$(field qps "$file")" "$(field p50_ms "$file")" "$(field p99_ms "$file")" "$(field p999_ms "$file")" \
    "$cost" "$bytes" "$gen01" "$gen2" "$(field from_memory "$file")" "$(field errors "$file")"
  eval "qps_$name=$(field qps "$file") cpu_$name=$cost gen2_$name=$gen2 bytes_$name=$bytes p99_$name=$(field p99_ms "$file") p999_$name=$(field p999_ms "$file")"
}

generation=$(ls -d "$data"/models/default/generations/*/ | sort | tail -1)
# search_alone WHEN: beside a daemon that has nothing to do.
search_alone() { "$benchmarks" search-load "${generation%/}" --k 50 --vectors 1 --seconds 5 | tail -1 >"$work/search_$1.json"; }
"$benchmarks" echo-server "$echo_port" >"$work/echo.json" 2>&1 &
echo=$!
env ${DAEMON_ENVIRONMENT:-} "$server" --DataDirectory "$data" --GrpcPort 0 --HttpPort 0 "$@" >"$work/daemon.log" 2>&1 &
daemon=$!
until grep -q "\"pid\": *$daemon" "$data/daemon.json" 2>/dev/null; do kill -0 "$daemon" || { cat "$work/daemon.log"; exit 1; }; sleep 0.1; done
grpc=$(field grpc "$data/daemon.json") http=$(field http "$data/daemon.json")
until curl -sf "$http/readyz?service=RecallService" >/dev/null; do sleep 0.1; done
# The index is measured against exact search once after a start, for a second or two: not while others are.
sleep 5

printf '%-22s %9s %8s %8s %8s %9s %8s %6s %6s %8s %8s\n' '' calls/s p50_ms p99_ms p999_ms cpu_us bytes gen0-1 gen2 memory errors
closed=(--k 50 --in-flight 32)
# Echo and daemon in turn, so that what the machine does meanwhile meets both.
measured echo_item "$echo" "http://127.0.0.1:$echo_port" --query item "${closed[@]}"
measured cached_item "$daemon" "$grpc" --query item "${closed[@]}"
measured echo_vector "$echo" "http://127.0.0.1:$echo_port" --query vector "${closed[@]}"
# Around the calls that it is compared with: a machine that slows down meanwhile slows both.
search_alone before
measured searched_vector "$daemon" "$grpc" --query vector "${closed[@]}"
search_alone after
search_qps=$(calculate "2 / (1 / $(field qps "$work/search_before.json") + 1 / $(field qps "$work/search_after.json"))" 0)
search_cpu=$(calculate "($(field processor_microseconds "$work/search_before.json") + $(field processor_microseconds "$work/search_after.json")) / 2")
half=$(calculate "$qps_searched_vector / 2" 0)
measured open_echo "$echo" "http://127.0.0.1:$echo_port" --query vector --k 50 --rate "$half"
measured open_vector "$daemon" "$grpc" --query vector --k 50 --rate "$half"
printf '%-22s %9.0f %44s\n' 'search alone' "$search_qps" "$search_cpu us of processor time a search"

# bare QUERY: what Kestrel, gRPC and the request allocate, of an echo whose one answer was made beforehand; leaves bare_QUERY. Its start is shared out among so many calls that it does
# not show.
bare() {
  stop_echo
  "$benchmarks" echo-server "$echo_port" same >"$work/same.json" 2>&1 &
  echo=$!
  until curl -s --http2-prior-knowledge "http://127.0.0.1:$echo_port" >/dev/null; do kill -0 "$echo"; sleep 0.1; done
  bench "http://127.0.0.1:$echo_port" --query "$1" "${closed[@]}" >/dev/null
  stop_echo
  eval "bare_$1=$(calculate "$(field allocated_bytes "$work/same.json") / $(field calls "$work/same.json")" 0)"
}
stop_echo() { [ -z "$echo" ] || { kill -TERM "$echo" && wait "$echo" || true; echo=; }; }
bare item
bare vector
time_ratio=$(calculate "(1 / $qps_searched_vector) / (1 / $qps_echo_vector + 1 / $search_qps)" 2)
cpu_ratio=$(calculate "($cpu_searched_vector - $search_cpu) / $cpu_echo_vector" 2)
cached_ratio=$(calculate "$qps_cached_item / $qps_echo_item" 2)
echo
echo "time a searched call / (echo + search): $time_ratio (at most 1.15)"
echo "processor time beyond the search / echo: $cpu_ratio (at most 1.3)"
echo "cached calls a second / echo: $cached_ratio (at least 0.90); processor time / echo: $(calculate "$cpu_cached_item / $cpu_echo_item" 2)"
echo "open loop at half the rate: p99 $p99_open_vector ms (under 2), p99.9 $p999_open_vector ms (under 10); the echo's, which does nothing: $p99_open_echo and $p999_open_echo ms"
echo "collections of generation 2 in $seconds s: $gen2_cached_item cached, $gen2_searched_vector searched, $gen2_open_vector open (none in 60 s)"
echo "bytes allocated a call beyond what Kestrel, gRPC and the request take ($bare_item for an item, $bare_vector for a vector): $((bytes_cached_item - bare_item)) cached, $((bytes_searched_vector - bare_vector)) searched (under 2048)"
echo "{\"time_ratio\":$time_ratio,\"cpu_ratio\":$cpu_ratio,\"cached_ratio\":$cached_ratio,\"open_p99_ms\":$p99_open_vector,\"open_p999_ms\":$p999_open_vector,\"open_echo_p99_ms\":$p99_open_echo,\"open_echo_p999_ms\":$p999_open_echo,\"gen2\":$((gen2_cached_item + gen2_searched_vector + gen2_open_vector)),\"bytes_cached\":$bytes_cached_item,\"bytes_searched\":$bytes_searched_vector,\"bare_bytes_item\":$bare_item,\"bare_bytes_vector\":$bare_vector}"
