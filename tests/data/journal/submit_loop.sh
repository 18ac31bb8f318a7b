# submits one job per setting
for lr in 1e-3 1e-4; do
for bs in 32 64; do
NAME=bert_lr${lr}_bs${bs}
cat > jobs/$NAME.sbatch <<EOT
#!/bin/bash
#SBATCH -J $NAME
#SBATCH --gres=gpu:a100:1
source env.sh
python run_glue.py --task_name mnli --learning_rate $lr --per_device_train_batch_size $bs --output_dir out/$NAME --seed \$SLURM_JOB_ID
EOT
sbatch jobs/$NAME.sbatch
done
done

sbatch --job-name=eval --mem 16G --wrap "python eval.py --ckpt out/best --split test"
# sbatch -J old --wrap="python eval.py --ckpt out/old"
