"""Secrets that tell by themselves: the shapes that services give their keys. Pure.

Each was read in the service's own documentation or seen in its console; lengths are lower bounds, because
services lengthen them.
"""

from __future__ import annotations

import re

_SHAPES = (
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",  # AWS, key ids
    r"gh[pousr]_[A-Za-z0-9]{30,}",  # GitHub
    r"github_pat_[A-Za-z0-9_]{40,}",
    r"gl(?:pat|rt|dt|cbt|ptt|soat|ft)-[\w-]{16,}",  # GitLab
    r"hf_[A-Za-z0-9]{30,}",  # Hugging Face
    r"sk-(?:proj|svcacct|admin|ant|or|lf)-[\w-]{20,}",  # OpenAI, Anthropic, OpenRouter, Langfuse
    r"sk-(?=[A-Za-z]*[0-9])[A-Za-z0-9]{20,}",
    r"(?:sk|rk|whsec)_(?:live_|test_)?[A-Za-z0-9]{24,}",  # Stripe
    r"xox[abeoprs]-[\w-]{10,}|xapp-[\w-]{20,}",  # Slack
    r"AIza[\w-]{35}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}|1//0[\w-]{30,}",  # Google
    r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}",  # JSON web tokens
    r"eyJhcGlfYWRkcmVzcyI6[\w+/=-]{20,}",  # Neptune
    r"npm_[A-Za-z0-9]{30,}|pypi-[\w-]{50,}|dckr_pat_[\w-]{20,}|rubygems_[a-f0-9]{40,}|cio[A-Za-z0-9]{32}",
    r"SG\.[\w-]{16,}\.[\w-]{16,}",  # SendGrid
    r"(?:r8|gsk|rpa|tfp|fw|nvapi|pplx|xai|wandb_v1|dop_v1|doo_v1|shpat|shpss|figd|lin_api|secret|ntn|tgp_v1)[_-](?=[\w-]*[0-9])[\w-]{30,}",
    r"AGE-SECRET-KEY-1[0-9A-Z]{50,}",
    r"(?<![0-9])[0-9]{8,10}:AA[\w-]{30,}",  # Telegram
    r"AccountKey=[A-Za-z0-9+/]{40,}={0,2}",  # Azure storage
    r"[A-Za-z0-9]{3}8Q~[\w.~-]{30,}",  # Azure applications
    r"hvs\.[\w-]{20,}|s\.[A-Za-z0-9]{24}(?![\w.])",  # Vault
)
SHAPE = re.compile(rf"(?<![A-Za-z0-9])(?:bot(?=[0-9]{{8,10}}:AA))?(?:{'|'.join(_SHAPES)})")
BLOCK = re.compile(
    r"(-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----)(.*?)"
    r"(-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
WEBHOOK = re.compile(
    r"(hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/\d+/"
    r"|webhook\.office\.com/webhookb2/|maker\.ifttt\.com/trigger/\w+/with/key/|ntfy\.sh/(?=\w*[0-9]))"
    r"[^\s'\"]+"
)
# The 40 characters beside an AWS key id.
AWS_PAIR = re.compile(
    r"((?:AKIA|ASIA)[A-Z2-7]{16}[\"']?\W{1,9}(?:secret\W{1,9})?)([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])"
)
# 40 hex digits are a commit to most; after these words they are a key of Weights & Biases.
WANDB = re.compile(
    r"(\bwandb(?:[\s,:='\"(]{1,9}(?:api|key|apikey|login|token|is|the|my)\b){0,5}[\s:='\"(]{1,9})([0-9a-f]{40})\b",
    re.IGNORECASE,
)
