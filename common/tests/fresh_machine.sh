#!/bin/sh
# Tries the README's commands on a fresh machine: a minimal Debian 12 with a shell and apt, once as
# root without sudo, once as a user with it. Part of `make soak`.
#
#   sh common/tests/fresh_machine.sh [root|user]...
#
# It runs as root on a Debian or Ubuntu, and needs debootstrap and the network. The minimal system
# is kept in ~/.cache/network-workbook/ for the next time; the machines themselves are folders in
# /var/tmp that are gone when it ends. What is tried is the last commit, from a fresh clone.
set -eu

say() { printf '\n== %s\n' "$*"; }
stop() {
    printf 'fresh_machine: %s\n' "$*" >&2
    exit 2
}

[ "$(id -u)" -eq 0 ] || stop 'this needs root, to make a machine of its own'
command -v debootstrap >/dev/null || stop 'debootstrap is missing: apt-get install debootstrap'

# Everything mounted and started from here on ends with this script.
if [ -z "${FRESH_MACHINE_INSIDE:-}" ]; then
    FRESH_MACHINE_INSIDE=1 exec unshare --mount --pid --fork --kill-child sh "$0" "$@"
fi
here=$(cd "$(dirname "$0")/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/network-workbook
minimal=$cache/debian-12-minimal.tar
work=$(mktemp -d /var/tmp/fresh-machine.XXXXXX)
trap 'umount -R "$work"/*/proc "$work"/*/dev/pts "$work"/*/dev/shm 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

if ! [ -e "$minimal" ]; then
    say "Making a minimal Debian 12 with debootstrap, to be kept as $minimal"
    mkdir -p "$cache"
    mirror=http://deb.debian.org/debian
    debootstrap --variant=minbase bookworm "$work/first" "$mirror" >"$work/log" ||
        { tail -n 5 "$work/log"; stop 'debootstrap failed'; }
    tar -C "$work/first" -cf "$minimal.new" .
    mv "$minimal.new" "$minimal"
    rm -rf "$work/first"
fi

# Runs a command with the machine $1 as its root. No plain chroot: inside one the kernel allows no
# namespaces, and a lesson has one of its own.
enter() {
    unshare --mount --propagation private sh -c '
        mount --rbind "$0" "$0" && cd "$0" && mkdir -p .host && pivot_root . .host &&
            exec chroot . sh -c "umount -l /.host && exec \"\$0\" \"\$@\"" "$@"' "$@"
}

# Runs a command line on the machine $1 as the user $2, in the clone, with a bare environment.
on() {
    machine=$work/$1 user=$2
    shift 2
    say "as $user: $*"
    home=/root
    [ "$user" = root ] || home=/home/$user
    enter "$machine" /usr/bin/env -i HOME="$home" TERM=xterm \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        setpriv --reuid "$user" --regid "$user" --init-groups sh -c "cd ~/workbook && $*"
}

# Lays a fresh machine $1 with a clone for the user $2.
machine() {
    say "A fresh machine for $2"
    mkdir "$work/$1"
    tar -C "$work/$1" -xf "$minimal"
    cp /etc/resolv.conf "$work/$1/etc/resolv.conf"
    mount -t proc proc "$work/$1/proc"
    mount -t devpts devpts "$work/$1/dev/pts" -o newinstance,ptmxmode=0666
    mount -t tmpfs tmpfs "$work/$1/dev/shm"
    ln -sf pts/ptmx "$work/$1/dev/ptmx"
    home=$work/$1/root
    if [ "$2" != root ]; then
        chroot "$work/$1" apt-get update >/dev/null
        chroot "$work/$1" env DEBIAN_FRONTEND=noninteractive \
            apt-get install --yes --no-install-recommends sudo >/dev/null 2>&1
        chroot "$work/$1" useradd --create-home --shell /bin/bash "$2"
        echo "$2 ALL=(ALL) NOPASSWD: ALL" >"$work/$1/etc/sudoers.d/$2"
        home=$work/$1/home/$2
    fi
    git clone --quiet --no-hardlinks "$here" "$home/workbook"
    [ "$2" = root ] || chroot "$work/$1" chown -R "$2:$2" "/home/$2/workbook"
}

as_root() {
    machine one root
    on one root 'sh common/setup.sh </dev/null && make chapter1 </dev/null'
    on one root 'sh common/setup.sh --test </dev/null && CI=true make test </dev/null'
    on one root 'test -z "$(git status --porcelain 2>&1 | grep -v "not found")"'
}

as_user() {
    machine two learner
    if on two learner 'sh common/setup.sh </dev/null'; then
        stop 'without a terminal, set-up should have asked for nothing and done nothing'
    fi
    echo y | on two learner 'script -qec "sh common/setup.sh" /dev/null'
    on two learner 'make chapter1 </dev/null'
    echo y | on two learner 'script -qec "sh common/setup.sh --test" /dev/null'
    on two learner 'make test </dev/null'
}

[ $# -gt 0 ] || set -- root user
for who; do
    case $who in
    root) as_root ;;
    user) as_user ;;
    *) stop "there is no machine for $who, only root and user" ;;
    esac
done
say 'Both commands work on a fresh machine.'
