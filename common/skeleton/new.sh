#!/bin/sh
# Writes the files of a new program or exercise from the skeletons beside this script.
#
#   sh common/skeleton/new.sh program 1.05 message_framing     make new-program N=1.05 NAME=…
#   sh common/skeleton/new.sh exercise 1.4 tlv                 make new-exercise N=1.4 NAME=…
#
# What is written builds and runs as it is. "FILL:" marks what is yours; make lint finds the marks
# that are left.
set -eu

stop() {
    printf 'new-%s: %s\n' "$kind" "$*" >&2
    exit 2
}

kind=$1 number=$2 name=$3
case $kind in
program) digits='[1-5][.][0-9][0-9]' example='N=1.05 NAME=message_framing' ;;
exercise) digits='[1-5][.]([0-9]|[1-9][0-9])' example='N=1.4 NAME=tlv' ;;
esac
printf '%s\n' "$number" | grep -qxE "$digits" ||
    stop "N is the number in the curriculum, as in: make new-$kind $example"
printf '%s\n' "$name" | grep -qxE '[a-z][a-z0-9_]*' ||
    stop "NAME is small letters, digits and _, as in: make new-$kind $example"

cd "$(dirname "$0")/../.."
chapter=$(printf '%s\n' "0${number%%.*}"_*)
[ -d "$chapter" ] || stop "there is no chapter ${number%%.*} yet; make its folder first"
second=$(printf '%02d' "$(printf '%s' "${number#*.}" | sed 's/^0\(.\)/\1/')")
title=$(printf '%s' "$name" | tr _ ' ')
title=$(printf '%s' "$title" | cut -c1 | tr '[:lower:]' '[:upper:]')${title#?}

# Two of one number would stand for each other: in E=1.4, in the tour, in the order of everything.
taken() {
    for path in "$@"; do
        [ ! -e "$path" ] || [ "${path%.c}" = "${path%/*}/${second}_$name" ] ||
            stop "$number is there already: $path"
    done
}

# Writes skeleton $1 to the file $2, and so on. None of the files may be there, or none is written.
write() {
    pairs=$*
    while [ $# -gt 0 ]; do
        [ ! -e "$2" ] || stop "$2 is there already"
        shift 2
    done
    # shellcheck disable=SC2086  # no name here has a blank: they were looked at above
    set -- $pairs
    while [ $# -gt 0 ]; do
        mkdir -p "$(dirname "$2")"
        sed -e "s/@NUMBER@/$number/g; s/@NAME@/$name/g; s/@TITLE@/$title/g" \
            -e "s/@FILE@/${second}_$name/g; s/@CHAPTER@/$chapter/g" "common/skeleton/$1" >"$2"
        echo "wrote $2"
        shift 2
    done
}

if [ "$kind" = program ]; then
    taken "$chapter/${second}"_*.c
    write program.c.in "$chapter/${second}_$name.c" \
        lesson.md.in "$chapter/${second}_$name.md"
else
    case $name in
    cases | main) stop "an exercise cannot be called $name" ;;
    esac
    task=exercises/$chapter/${second}_$name
    solution=solutions/$chapter/${second}_$name
    taken "exercises/$chapter/${second}"_*
    write README.md.in "$task/README.md" \
        starter.c.in "$task/$name.c" \
        cases.c.in "$task/cases.c" \
        solution.c.in "$solution/$name.c" \
        copied.c.in "$solution/wrong/copied.c"
fi
echo "Fill in what is marked FILL:, then: make index, and make lint to see what is left"
