"""What several tests share: waiting for a condition, a real sshd, leak guards."""
