"""What the person writes in hosts.yaml: model, loading with line numbers, differences."""
