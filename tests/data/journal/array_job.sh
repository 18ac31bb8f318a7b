#!/bin/bash -l
#SBATCH --job-name=vit-sweep
#SBATCH --array=0-3%2
#SBATCH -t 12:00:00 --mem=64G
#SBATCH -o logs/%x_%A_%a.out

module load cuda/12.1
source ~/miniconda3/bin/activate vit
cd $SLURM_SUBMIT_DIR

lrs=(1e-3 3e-4)
wds=(0.05 0.1)
lr=${lrs[$((SLURM_ARRAY_TASK_ID / 2))]}
wd=${wds[$((SLURM_ARRAY_TASK_ID % 2))]}

# 4 configs, about 9 h each
srun --cpu-bind=none python -u main.py fit --config configs/vit.yaml \
    --optimizer.lr=$lr --optimizer.weight_decay=$wd \
    --trainer.default_root_dir runs/vit_lr${lr}_wd${wd}
echo "done $SLURM_JOB_ID"
