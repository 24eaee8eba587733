#!/bin/sh
# Grades a class by GNU parallel, on this machine or on several.
#
#   sh common/classroom/parallel.sh SUBMISSIONS OUT [JOBS]
#
# JOBS submissions at a time, by default one for each core. SEED, SEED_PER_STUDENT=1, POLICY, ROSTER
# and ISOLATION in the environment mean what they mean to `make grade`. What has a result in OUT is
# left out: the same command goes on where it was stopped. Exits as `workbook grade class` does.
#
# Over machines: the workbook (built by make), SUBMISSIONS and OUT are in a folder that all of them
# see under the same path, and GNU parallel is told their names by a variable of its own:
#
#   PARALLEL='--sshlogin ada,ben,4/cleo' sh common/classroom/parallel.sh hand-in marks
set -u
jobs=${3:-100%}
# shellcheck source=common/classroom/spread.sh
. "$(dirname "$0")/spread.sh"

parallel --version 2>/dev/null | grep -q GNU ||
    stop 'GNU parallel is missing; to install it: apt-get install parallel'

# Quoted by GNU parallel for a POSIX shell, whichever the user's is there; it may even be unset.
export PARALLEL_SHELL=/bin/sh

status=0
if [ "$count" -gt 0 ]; then
    [ ! -t 2 ] || bar=--bar
    printf '%s\n' "$left" |
        parallel --quote --workdir "$(pwd)" --jobs "$jobs" ${bar:+"$bar"} \
            "$workbook" grade one {} "$out" "$@" || status=1
fi
collect || status=$?
exit "$status"
