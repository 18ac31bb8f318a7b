"""The GPUs of hosts: what nvidia-smi is asked and what its answers mean."""
