#!/usr/bin/env bash
PY="python3 -u"
OUT=results

train () {
  # args: name lr [extra]
  local exp=$1 lr=$2
  shift 2
  echo "== $exp"
  $PY src/main.py experiment=$exp optim.lr=$lr hydra.run.dir=$OUT/$exp "$@" |& tee $OUT/$exp.log
}

function multigpu {
  torchrun --standalone --nproc_per_node="$1" src/main.py +trainer=ddp name=$2
}

never_called() {
  python src/never.py --name $1
}

### main results
train base 1e-3
train wide 5e-4 model.width=2 seed=1,2,3 -m   # width helps
# train deep 5e-4 model.depth=24
# train gave NaN here, see issue 12
multigpu 4 ddp4

### tables
for t in 1 2; do train table$t 1e-3 +table=$t; done
time env OMP_NUM_THREADS=4 nohup $PY src/main.py experiment=timed > timed.log 2>&1 &
CMD="$PY src/main.py experiment=evaled"
eval $CMD optim.lr=3e-4
