#!/bin/sh
# Unpacks the C library and compiler runtime of Debian 11 (glibc 2.31) into .sysroot, as an ordinary user,
# through apt. With them scripts/g++-sysroot makes binaries that need no newer a C library than that.
set -e

root=${1:-$(dirname "$0")/../.sysroot}
mkdir -p "$root"
root=$(cd "$root" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"

# The mirror that this machine's apt already uses.
mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | sort -u | head -n 1)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bullseye main" > "$work/sources.list"
apt="apt-get -o Dir::Etc::sourcelist=$work/sources.list -o Dir::Etc::sourceparts=/dev/null
  -o Dir::State::lists=$work/lists -o Dir::Cache=$work/cache"
$apt update -qq

cd "$work"
packages=
for package in libc6 libc6-dev linux-libc-dev libcrypt1 libcrypt-dev libgcc-s1 libgcc-10-dev libstdc++6 libstdc++-10-dev; do
  packages="$packages $package/bullseye"
done
$apt download -qq $packages
for file in *.deb; do dpkg-deb -x "$file" "$root"; done

# The -dev packages' symbolic links are absolute: they have to stay inside.
find "$root" -type l | while read -r link; do
  target=$(readlink "$link")
  case "$target" in
    /*) ln -sfn "$root$target" "$link" ;;
  esac
done
