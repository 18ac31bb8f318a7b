# --- 12 March: three machines ---
SESSION=gan
tmux new-session -d -s $SESSION
tmux send-keys -t $SESSION "conda activate gan && cd ~/gan" C-m
for seed in 1 2; do
  tmux new-window -t $SESSION -n s$seed "python train.py --name gan_s$seed --seed $seed"
done
tmux send-keys -t $SESSION:0 'python train.py --name gan_keys' Enter

screen -S bg -X stuff 'python train.py --name stuffed\n'
screen -dmS plainscreen python train.py --name in_screen

ssh -t gpu3 'cd /scratch/me/gan; for lr in 1 2; do python train.py --name far_$lr; done'
ssh gpu4 bash -s <<'REMOTE'
cd gan
# lower lr
nohup python train.py --name far_heredoc --lr 1e-5 > out.txt &
REMOTE

docker run --gpus all -v $PWD:/w -w /w nvcr/pytorch:23.10 python train.py --name in_docker
singularity exec --nv img.sif bash -c "cd /w && python train.py --name in_sif --lr=2e-4"
conda run -n gan python train.py --name in_conda
parallel -j 2 python train.py --name par_{} --seed {} ::: 7 8
seq 1 2 | xargs -I{} python train.py --name x{}
echo "python train.py --name echoed" | at now
timeout 2h mpirun -np 4 python train.py --name mpi
tensorboard --logdir runs --port 6006 &
python -m tensorboard.main --logdir runs
pip install -r requirements.txt
python --version
touch $(touch X) `touch X` && python train.py --name sub_$(touch X) --x <(touch X)
