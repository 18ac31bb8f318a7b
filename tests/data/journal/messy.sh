export http_proxy=http://proxy:3128; cd ~/nerf && source venv/bin/activate

=====
python run_nerf.py --config configs/lego.txt --expname lego_a # ok
python run_nerf.py --config configs/lego.txt --expname lego_b --N_rand 2048 ) 
CUDA_VISIBLE_DEVICES=1 python run_nerf.py --config configs/fern.txt --expname fern --lrate 5e-4 \
   --no_ndc --spherify \
   --lindisp
#CUDA_VISIBLE_DEVICES=0 python run_nerf.py --config configs/fern.txt --expname fern_old
# python run_nerf.py was too slow, use the jax one
# the run of 3 May is in logs/fern, python is 3.8 there
if [ $# -gt 0 ]
    python run_nerf.py --expname missing_then
fi
while true do
python run_nerf.py --expname forever
done
./scripts/render.sh --expname lego_a --fps 30 && python metrics.py --dir logs/lego_a || echo failed
for s in 1 2
do python run_nerf.py --expname seed$s --seed=$s & done; wait
n=0; for ((k = 0; k < 2; k++)); do python run_nerf.py --expname c$k; done
wandb agent me/nerf/abc123
