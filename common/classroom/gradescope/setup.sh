#!/bin/sh
# Gradescope runs this once, as root, while it makes the machine that submissions are graded on.
set -eu
cd "${AUTOGRADER:-/autograder}/source"
chmod 700 . # what is graded runs as another user, and need not see hidden cases
cd workbook
sh common/setup.sh --yes
make all
