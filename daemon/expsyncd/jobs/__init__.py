"""Slurm's jobs: what is asked, what the answers mean, which runs and files they belong to."""
