#!/usr/bin/env bash
# Builds the daemon's image without a registry, starts it as its unprivileged user, streams into it, trains it, recalls from it, and stops it.
# Needs buildah, root, and a Release build of the solution (for embedctl).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../../.." && pwd)
embedctl=$repository/src/EmbeddingGrpc.Cli/bin/Release/net10.0/embedctl
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs

work=$(mktemp -d)
runner=
stop() {
  [ -z "$runner" ] || kill "$runner" 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT

# An artifacts path of its own: a publish for one kind of machine must not change what the solution's build has restored.
dotnet publish "$repository/src/EmbeddingGrpc.Server" -c Release --self-contained --use-current-runtime -p:PublishReadyToRun=true \
  --artifacts-path "$work/artifacts" -o "$work/published" >"$work/publish.log" 2>&1 || { cat "$work/publish.log"; exit 1; }
container=$("$here/build-image.sh" "$work/published" "$work/storage" | tail -1)

mkdir "$work/data"
chown 1654:1654 "$work/data"
chmod 711 "$work"
buildah --root "$work/storage/images" --runroot "$work/storage/run" run --volume "$work/data:/data" "$container" -- \
  /app/EmbeddingGrpc.Server --GrpcPort 0 --HttpPort 0 >"$work/daemon.log" 2>&1 &
runner=$!

field() { sed -n "s/^ *\"$1\": *\"\{0,1\}\([^\",]*\).*/\1/p" "$work/data/daemon.json"; }
for _ in $(seq 300); do
  [ ! -f "$work/data/daemon.json" ] || break
  kill -0 "$runner" 2>/dev/null || { cat "$work/daemon.log"; exit 1; }
  sleep 0.1
done
[ -f "$work/data/daemon.json" ] || { echo "The daemon did not start within 30 s."; cat "$work/daemon.log"; exit 1; }
[ "$(stat -c %u "$work/data/daemon.json")" = 1654 ] || { echo "The daemon does not run as its own user."; exit 1; }

"$embedctl" check --address "$(field grpc)" || { cat "$work/daemon.log"; exit 1; }

kill -TERM "$(field pid)"
wait "$runner" || { echo "The daemon did not end well:"; cat "$work/daemon.log"; exit 1; }
runner=
echo "The image starts as user 1654, is $(du -sm "$work/published" | cut -f1) MB of files, and did its work."
