"""The launch script of the demo's runs, as people write them: live lines, old lines, notes."""

SCRIPT = """\
#!/usr/bin/env bash
# GAN on shapes: learning rate against batch size. Started by hand on the GPU machine.
set -euo pipefail
cd "$(dirname "$0")"
export CUDA_VISIBLE_DEVICES=0
mkdir -p logs

# --- round 1: how high can the learning rate go ------------------------------------
# python train.py --lr 1e-2 --batch_size 64 --name lr1e-2_bs64
#   ^ diverged in the first epoch, do not try again
#python train.py --lr 1e-3 --batch_size 16 \\
#    --name lr1e-3_bs16          # fid stuck at 90, far too noisy

# --- round 2: running now ------------------------------------------------------------
for lr in 1e-3 3e-4; do   # 1e-3 is fast but overfits
  python train.py --lr $lr --batch_size 64 --name lr${lr}_bs64 >> logs/train.log 2>&1 &
done
CUDA_VISIBLE_DEVICES=1 python train.py \\
    --lr 1e-4 \\
    --batch_size 128 \\
    --name lr1e-4_bs128 >> logs/train.log 2>&1 &      # slow but steady: give it a night
wait

# --- round 3: when round 2 looks good, three seeds of the best one -----------------
# for seed in 1 2 3; do
#   python train.py --lr 3e-4 --batch_size 64 --seed "$seed" --name "best_s$seed"
# done
"""
