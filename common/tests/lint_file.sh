#!/bin/sh
# Looks at one C file or header with gcc, clang, clang-format and clang-tidy.
#
#   sh common/tests/lint_file.sh FILE FINDINGS FLAGS…
#
# Writes "file:line: sentence" to FINDINGS for each thing found, and FINDINGS.d for make. An empty
# FINDINGS says that all is well: it is what make compares times with, so nothing is done twice.
set -u
case ${2-} in
build/lint/*.txt) ;;
*)
    echo "lint_file.sh: by hand, type: make build/lint/${1-FILE}.txt" >&2
    exit 2
    ;;
esac
file=$1
findings=$2
shift 2

# Keeps the first line of each message, without the column: notes and quoted source go.
brief() {
    sed -nE "s/^([^ :]+:[0-9]+):[0-9]+: (fatal error|error|warning): /\1: $1: /p"
}

# Runs a tool and keeps what it found. One that fails without a word has not looked at the file.
look() {
    tool=$1
    shift
    said=$("$tool" "$@" 2>&1) && failed=no || failed=yes
    told=$(printf '%s\n' "$said" | sed "s|^$PWD/||" | brief "$tool" |
        sed 's/,-warnings-as-errors\]/]/')
    if [ -n "$told" ]; then
        printf '%s\n' "$told"
    elif [ "$failed" = yes ]; then
        printf '%s:1: %s failed: %s\n' "$file" "$tool" "$(printf '%s\n' "$said" | head -n 1)"
    fi
}

compilers() {
    look gcc "$@" -x c -S -o /dev/null -MMD -MP -MF "$findings.d" -MT "$findings" "$file"
    look clang "$@" -x c -fsyntax-only "$file"
}

format() {
    look clang-format --dry-run -Werror "$file" |
        sed -n '1s/code should be clang-formatted.*/the layout differs; make format mends it/; 1p'
}

mkdir -p "$(dirname "$findings")"
trap 'rm -f "$findings.new"' EXIT
{
    format
    case $file in
    */wrong/*) ;; # wrong on purpose
    *.h) compilers "$@" ;; # each file that includes it has clang-tidy look at it
    *)
        said=$(compilers "$@")
        if [ -n "$said" ]; then
            printf '%s\n' "$said"
        else
            # The analyzer follows a fifth of the paths that it would by itself: what it finds, it
            # finds early, and all of them take five times as long.
            look clang-tidy --quiet "$file" -- "$@" -Xclang -analyzer-config -Xclang max-nodes=50000
        fi
        ;;
    esac
} >"$findings.new"
mv "$findings.new" "$findings"
