# What parallel.sh and slurm.sh share: they source it. From their arguments, SUBMISSIONS OUT, and the
# variables of `make grade` it makes: workbook, out, left (the paths without a result yet, one a
# line), count (how many) and "$@", the options of `grade one`.
# shellcheck shell=sh

stop() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 2
}

# Of the paths that come in those that have no result yet.
without_result() {
    while IFS= read -r path; do
        name=${path##*/}
        case $name in
        *.tar.*) name=${name%.tar.*} ;;
        *.zip | *.tar | *.tgz) name=${name%.*} ;;
        esac
        [ -e "$out/results/$name/result.json" ] || printf '%s\n' "$path"
    done
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
left=$("$workbook" grade plan "$1") || exit
left=$(printf '%s\n' "$left" | without_result)
# shellcheck disable=SC2034  # the scripts use it
count=$(printf '%s' "$left" | grep -c '')

# One seed for the class: run.json has it, or the first that is graded writes it there. Here it is
# made, since many are graded first.
[ -n "${SEED:-}" ] || [ -e "$out/run.json" ] ||
    SEED=$(($(od -An -N4 -tu4 /dev/urandom) % 2147483648))
set --
[ -z "${SEED:-}" ] || set -- "$@" --seed "$SEED"
[ -z "${SEED_PER_STUDENT:-}" ] || set -- "$@" --seed-per-student
[ -z "${POLICY:-}" ] || set -- "$@" --policy "$POLICY"
[ -z "${ISOLATION:-}" ] || set -- "$@" --isolation "$ISOLATION"
