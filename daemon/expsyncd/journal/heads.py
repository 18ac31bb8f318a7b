"""What the first words of a command say: launchers, what stands before them, what is set-up only. Pure."""

from __future__ import annotations

import re

# Commands that prepare, look or clean up: no experiment.
_SETUP_WORDS = """
    xargs
    cd pushd popd source . export set unset shift local declare typeset readonly echo printf read test [
    [[ : true false exit return break continue wait sleep trap ulimit umask alias unalias hash type
    command builtin  mkdir rmdir rm cp mv ln ls cat less more head tail tee touch chmod chown chgrp
    find grep egrep fgrep rg sed awk gawk cut sort uniq wc tr  tar zip unzip gzip gunzip zstd 7z
    wget curl rsync scp sftp git svn hg pip pip3 conda mamba micromamba module ml apt apt-get yum dnf
    brew which whereis whoami id hostname uname date cal pwd df du free top htop ps pgrep kill pkill
    killall jobs fg bg disown nvidia-smi nvcc gpustat squeue sacct scancel sinfo scontrol sacctmgr sprio
    sstat sattach  salloc qstat qdel bjobs bkill tensorboard jupyter code vim vi nano emacs man
    file stat md5sum sha256sum sha1sum diff patch  cmake ninja gcc g++ clang ssh-add ssh-agent
    ssh-keygen ssh-copy-id docker-compose clear reset stty tput tmux screen basename dirname realpath
    readlink seq yes mktemp dd sync mount umount crontab  notify-send mail sendmail mutt getopts
    getopt let history shopt complete bind logout login su passwd jq yq bc expr factor shuf split paste
    join column comm fold fmt nl tac rev od xxd hexdump strings iconv dos2unix gsutil aws gcloud az
    s3cmd rclone huggingface-cli hf kaggle gdown mlflow dvc lsof fuser ip ifconfig ping nc ss netstat
    dig nslookup systemctl service journalctl loginctl numfmt  then else fi do done esac in
    case function select coproc pre-commit pytest ruff black isort flake8 mypy
"""
SETUP = frozenset(_SETUP_WORDS.split())
_KEYWORDS_WORDS = """
    if then elif else fi for while until do done case esac in function select { } ( ) ! [[ ]] time
"""
KEYWORDS = frozenset(_KEYWORDS_WORDS.split())

_PYTHON = re.compile(
    r"(?:.*/)?(?:python|pypy|ipython)[0-9.]*|\$\{?\w*(?:PY|PYTHON|py|python)\w*\}?", re.DOTALL
)
_LAUNCHERS_WORDS = """
    torchrun accelerate deepspeed horovodrun mpirun mpiexec orterun fairseq-train fairseq-hydra-train
    composer colossalai sbatch srun qsub bsub condor_submit ray lightning fabric onmt_train
    nnUNetv2_train nnUNet_train allennlp spacy t5_mesh_transformer axolotl llamafactory-cli tune torchx
    oneflow paddle julia Rscript matlab octave luajit th lua dora guild papermill snakemake nextflow
    caffe darknet ./darknet yolo mim verl trl openrlhf swift xtuner litgpt
"""
LAUNCHERS = frozenset(_LAUNCHERS_WORDS.split())
SHELLS = frozenset(
    {"bash", "sh", "zsh", "dash", "ksh", "/bin/bash", "/bin/sh", "/usr/bin/bash", "/usr/bin/env bash"}
)

# What may stand before a command, with its options that take a value.
WRAPPERS: dict[str, frozenset[str]] = {
    "nohup": frozenset(), "exec": frozenset({"-a"}), "command": frozenset(), "builtin": frozenset(), "setsid": frozenset(),
    "time": frozenset({"-f", "-o"}), "/usr/bin/time": frozenset({"-f", "-o"}), "env": frozenset({"-u", "-C", "-S"}),
    "sudo": frozenset({"-u", "-g", "-h"}), "nice": frozenset({"-n"}), "ionice": frozenset({"-c", "-n"}),
    "stdbuf": frozenset({"-o", "-e", "-i"}), "unbuffer": frozenset(), "taskset": frozenset(), "numactl": frozenset({"-N", "-m", "-C"}),
    "timeout": frozenset({"-s", "-k"}), "xvfb-run": frozenset({"-s", "-n"}), "caffeinate": frozenset(), "catchsegv": frozenset(),
    "proxychains": frozenset({"-f"}), "proxychains4": frozenset({"-f"}), "watch": frozenset({"-n"}), "chronic": frozenset(),
    "tsp": frozenset({"-L", "-G"}), "ts": frozenset({"-L", "-G"}), "simple_gpu_scheduler": frozenset({"--gpus"}), "flock": frozenset({"-w"}),
    "systemd-run": frozenset({"-p", "-u"}), "cgexec": frozenset({"-g"}), "hare": frozenset(),
    "nsys": frozenset({"-o", "-t", "-w"}), "ncu": frozenset({"-o", "-k"}), "py-spy": frozenset({"-o"}), "kernprof": frozenset({"-o"}),
    "coverage": frozenset({"--source"}), "gdb": frozenset({"-ex"}), "valgrind": frozenset(), "strace": frozenset({"-o", "-e"}),
    "salloc": frozenset({
        "-A", "-c", "-C", "-G", "-J", "-M", "-n", "-N", "-p", "-q", "-t", "-w", "-x", "--account", "--gres", "--gpus", "--mem", "--partition",
        "--time",
    }),
    "doas": frozenset({"-u"}), "then": frozenset(), "do": frozenset(), "!": frozenset(), "else": frozenset(), "pueue": frozenset({"-g"}),
}  # fmt: skip
# Two words that stand before a command.
PAIRS: dict[tuple[str, str], frozenset[str]] = {
    ("conda", "run"): frozenset({"-n", "-p", "--name", "--prefix", "--cwd"}), ("mamba", "run"): frozenset({"-n", "-p"}),
    ("micromamba", "run"): frozenset({"-n", "-p"}),
    ("poetry", "run"): frozenset(), ("pipenv", "run"): frozenset(), ("pdm", "run"): frozenset(), ("hatch", "run"): frozenset(),
    ("uv", "run"): frozenset({"--with", "--python", "-p", "--project", "--extra"}), ("pixi", "run"): frozenset({"-e"}),
    ("rye", "run"): frozenset(), ("nsys", "profile"): frozenset({"-o", "-t", "-w"}), ("pueue", "add"): frozenset({"-g", "-l"}),
    ("coverage", "run"): frozenset({"--source"}), ("py-spy", "record"): frozenset({"-o"}),
}  # fmt: skip
# One word after their own options: a container's image, a duration, a mask.
ONE_MORE = frozenset({"timeout", "taskset", "flock"})
CONTAINERS = frozenset({"singularity", "apptainer", "docker", "podman", "nvidia-docker", "enroot"})
_SWITCHES_OF_CONTAINERS_WORDS = """
    -d -i -t -it -ti -itd -dit --rm --nv --rocm -C -c -e --cleanenv --contain --containall --writable
    --writable-tmpfs --detach --interactive --tty --privileged --init --fakeroot --no-home
"""
_SWITCHES_OF_CONTAINERS = frozenset(_SWITCHES_OF_CONTAINERS_WORDS.split())

_SCRIPT = re.compile(r"[^\s=]+\.(?:py|sh|bash|jl|R|m|lua|sbatch|slurm|job|pbs|sub)")


def is_python(head: str) -> bool:
    """Whether this word starts Python."""
    return bool(_PYTHON.fullmatch(head))


def is_launch(words: list[str]) -> bool:
    """Whether a command without its wrappers starts an experiment, as far as its words tell."""
    if not words:
        return False
    head, rest = words[0], words[1:]
    name = head.rsplit("/", 1)[-1]
    if is_python(head):
        return _python_runs(rest)
    if name in LAUNCHERS:
        return bool(rest)
    if name == "wandb":
        return rest[:1] in (["agent"], ["launch"])
    if head in SHELLS:
        return any(not word.startswith("-") for word in rest) and not re.match(r"-[a-z]*c$", rest[0])
    if name in SETUP or name in KEYWORDS or head.startswith("-"):
        return False
    if _SCRIPT.fullmatch(head):
        return "/" in head or any(_is_setting(word) for word in rest)
    if head.startswith(("./", "../")):
        return True
    # A program nobody has heard of, told at least two things as an experiment is told.
    return re.fullmatch(r"[\w./~${}-]+", head) is not None and sum(map(_is_setting, rest)) >= 2


def _is_setting(word: str) -> bool:
    return bool(re.match(r"--?[A-Za-z][\w.-]*(?:=|$)|\+{0,2}[A-Za-z_][\w./@-]*=", word))


def _python_runs(rest: list[str]) -> bool:
    """Not `python --version`, `python -m pip install`, `python -c 'import torch'` and the like."""
    for at, word in enumerate(rest):
        if word == "-m":
            module = rest[at + 1] if at + 1 < len(rest) else ""
            return module not in {
                "pip", "venv", "http.server", "json.tool", "ensurepip", "pytest", "unittest", "ipykernel", "jupyter", "tensorboard.main",
                "site", "compileall", "black", "ruff", "isort", "build", "virtualenv", "zipfile", "this", "torch.utils.collect_env",
                "tensorboard", "timeit", "mypy", "nltk.downloader",
            }  # fmt: skip
        if word == "-c":
            return bool(
                re.search(r"train|main\(|run\(|fit\(|experiment", rest[at + 1] if at + 1 < len(rest) else "")
            )
        if word == "-" or not word.startswith("-"):
            return word not in {"setup.py", "get-pip.py"}
        if word in {"--version", "-V", "--help", "-h"}:
            return False
    return False


def unwrapped(words: list[str]) -> int:
    """How many words stand before the command itself."""
    at = 0
    while at < len(words):
        step = _wrapper(words, at)
        if step == 0:
            return at
        at += step
    return at


def _wrapper(words: list[str], at: int) -> int:
    head = words[at]
    name = head.rsplit("/", 1)[-1]
    if tuple(words[at : at + 2]) in PAIRS:
        takes = PAIRS[words[at], words[at + 1]]
        size = 2 + _options(words, at + 2, takes)
        return size if at + size < len(words) else 0
    if name in CONTAINERS and at + 1 < len(words):
        return _container(words, at)
    if name in WRAPPERS and at + 1 < len(words):
        size = 1 + _options(words, at + 1, WRAPPERS[name])
        size += name in ONE_MORE
        while (
            name in {"env", "sudo"}
            and at + size < len(words)
            and re.match(r"[A-Za-z_]\w*=", words[at + size])
        ):
            size += 1
        return size if at + size < len(words) else 0
    return 0


def _options(words: list[str], at: int, takes: frozenset[str]) -> int:
    size = 0
    while at + size < len(words) and words[at + size].startswith("-") and len(words[at + size]) > 1:
        size += 2 if words[at + size] in takes else 1
        if words[at + size - 1] == "--":
            break
    return size


def _container(words: list[str], at: int) -> int:
    """`docker run [options] IMAGE command`, `singularity exec [options] IMAGE command`."""
    if words[at + 1] not in {"run", "exec", "start", "shell"}:
        return 0
    place = at + 2
    while place < len(words) and words[place].startswith("-"):
        word = words[place]
        place += 1 if "=" in word or word in _SWITCHES_OF_CONTAINERS else 2
    place += 1  # the image
    return place - at if place < len(words) else 0
