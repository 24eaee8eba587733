# What parallel.sh and slurm.sh share: they source it. From their arguments, SUBMISSIONS OUT, and
# the variables of `make grade` it makes: workbook, out, left (the submissions that are still to be
# graded, one a line), count (how many) and "$@", the options of `grade one`.
# shellcheck shell=sh

stop() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 2
}

# Collects; or has it done by "$@", a command that runs another.
collect() {
    set -- "$@" "$workbook" grade collect "$out"
    [ -z "${ROSTER:-}" ] || set -- "$@" --roster "$ROSTER"
    [ -z "${POLICY:-}" ] || set -- "$@" --policy "$POLICY"
    "$@"
}

[ $# -ge 2 ] || stop 'what is to be graded, and where do the marks go? SUBMISSIONS OUT'
workbook=$(cd "$(dirname "$0")/../.." && pwd)/build/workbook
[ -x "$workbook" ] || stop "there is no $workbook; make builds it"
out=$2
left=$("$workbook" grade plan "$1" "$out") || exit
# shellcheck disable=SC2034  # the scripts use it
count=$(printf '%s' "$left" | grep -c '')

# Without SEED the first to be graded makes one, in run.json, and the others take that.
set --
[ -z "${SEED:-}" ] || set -- "$@" --seed "$SEED"
[ -z "${SEED_PER_STUDENT:-}" ] || set -- "$@" --seed-per-student
[ -z "${POLICY:-}" ] || set -- "$@" --policy "$POLICY"
[ -z "${ISOLATION:-}" ] || set -- "$@" --isolation "$ISOLATION"
