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
    NEVER = "never"  # a setting, a size, a seed: no moment of a run


EPOCH = {"epoch", "epochs", "ep", "epo", "e"}
STEP = {
    "step", "steps", "gstep", "globalstep", "global_step", "timestep", "timesteps", "iter", "iters",
    "it", "itr", "iteration", "iterations", "niter", "update", "updates", "kimg", "kimgs", "nimg",
    "tick", "ticks", "ckpt", "checkpoint", "train_step",
}  # fmt: skip
BATCH = {"batch", "batches", "minibatch", "mb", "b", "batchidx", "bidx"}
INDEX = {
    "sample", "samples", "img", "imgs", "image", "images", "idx", "index", "id", "no", "num", "n", "i",
    "example", "ex", "item", "fig", "pic", "photo", "fake", "fakes", "out", "output", "gen", "generated",
    "pred", "result", "recon", "frame", "view", "slice",
}  # fmt: skip
# Settings and measures. A number behind one of them is no moment, however wide it is.
NEVER = {
    "seed", "seeds", "rank", "gpu", "cuda", "fold", "v", "ver", "version", "lr", "bs", "batchsize",
    "size", "res", "resolution", "dim", "dims", "layer", "layers", "head", "heads", "cfg", "scale",
    "guidance", "fid", "psnr", "ssim", "loss", "acc", "of", "x", "nz", "ngf", "ndf", "zdim",
    "beta", "gamma", "alpha", "lambda", "temp", "topk", "dpi", "width", "height", "ch", "depth",
    "hidden", "latent", "class", "classes", "cls", "label", "port", "job", "jobid", "slurm", "pid", "wd",
    "dropout", "noise", "sigma", "eta", "ddim", "crop", "pad", "level",
}  # fmt: skip
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


def role_of(word: str) -> Role:
    """What a word in lower case says of the number beside it."""
    for words, role in ((EPOCH, Role.EPOCH), (STEP, Role.STEP), (BATCH, Role.BATCH), (NEVER, Role.NEVER)):
        if word in words:
            return role
    if word in INDEX:
        return Role.INDEX
    for ending, role in ENDINGS.items():
        if word.endswith(ending):
            return role
    return Role.PLAIN
