#!/bin/bash
# Launch all ablations of the segmentation paper.
# usage: ./sweep_assoc.sh [gpu]

set -e
GPU=${1:-0}
DATA="/data/cityscapes"
COMMON="--data $DATA --epochs 80 --amp"

##############################
# Backbones
##############################
declare -A LR
LR[resnet50]=1e-2
LR[swin_t]=6e-5
for model in resnet50 swin_t; do
    # swin needs a small lr
    CUDA_VISIBLE_DEVICES=$GPU python tools/train.py $COMMON --model $model --lr ${LR[$model]} --run_name seg_${model}
done

##############################
# Losses (resnet50 only)
##############################
losses=("ce" "focal" "dice")
weights=(1.0 0.5 0.25)
for i in "${!losses[@]}"; do
    python tools/train.py $COMMON --model resnet50 --loss "${losses[$i]}" --loss-weight "${weights[$i]}" \
        --run_name "loss_${losses[$i]}"   # 3 GPUs
done

# for s in 1 2 3; do
#     python tools/train.py $COMMON --seed $s --run_name seed_$s
# done

: <<'OLD'
python tools/train.py --model unet --run_name unet_old
OLD

if false; then
  python tools/train.py --model fcn --run_name fcn_dead
fi
