#!/bin/sh
# Grades a class by Slurm: a job array, of which each task grades a chunk of submissions, and a job
# after it that collects the marks.
#
#   sh common/classroom/slurm.sh SUBMISSIONS OUT
#
# CHUNK submissions make a task, 50 by default. SEED, SEED_PER_STUDENT=1, POLICY, ROSTER and
# ISOLATION in the environment mean what they mean to `make grade`. What has a result in OUT is left
# out: the same command, after the jobs have ended, does what is missing.
#
# The workbook (built by make), SUBMISSIONS and OUT are in a folder that all nodes see under the
# same path. Slurm has variables of its own for what a cluster asks for, as in
#
#   SBATCH_PARTITION=short SBATCH_TIMELIMIT=1:00:00 sh common/classroom/slurm.sh hand-in marks
#
# Prints the numbers of the two jobs. What they say goes to OUT/slurm/.
set -u
# shellcheck source=common/classroom/spread.sh
. "$(dirname "$0")/spread.sh"

command -v sbatch >/dev/null || stop 'sbatch, of Slurm, is missing here'
if [ "$count" -eq 0 ]; then
    echo 'Everything has been graded.'
    collect
    exit
fi
chunk=${CHUNK:-50}
tasks=$(((count + chunk - 1) / chunk))
mkdir -p "$out/slurm" && chunks=$(mktemp -d "$out/slurm/chunks.XXXXXX") || exit 2
printf '%s\n' "$left" | split -l "$chunk" -d -a 4 - "$chunks/" || exit 2

# Slurm keeps a copy of the script, and hands it the arguments as they are. In the name of a log %A
# is the number of the job, %a that of the task.
job=$(dirname "$0")/slurm_job.sh
logs=$(printf '%s' "$out/slurm" | sed 's/%/%%/g')
graded=$(sbatch --parsable --job-name=grade --array="0-$((tasks - 1))" \
    --output="$logs/%A_%a.log" "$job" chunk "$chunks" "$workbook" "$out" "$@")
[ -n "$graded" ] || exit 2
collected=$(collect sbatch --parsable --job-name=collect --dependency="afterany:${graded%%;*}" \
    --output="$logs/%j.log" "$job" collect)
[ -n "$collected" ] || exit 2
echo "Job ${graded%%;*} grades (submissions: $count, tasks: $tasks), job ${collected%%;*} collects."
echo "To follow them: squeue --me. What they say: $out/slurm/"
