#!/usr/bin/env bash
# Makes an image of a self-contained publish without a base image from anywhere: the libraries that it needs are this machine's own.
#   build-image.sh PUBLISHED STORAGE [LABEL=VALUE...]
# PUBLISHED is the output of `dotnet publish --self-contained`; STORAGE a folder for buildah's files. The last line is the container's name; run it with
#   buildah --root STORAGE/images --runroot STORAGE/run run --volume DATA:/data NAME -- /app/EmbeddingGrpc.Server
# where DATA belongs to user 1654.
set -euo pipefail
published=$1
storage=$2
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
buildah() { command buildah --root "$storage/images" --runroot "$storage/run" "$@"; }

root=$storage/root
mkdir -p "$root"/{app,data,tmp,etc}
cp -a "$published/." "$root/app/"
# What the program and the runtime's own libraries are linked with, the loader included, at the paths where they are sought.
find "$published" \( -name '*.so' -o -name EmbeddingGrpc.Server \) -exec ldd {} + 2>/dev/null \
  | awk '$2 == "=>" && $3 ~ "^/" { print $3 } $1 ~ "^/" && $2 ~ "^\\(" { print $1 }' | grep -vF "$published" | sort -u \
  | while read -r library; do
      mkdir -p "$root$(dirname "$library")"
      cp -L "$library" "$root$library"
    done
# The runtime opens OpenSSL by name, when TLS is first used.
for library in /usr/lib/*/libssl.so.3 /usr/lib/*/libcrypto.so.3; do
  [ -e "$library" ] || continue
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
echo 'app:x:1654:1654::/data:/sbin/nologin' >"$root/etc/passwd"
echo 'app:x:1654:' >"$root/etc/group"
chmod 1777 "$root/tmp"

container=$(buildah from scratch)
buildah copy --quiet "$container" "$root" / >/dev/null
buildah config --user 1654 --workingdir /app --entrypoint '["/app/EmbeddingGrpc.Server"]' \
  --env EmbeddingGrpc__Listen=127.0.0.1 --env EmbeddingGrpc__DataDirectory=/data "$container"
rm -rf "$root"
echo "$container"
