"""The tab "Experiments" inside our TensorBoard: runs, samples, journal and hosts on one page."""
