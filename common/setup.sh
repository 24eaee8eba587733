#!/bin/sh
# Installs what a fresh machine lacks, through the system's package manager.
#
#   sh common/setup.sh               what the workbook is built with
#   sh common/setup.sh --test        and what its own tests use
#   sh common/setup.sh --yes         without asking
#   sh common/setup.sh --libraries   installs nothing: tells make where the libraries are
#   sh common/setup.sh --require P…  installs nothing: fails with a sentence if package P is missing
set -u

# The one list of packages, by their Debian names. Columns: what it is for (work, test), the
# package, how it is found on any Linux (a command, a pkg-config module, a file, a part of clang's
# runtime, a host's name), why it is needed. /etc/hosts is no package; a line is added to it.
packages() {
    cat <<'END'
work  gcc               command gcc                compiles the workbook's programs and yours
work  libc6-dev         file /usr/include/stdio.h  the headers of the C library
work  binutils          command addr2line          links, and finds the source line of a call
work  make              command make               builds what has changed, and nothing else
work  pkg-config        command pkg-config         knows where libraries are
work  libjansson-dev    module jansson             JSON, for progress and reports
work  libuv1-dev        module libuv               event loop of the runner and of chapter 5
work  libmd4c-dev       module md4c                Markdown, for the lessons
work  libmd4c-html0-dev module md4c-html           turns a student's feedback into a page
work  libarchive-dev    module libarchive          zip and tar, for what a class hands in
work  libssl-dev        module libcrypto           digests of what was handed in, and TLS
work  openssl           command openssl            makes the certificates for that
work  libpsl-dev        module libpsl              which domains belong to many, for cookies
work  libgumbo-dev      module gumbo               HTML pages, for the crawler of chapter 3
work  libcurl4-openssl-dev  module libcurl         the URL client of chapters 3 to 5
work  zlib1g-dev        module zlib                compression, for the servers of chapter 3
work  libbrotli-dev     module libbrotlienc        another, which browsers ask for
work  libseccomp-dev    module libseccomp          writes the filter of the boxes' system calls
work  bubblewrap        command bwrap              boxes for programs that nobody has read
work  netbase           file /etc/services         names of services, such as http
work  /etc/hosts        name localhost             what this machine is called by itself
test  perl              command prove              runs the tests and counts them
test  libcmocka-dev     module cmocka              unit tests
test  clang             command clang              a second compiler's warnings, and fuzzing
test  libclang-rt-dev   runtime fuzzer             what clang's fuzzer and sanitizers run on
test  clang-tidy        command clang-tidy         looks for mistakes in the C code
test  clang-format      command clang-format       keeps the C code in one layout
test  python3           file /usr/bin/python3      runs the Python lines of the lessons
test  python3-pyte      file /usr/lib/python3/dist-packages/pyte  a terminal in memory, for the tour
test  chromium          command chromium           opens the pages that a teacher gets
test  similarity-tester command sim_c              compares the answers of a class
test  parallel          command parallel           spreads the grading of a class
test  slurmctld         file /usr/sbin/slurmctld   so does this, Slurm: 15 MB with the next two
test  slurmd            file /usr/sbin/slurmd      a node of it, here on loopback
test  munge             file /usr/sbin/munged      what Slurm knows its users by
test  shellcheck        command shellcheck         looks for mistakes in shell scripts
test  python3-yaml      file /usr/lib/python3/dist-packages/yaml  reads the workflow for GitHub
test  jq                command jq                 a step of that workflow
test  python3-jsonschema  file /usr/lib/python3/dist-packages/jsonschema  checks results
test  curl              command curl               a real client, watched by the wire
test  nginx-light       file /usr/sbin/nginx       a real server, for the client of chapter 2
test  wrk               command wrk                makes the load when web servers are measured
test  python3-aiohttp   file /usr/lib/python3/dist-packages/aiohttp  one of them
test  python3-httpbin   file /usr/lib/python3/dist-packages/httpbin  what the testbed is like
test  tinyproxy         command tinyproxy          a real proxy, for the openers of chapter 3
test  microsocks        command microsocks         a real SOCKS server, for chapter 4
test  python3-requests  file /usr/lib/python3/dist-packages/requests  what chapter 4 mirrors
test  python3-requests-oauthlib  file /usr/lib/python3/dist-packages/requests_oauthlib  OAuth for it
test  python3-socks     file /usr/lib/python3/dist-packages/socks.py  SOCKS for it
test  graphviz          command dot                draws the crawler's graph
test  strace            command strace             one of the tools that chapter 1 shows
test  tcpdump           command tcpdump            another
test  netcat-openbsd    command nc                 another
test  iproute2          command ss                 another
test  gdb               command gdb                another
test  git               command git                puts a lesson's program back
test  patch             command patch              makes wrong answers anew when solutions change
END
    case $(uname -m 2>/dev/null) in
    x86_64) # Debian has it for no other processor.
        echo 'test  user-mode-linux  command linux.uml  Linux as a program, for its control groups'
        ;;
    esac
}

# Is it there? $1: command, module, file, runtime or name; $2: what it is called.
found() {
    case $1 in
    command) command -v "$2" >/dev/null 2>&1 ;;
    module) pkg-config --exists "$2" 2>/dev/null ;;
    file) [ -e "$2" ] ;;
    name) grep -qsw "$2" /etc/hosts || getent hosts "$2" >/dev/null 2>&1 ;;
    runtime) ls "$(clang -print-runtime-dir 2>/dev/null)/libclang_rt.$2"* >/dev/null 2>&1 ;;
    esac
}

# Prints "package why" for each package of the groups $1 that is not there.
missing() {
    packages | while read -r group package kind name why; do
        case " $1 " in
        *" $group "*) found "$kind" "$name" || printf '%s %s\n' "$package" "$why" ;;
        esac
    done
}

# The sentence for a package that turns out to be missing. $1: package, $2: option to install it.
sentence() {
    printf '%s is missing; to install it, run: sh common/setup.sh%s' "$1" "$2"
}

# Make variables for build/libraries.mk. Found files are named as prerequisites, so that a library
# that goes away is noticed. What is missing becomes an error that the file carries once.
libraries() {
    lost=$(missing work | head -n 1)
    if [ -n "$lost" ]; then
        printf '$(shell rm -f build/libraries.mk)$(error %s)\n' "$(sentence "${lost%% *}" '')"
        return
    fi
    files=$(command -v gcc)
    packages | while read -r group package kind name why; do
        [ "$group $kind" = 'work module' ] || continue
        upper=$(printf '%s' "$name" | tr '[:lower:]' '[:upper:]')
        printf '%s := %s\n' "$upper" "$(pkg-config --libs "$name")"
        printf 'LIBRARY_CFLAGS += %s\n' "$(pkg-config --cflags "$name")"
        printf 'LIBRARY_FILES += %s/%s.pc\n' "$(pkg-config --variable=pcfiledir "$name")" "$name"
    done
    printf 'LIBRARY_FILES += %s /usr/include/stdio.h\n' "$files"
    printf 'build/libraries.mk: $(LIBRARY_FILES)\n$(LIBRARY_FILES):\n'
}

# Fails with one sentence if one of the named packages is missing.
require() {
    for wanted; do
        set -- $(packages | grep " $wanted ")
        if [ $# -eq 0 ]; then
            printf 'common/setup.sh knows no package %s.\n' "$wanted" >&2
            return 2
        fi
        found "$3" "$4" && continue
        option=
        [ "$1" = test ] && option=' --test'
        printf '%s\n' "$(sentence "$wanted" "$option")" >&2
        return 1
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Runs apt-get; what it says goes to the file $log.
apt() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 "$@" \
        </dev/null >>"$log" 2>&1
}

# Installs the packages $*. The package lists are fetched only when the ones at hand are not enough.
install() {
    log=$(mktemp) || return 1
    trap 'rm -f "$log"' EXIT
    trap 'exit 130' INT TERM HUP
    echo 'Installing with apt-get. This takes from seconds to a few minutes.'
    apt install --yes --no-install-recommends "$@" && return 0
    : >"$log"
    if apt update && apt install --yes --no-install-recommends "$@"; then
        return 0
    fi
    why=$(grep -E '^(E|sudo|W):' "$log" | head -n 1)
    printf 'The packages could not be installed; apt-get says: %s\n' "${why:-nothing}" >&2
    return 1
}

# Asks a question; Enter means yes, the end of input no.
agreed() {
    printf '%s [Y/n] ' "$1"
    read -r answer || { echo; return 1; }
    case $answer in
    '' | [Yy] | [Yy][Ee][Ss]) return 0 ;;
    *) return 1 ;;
    esac
}

# Makes sure that the changes "$*" may be made as root: returns 0, or 1 after saying why not.
permitted() {
    [ "$(id -u)" -ne 0 ] || return 0
    if ! command -v sudo >/dev/null 2>&1; then
        printf 'There is no sudo here. Run as root: %s\n' "$*" >&2
        return 1
    fi
    [ "$yes" = no ] || return 0
    if ! [ -t 0 ]; then
        printf 'There is no terminal to ask on. Run: sudo sh -c "%s"\n' "$*" >&2
        return 1
    fi
    agreed "Do it now? This runs, by sudo: $*" && return 0
    echo 'Nothing was changed.' >&2
    return 1
}

setup() {
    list=$(missing "$groups")
    if [ -z "$list" ]; then
        echo 'Every package that is needed is here.'
        return 0
    fi
    set -- $(printf '%s\n' "$list" | sed '/^\/etc/d; s/ .*//')
    hosts=$(printf '%s\n' "$list" | grep '^/etc/hosts ')

    echo 'This machine lacks:'
    printf '%s\n' "$list" | while read -r package why; do
        printf '  %-16s %s\n' "$package" "$why"
    done
    if [ $# -gt 0 ] && ! command -v apt-get >/dev/null 2>&1; then
        echo 'These are the names of Debian packages, and this system has no apt-get.' >&2
        echo 'Install what corresponds to them in the way of your system.' >&2
        return 1
    fi
    commands=${*:+apt-get install --no-install-recommends $*}
    [ -z "$hosts" ] || commands="${commands:+$commands; }echo 127.0.0.1 localhost >>/etc/hosts"
    permitted "$commands" || return 1
    [ $# -eq 0 ] || install "$@" || return 1
    [ -z "$hosts" ] || echo 127.0.0.1 localhost | as_root tee -a /etc/hosts >/dev/null || return 1
    lost=$(missing "$groups" | head -n 1)
    if [ -n "$lost" ]; then
        printf 'All was done, and still this is not found: %s\n' "${lost%% *}" >&2
        return 1
    fi
    echo 'Done.'
}

groups=work
yes=no
while [ $# -gt 0 ]; do
    case $1 in
    --libraries) libraries; exit ;;
    --require) shift; require "$@"; exit ;;
    --test) groups='work test' ;;
    --yes) yes=yes ;;
    *)
        echo 'usage: sh common/setup.sh [--test] [--yes]' >&2
        exit 2
        ;;
    esac
    shift
done
setup
