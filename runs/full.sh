#!/usr/bin/env bash
# The whole training path of the shipped kind of checkpoint: a VAE over SmolLM2-135M on the built-in corpus.
# Hours on two CPU cores, minutes on a GPU. With more processes: torchrun --nproc-per-node=N -m deephypebot train cvae ...
# The first argument is the folder to write to; a run that was stopped goes on where it was.
set -euo pipefail
out=${1:-out/full}

# 1. Train on the train split. The backbone is fetched once; the states of its frozen lower layers are computed once and cached on disk.
deephypebot train cvae --corpus builtin --backbone smollm2 --seed 0 --out "$out.base"
deephypebot train reader --checkpoint "$out.base"

# 2. A round of self-play: the corpus against the model's own drafts, and drafts that the reader marks high against those it marks low.
deephypebot train self-play --checkpoint "$out.base" --seed 1 --out "$out"

# 3. Learn what tells its drafts from the corpus, which phrases are worn, and what readers think of drafts; from now on drafts are chosen by all of it.
deephypebot train realism --checkpoint "$out"
deephypebot train reader --checkpoint "$out"

# 4. Learn to move z to where texts are what a wish asks for.
deephypebot train constraints --checkpoint "$out"

# 5. Read it: one song, asked calm and asked wild.
deephypebot write "Slowdive – Alison" --genres "shoegaze, dream pop" --energy 0.2 --valence 0.3 --seed 1 --checkpoint "$out"
deephypebot write "Slowdive – Alison" --genres "shoegaze, dream pop" --energy 0.9 --valence 0.9 --seed 1 --checkpoint "$out"

# 6. Walk through the latent space, and there and back again.
deephypebot interpolate --checkpoint "$out" --steps 7 \
    "{title} drifts by on a wash of guitars and barely raises its voice." \
    "{artist} turns the drums up until the floor gives way."
deephypebot reconstruct --checkpoint "$out" "{title} drifts by on a wash of guitars and barely raises its voice."

# 7. Measure it, each figure beside that of held-out corpus text.
deephypebot evaluate --checkpoint "$out" --json > "$out/evaluation.json"
cat "$out/evaluation.json"
