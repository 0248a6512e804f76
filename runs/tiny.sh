#!/usr/bin/env bash
# The whole training path in minutes on two CPU cores: the GRU from scratch on the built-in corpus. The small twin of full.sh.
# Run by `make tiny`, or by hand where `deephypebot` is on the path. The first argument is the folder to write to.
set -euo pipefail
out=${1:-out/tiny}

# 1. Train on the train split; stop after three minutes at the latest. A run that is cut off goes on when it is run again.
deephypebot train cvae --corpus builtin --backbone gru --minutes 3 --seed 0 --out "$out"

# 2. Read it: five candidates for one song.
deephypebot write "Slowdive – Alison" --genres "shoegaze, dream pop" --seed 1 --checkpoint "$out"

# 3. Walk through the latent space, and there and back again.
deephypebot interpolate --checkpoint "$out" --steps 5 \
    "{title} drifts by on a wash of guitars and barely raises its voice." \
    "{artist} turns the drums up until the floor gives way."
deephypebot reconstruct --checkpoint "$out" "{title} drifts by on a wash of guitars and barely raises its voice."

# 4. Measure it, each figure beside that of held-out corpus text.
deephypebot evaluate --checkpoint "$out" --quick --json > "$out/evaluation.json"
cat "$out/evaluation.json"
