#!/bin/sh
# What slurm.sh submits. Slurm copies this file, so it knows nothing of the folder that it stood in.
#
#   slurm_job.sh chunk CHUNKS WORKBOOK OUT [OPTION…]   a task: grades the submissions that the file
#                                                      with its number, in the folder CHUNKS, lists
#   slurm_job.sh collect COMMAND…                      the job after them
set -u

if [ "$1" = collect ]; then
    shift
    exec "$@"
fi
chunk=$(printf '%s/%04d' "$2" "$SLURM_ARRAY_TASK_ID") workbook=$3 out=$4
shift 4
status=0
while IFS= read -r submission; do
    "$workbook" grade one "$submission" "$out" "$@" </dev/null || status=1
done <"$chunk"
exit "$status"
