#!/usr/bin/env bash
# What a recall costs beside an empty gRPC service with the same messages, beside the search alone, and beside a bare gRPC service that searches, in one run on this machine:
#   recall-beside-echo.sh DATA [SECONDS] [SETTING...]      DATA: a daemon's data directory with a generation that serves; nothing else may use it
# Prints a table of calls a second, latency, processor time a call, collections and bytes allocated a call, for item queries (cached), vector queries
# (searched) and the search without a call, those that are compared in ROUNDS (5) of turns, because a machine that others share is faster and slower by minutes; then the bars of a recall,
# each the median of its rounds, and one line of JSON.
# Needs a Release build of the solution, curl and awk. SERVER, EMBEDCTL and BENCHMARKS name other programs, ECHO_PORT (50955) the first of two ports for the services that are compared;
# DAEMON_ENVIRONMENT is given to the daemon alone, such as DAEMON_ENVIRONMENT='DOTNET_gcServer=1'
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2; }
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
server=${SERVER:-$repository/src/EmbeddingGrpc.Server/bin/Release/net10.0/EmbeddingGrpc.Server}
embedctl=${EMBEDCTL:-$repository/src/EmbeddingGrpc.Cli/bin/Release/net10.0/embedctl}
benchmarks=${BENCHMARKS:-$repository/tests/EmbeddingGrpc.Benchmarks/bin/Release/net10.0/EmbeddingGrpc.Benchmarks}
data=$1
seconds=${2:-6}
warm_up=4
rounds=${ROUNDS:-5}
shift $(($# > 1 ? 2 : 1))
echo_port=${ECHO_PORT:-50955} bare_port=$((echo_port + 1))
echo_address=http://127.0.0.1:$echo_port bare_address=http://127.0.0.1:$bare_port
work=$(mktemp -d)
daemon= echo= bare=
finish() { for process in $daemon $echo $bare; do kill -TERM "$process" 2>/dev/null && wait "$process" 2>/dev/null || true; done; rm -rf "$work"; }
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
# search_alone: beside servers that have nothing to do; leaves search_qps and search_cpu.
search_alone() {
  "$benchmarks" search-load "${generation%/}" --k 50 --vectors 1 --seconds "$seconds" | tail -1 >"$work/search.json"
  search_qps=$(field qps "$work/search.json") search_cpu=$(field processor_microseconds "$work/search.json")
  printf '%-22s %9.0f %44s\n' 'search alone' "$search_qps" "$search_cpu us of processor time a search"
}
# median COLUMN FILE, range COLUMN FILE: of the rounds.
median() { sort -n -k "$1,$1" "$2" | awk -v c="$1" '{ v[NR] = $c } END { printf "%s", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
range() { sort -n -k "$1,$1" "$2" | awk -v c="$1" 'NR == 1 { least = $c } { most = $c } END { printf "%s to %s", least, most }'; }
"$benchmarks" echo-server "$echo_port" >"$work/echo.json" 2>&1 &
echo=$!
"$benchmarks" echo-server "$bare_port" same "${generation%/}" >"$work/bare.json" 2>&1 &
bare=$!
env ${DAEMON_ENVIRONMENT:-} "$server" --DataDirectory "$data" --GrpcPort 0 --HttpPort 0 "$@" >"$work/daemon.log" 2>&1 &
daemon=$!
until grep -q "\"pid\": *$daemon" "$data/daemon.json" 2>/dev/null; do kill -0 "$daemon" || { cat "$work/daemon.log"; exit 1; }; sleep 0.1; done
grpc=$(field grpc "$data/daemon.json") http=$(field http "$data/daemon.json")
until curl -sf "$http/readyz?service=RecallService" >/dev/null; do sleep 0.1; done
# The index is measured against exact search once after a start, for a second or two: not while others are.
sleep 5

printf '%-22s %9s %8s %8s %8s %9s %8s %6s %6s %8s %8s\n' '' calls/s p50_ms p99_ms p999_ms cpu_us bytes gen0-1 gen2 memory errors
closed=(--k 50 --in-flight 32)
# The others answer more than one load before they are measured searching.
bench "$bare_address" --query vector "${closed[@]}" >/dev/null
# Echo and daemon in turn, so that what the machine does meanwhile meets both.
measured echo_item "$echo" "$echo_address" --query item "${closed[@]}"
measured cached_item "$daemon" "$grpc" --query item "${closed[@]}"
gen2_searched=0
for ((round = 1; round <= rounds; round++)); do
  measured echo_vector "$echo" "$echo_address" --query vector "${closed[@]}"
  search_alone
  # Each of the two is first in every other round.
  ((round % 2)) && measured bare_searched "$bare" "$bare_address" --query vector "${closed[@]}"
  measured searched_vector "$daemon" "$grpc" --query vector "${closed[@]}"
  ((round % 2)) || measured bare_searched "$bare" "$bare_address" --query vector "${closed[@]}"
  gen2_searched=$((gen2_searched + gen2_searched_vector))
  apart="1 / $qps_echo_vector + 1 / $search_qps"
  echo "$(calculate "1 / $qps_searched_vector / ($apart)" 2) $(calculate "($cpu_searched_vector - $search_cpu) / $cpu_echo_vector" 2)" \
    "$(calculate "1 / $qps_bare_searched / ($apart)" 2) $(calculate "($cpu_bare_searched - $search_cpu) / $cpu_echo_vector" 2) $qps_searched_vector $bytes_searched_vector" >>"$work/rounds"
done
half=$(calculate "$(median 5 "$work/rounds") / 2" 0)
gen2_open=0
for ((round = 1; round <= (rounds + 1) / 2; round++)); do
  measured open_echo "$echo" "$echo_address" --query vector --k 50 --rate "$half"
  measured open_bare "$bare" "$bare_address" --query vector --k 50 --rate "$half"
  measured open_vector "$daemon" "$grpc" --query vector --k 50 --rate "$half"
  gen2_open=$((gen2_open + gen2_open_vector))
  echo "$p99_open_vector $p999_open_vector $p99_open_echo $p999_open_echo $p99_open_bare $p999_open_bare" >>"$work/open"
done

# allocated_by_server QUERY: what Kestrel, gRPC and the request allocate, of an echo whose one answer was made beforehand; leaves server_bytes_QUERY. Its start is shared out among so many
# calls that it does not show.
allocated_by_server() {
  stop_echo
  "$benchmarks" echo-server "$echo_port" same >"$work/same.json" 2>&1 &
  echo=$!
  until curl -s --http2-prior-knowledge "$echo_address" >/dev/null; do kill -0 "$echo"; sleep 0.1; done
  bench "$echo_address" --query "$1" "${closed[@]}" >/dev/null
  stop_echo
  eval "server_bytes_$1=$(calculate "$(field allocated_bytes "$work/same.json") / $(field calls "$work/same.json")" 0)"
}
stop_echo() { [ -z "$echo" ] || { kill -TERM "$echo" && wait "$echo" || true; echo=; }; }
allocated_by_server item
allocated_by_server vector
cached_ratio=$(calculate "$qps_cached_item / $qps_echo_item" 2)
bytes_searched=$(median 6 "$work/rounds")
echo
echo "time a searched call / (echo + search): $(median 1 "$work/rounds"), $(range 1 "$work/rounds") (at most 1.15); of the bare service that searches: $(median 3 "$work/rounds"), $(range 3 "$work/rounds")"
echo "processor time beyond the search / echo: $(median 2 "$work/rounds"), $(range 2 "$work/rounds") (at most 1.3); of the bare service that searches: $(median 4 "$work/rounds"), $(range 4 "$work/rounds")"
echo "cached calls a second / echo: $cached_ratio (at least 0.90); processor time / echo: $(calculate "$cpu_cached_item / $cpu_echo_item" 2)"
echo "open loop at half the rate: p99 $(median 1 "$work/open") ms (under 2), p99.9 $(median 2 "$work/open") ms (under 10); of the echo, which does nothing: $(median 3 "$work/open") and $(median 4 "$work/open") ms; of the bare service that searches: $(median 5 "$work/open") and $(median 6 "$work/open") ms"
echo "collections of generation 2: $gen2_cached_item in $seconds s cached, $gen2_searched in $((rounds * seconds)) s searched, $gen2_open in $(((rounds + 1) / 2 * seconds)) s open (none in 60 s)"
echo "bytes allocated a call beyond what Kestrel, gRPC and the request take ($server_bytes_item for an item, $server_bytes_vector for a vector): $((bytes_cached_item - server_bytes_item)) cached, $(calculate "$bytes_searched - $server_bytes_vector" 0) searched (under 2048)"
echo "{\"time_ratio\":$(median 1 "$work/rounds"),\"cpu_ratio\":$(median 2 "$work/rounds"),\"bare_time_ratio\":$(median 3 "$work/rounds"),\"bare_cpu_ratio\":$(median 4 "$work/rounds"),\"cached_ratio\":$cached_ratio,\"open_p99_ms\":$(median 1 "$work/open"),\"open_p999_ms\":$(median 2 "$work/open"),\"open_echo_p99_ms\":$(median 3 "$work/open"),\"open_echo_p999_ms\":$(median 4 "$work/open"),\"open_bare_p99_ms\":$(median 5 "$work/open"),\"open_bare_p999_ms\":$(median 6 "$work/open"),\"gen2\":$((gen2_cached_item + gen2_searched + gen2_open)),\"bytes_cached\":$bytes_cached_item,\"bytes_searched\":$bytes_searched,\"server_bytes_item\":$server_bytes_item,\"server_bytes_vector\":$server_bytes_vector}"
