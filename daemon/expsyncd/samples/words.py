"""The words beside numbers in names of sample images, and what they say of the number. Pure: tables."""

from __future__ import annotations

from enum import Enum


class Role(Enum):
    """What a number in a name is."""

    EPOCH = "epoch"
    STEP = "step"
    BATCH = "batch"
    INDEX = "index"  # which of the samples of one step
    PLAIN = "plain"  # nothing beside it says
    NEVER = "never"  # a setting, a size: no moment of a run
    WEAK = "weak"  # a setting, or a kind of picture: a moment only where no other number is
    MEASURE = "measure"  # a loss, a score: differs from picture to picture
    SEED = "seed"  # the same


EPOCH = {"epoch", "epochs", "ep", "epo", "e"}
STEP = {
    "step", "steps", "gstep", "globalstep", "global_step", "timestep", "timesteps", "iter", "iters",
    "it", "itr", "iteration", "iterations", "niter", "update", "updates", "kimg", "kimgs", "nimg",
    "tick", "ticks", "ckpt", "chkpt", "checkpoint", "train_step", "gs", "itn", "episode", "episodes", "round",
    "rounds", "milestone", "snapshot", "snap", "optstep",
}  # fmt: skip
BATCH = {"batch", "batches", "minibatch", "mb", "b", "batchidx", "bidx"}
INDEX = {
    "sample", "samples", "img", "imgs", "image", "images", "idx", "index", "id", "no", "num", "n", "i",
    "example", "ex", "item", "fig", "pic", "photo", "fake", "fakes", "out", "output", "gen", "generated",
    "pred", "result", "recon", "frame", "view", "slice", "generation", "render", "rendered", "row", "col",
    "prompt",
}  # fmt: skip
# Settings. A number behind one of them is no moment, however wide it is.
NEVER = {
    "rank", "gpu", "cuda", "fold", "v", "ver", "version", "lr", "bs", "batchsize",
    "size", "res", "resolution", "dim", "dims", "layer", "layers", "head", "heads", "cfg", "scale",
    "guidance", "of", "x", "nz", "ngf", "ndf", "zdim", "beta", "gamma", "alpha", "lambda", "temp", "topk",
    "dpi", "width", "height", "ch", "class", "classes", "cls", "port", "job", "jobid", "slurm", "pid", "wd",
    "dropout", "sigma", "eta", "ddim", "pad", "strength",
}  # fmt: skip
WEAK = {
    "label", "labels", "depth", "noise", "latent", "latents", "hidden", "crop", "level", "stage", "phase",
}  # fmt: skip
MEASURE = {
    "fid", "kid", "psnr", "ssim", "lpips", "loss", "acc", "accuracy", "mse", "mae", "iou", "miou", "dice",
    "auc", "score", "reward", "err", "error", "elapsed",
}  # fmt: skip
SEED = {"seed", "seeds", "rng"}
# Two words that mean one thing of the table above.
PAIRS = {
    ("batch", "size"): Role.NEVER, ("image", "size"): Role.NEVER, ("img", "size"): Role.NEVER,
    ("global", "step"): Role.STEP, ("n", "iter"): Role.STEP, ("num", "steps"): Role.NEVER,
    ("num", "epochs"): Role.NEVER, ("num", "samples"): Role.NEVER, ("batch", "idx"): Role.BATCH,
    ("batch", "index"): Role.BATCH, ("class", "idx"): Role.NEVER, ("sample", "idx"): Role.INDEX,
    ("ddim", "steps"): Role.NEVER, ("sampling", "steps"): Role.NEVER, ("warmup", "steps"): Role.NEVER,
    ("diffusion", "steps"): Role.NEVER, ("inference", "steps"): Role.NEVER, ("latent", "dim"): Role.NEVER,
}  # fmt: skip
# In a folder's name the plural is a setting of the whole run (`epochs100/`), not a moment of it.
PLURAL = {"epochs", "steps", "iters", "iterations", "updates", "ticks", "timesteps"}
# Words that stand beside a moment in a folder's name and do not make it the name of an experiment.
BESIDE = INDEX | {
    "val", "valid", "validation", "test", "train", "eval", "at", "ema", "after", "end", "visuals", "vis",
    "grid", "grids", "checkpoints", "model", "generator", "g", "plots", "media", "results", "outputs",
}  # fmt: skip
# Words glued to what comes before them that still say it: `fakeepoch12`, `trainstep500`.
ENDINGS = {"epoch": Role.EPOCH, "step": Role.STEP}
_TABLES = (
    (EPOCH, Role.EPOCH), (STEP, Role.STEP), (BATCH, Role.BATCH), (NEVER, Role.NEVER), (WEAK, Role.WEAK),
    (MEASURE, Role.MEASURE), (SEED, Role.SEED), (INDEX, Role.INDEX),
)  # fmt: skip


def role_of(word: str) -> Role:
    """What a word in lower case says of the number beside it."""
    for words, role in _TABLES:
        if word in words:
            return role
    for ending, role in ENDINGS.items():
        if word.endswith(ending):
            return role
    return Role.PLAIN
