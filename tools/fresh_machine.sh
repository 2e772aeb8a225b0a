#!/usr/bin/env bash
# Runs a command of this project on a minimal Debian that has only the packages listed in README.md.
#
#   tools/fresh_machine.sh SUITE COMMAND...         as root, in any folder
#   tools/fresh_machine.sh bookworm make demo       Debian 12, Python 3.11
#   tools/fresh_machine.sh trixie make test         Debian 13, Python 3.13
#
# It clones HEAD, so commit first. It needs debootstrap and permission to mount and chroot; without them
# it prints the reason and exits with status 77. Variables:
#   FRESH_HOME=DIR   keeps the minimal systems, which take a minute to create (default: /var/tmp/eovseg_fresh)
#   KEEP=DIR         copies the project's folder there at the end, to inspect what the command left
#   PIP_CACHE=DIR    a pip cache to use; without it pip downloads everything
set -euo pipefail
cannot() { echo "fresh_machine.sh: $1" >&2; exit 77; }
twice() { "$@" || { sleep 5; "$@"; }; }

[ $# -ge 2 ] || { sed -n '2,/^set/{/^#/p}' "$0"; exit 2; }
if [ -z "${FRESH_NAMESPACE:-}" ]; then
    [ "$(id -u)" = 0 ] || cannot "not run: this needs root (use sudo)"
    command -v debootstrap >/dev/null || cannot "not run: debootstrap is missing (apt-get install debootstrap)"
    unshare --mount true 2>/dev/null || cannot "not run: mounting is not permitted here (in a container?)"
    # Mounts end with the namespace, however the command does.
    FRESH_NAMESPACE=1 exec unshare --mount --propagation private "$0" "$@"
fi

project=$(cd "$(dirname "$0")/.." && pwd)
suite=$1
shift
home=${FRESH_HOME:-/var/tmp/eovseg_fresh}
base=$home/$suite
home_inside=/home/newcomer

# A minimal system in $base, created once.
make_base() {
    [ ! -f "$base/.ready" ] || return 0
    echo "fresh_machine.sh: creating a minimal $suite in $base"
    mkdir -p "$home"
    twice bootstrap || { tail -3 "$home/$suite.log" >&2; cannot "not run: debootstrap could not create $suite"; }
    touch "$base/.ready"
}

bootstrap() {
    rm -rf --one-file-system "$base"
    debootstrap --variant=minbase --include=ca-certificates "$suite" "$base" >"$home/$suite.log" 2>&1
}

# A copy of it in $root, removed at the end.
make_root() {
    root=$(mktemp -d "$home/run.XXXXXX")
    mount --bind "$root" "$root" || cannot "not run: mounting is not permitted here"
    # Unmount everything below $root before removing it.
    trap 'cd / && umount --recursive --lazy "$root" && rm -rf --one-file-system "$root"' EXIT
    cp -a "$base/." "$root/"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    git -c safe.directory='*' clone --quiet "$project" "$root/src/eovseg_ros"
}

# Download packages with the proxies, certificates and pip settings of this machine.
borrow_network() {
    cp /etc/resolv.conf /etc/hosts "$root/etc/"
    cp /etc/apt/apt.conf.d/* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
    copy /etc/pip.conf /etc/pip.conf
    copy /etc/xdg/pip /etc/xdg/pip
    copy ~/.config/pip $home_inside/.config/pip
    local folder
    for folder in $(pip_folders) ${PIP_FIND_LINKS:-}; do
        [ ! -d "$folder" ] || share "$folder" "$folder" ro
    done
    [ -z "${PIP_CACHE:-}" ] || { mkdir -p "$PIP_CACHE" && share "$PIP_CACHE" $home_inside/.cache/pip rw; }
}

copy() { [ ! -e "$1" ] || { mkdir -p "$root${2%/*}" && cp -r "$1" "$root$2"; }; }
share() { mkdir -p "$root$2" && mount --bind "$1" "$root$2" && mount -o "remount,bind,$3" "$root$2"; }

# Package indices on this machine's disk.
pip_folders() {
    cat "$root"/etc/pip.conf "$root"/etc/xdg/pip/pip.conf "$root$home_inside"/.config/pip/pip.conf 2>/dev/null |
        grep -oE '(file://|find-links = )/[^ ]+' | sed -E 's,^(file://|find-links = ),,; s,/simple/?$,,' || true
}

# inside FOLDER COMMAND...
inside() {
    local kept='(http|https|no)_proxy|PIP_(CERT|INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|DEFAULT_TIMEOUT)'
    local passed=()
    mapfile -t passed < <(env | grep -iE "^($kept|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|TORCH_INDEX|CI)=")
    env -i HOME=$home_inside LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
        "${passed[@]}" chroot "$root" bash -c 'cd "$1" && shift && "$@"' bash "$@"
}

install() {
    inside / bash -c "apt-get update -qq && apt-get install -y -qq --no-install-recommends $packages" \
        >"$home/apt.log" 2>&1
}

main() {
    packages=$(sed -n 's/^sudo apt-get install -y \([a-z0-9+. -]*\).*/\1/p' "$project/README.md" | head -1)
    [ -n "$packages" ] || { echo "fresh_machine.sh: found no apt-get line with packages in README.md" >&2; exit 1; }
    make_base
    make_root
    borrow_network
    twice install || { tail -5 "$home/apt.log" >&2; exit 1; }
    echo "fresh_machine.sh: $suite with $packages: $*"
    local status=0
    inside /src/eovseg_ros "$@" || status=$?
    [ -z "${KEEP:-}" ] || { mkdir -p "$KEEP" && cp -r "$root/src/eovseg_ros/." "$KEEP/"; }
    echo "fresh_machine.sh: $suite: $* exited with status $status"
    exit "$status"
}

main "$@"
