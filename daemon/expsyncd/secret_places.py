"""Where secrets stand: after which names, flags and programs, in which parts of URLs, in which sentences. Pure."""

from __future__ import annotations

import re

# One word of a shell, with what may surround it in other languages; a quote that follows at once goes on. All
# counts have bounds: without them a hostile line costs its length squared.
_UNQUOTED = r"(?:[^\s'\"\\;|&<>()`]|\\[^\s'\"]){1,4000}(?:[\"'][^\s;)\"',:}\]][^\"'\n]{0,400}[\"']){0,9}"
_NEXT = r"(?:\"[^\"\n]{1,400}\"|'[^'\n]{1,400}'){0,9}"
VALUE = (
    rf"(?P<v>\$?\"(?:[^\"\\\n]|\\[^\n]){{0,4000}}\"{_NEXT}|\$?'[^'\n]{{0,4000}}'{_NEXT}|\$\{{[^}}\n]{{0,400}}\}}"
    rf"|\\?[\"'][^\s\"'\\]{{0,4000}}|{_UNQUOTED})"
)
_NAME = r"(?P<n>[A-Za-z_][\w.@-]{0,100})"
_START = r"(?<![\w$.@-])"

FLAG = re.compile(
    rf"(?<![\w-])--?(?P<n>[A-Za-z][\w.-]{{0,100}})(?:=|(?:[ \t]{{0,40}}\\\r?\n[ \t]{{0,99}}|[ \t]{{1,99}})(?!-)){VALUE}"
)
ASSIGNED = re.compile(
    rf"{_START}\+{{0,2}}{_NAME}[\"']?\]?(?:[ \t]{{1,40}}[:=]?=>?[ \t]{{1,40}}|[:+]?=){VALUE}"
)
FIELD = re.compile(rf"{_START}(?<!\$\{{){_NAME}\\?[\"']?[ \t]{{0,40}}:[ \t]{{0,40}}{VALUE}")
DEFAULT = re.compile(r"\$\{(?P<n>[A-Za-z_]\w{0,100}):?[-=](?P<v>[^}\n]{0,400})\}")
SET = re.compile(
    rf"\b(?:setenv|set|config|configure[ \t]set|config[ \t]set)(?:[ \t]{{1,9}}--?\w{{1,20}}){{0,5}}[ \t]{{1,9}}{_NAME}[ \t]{{1,9}}{VALUE}"
)
READ = re.compile(rf"\bread\b[^\n|;&<]{{0,200}}\b(?P<n>\w{{1,100}})[ \t]{{0,9}}<<<[ \t]{{0,9}}{VALUE}")

_SEGMENT = r"(?:[^\n|;&\\]|\\[\s\S]){0,300}?"
# Values that the words before them make a secret, behind a word without which no look is worth it.
CERTAIN = tuple(
    (hint, re.compile(pattern, re.MULTILINE))
    for hint, pattern in (
        (
            "uthorization",
            r"(?i:authorization)[\"'\\]{0,3}[ \t]{0,9}[:=][ \t]{0,9}f?[\"']?(?:(?i:bearer|basic|token|apikey|digest|splunk)\\?[ \t]{1,9}(?:token=\\?[\"']?)?)?(?P<v>[^\s\"'\\]{1,4000})",
        ),
        ("ookie", r"(?i:cookie)2?:[ \t]{0,9}(?P<v>[^\"'\n]{1,4000})"),
        (
            "curl",
            rf"\bcurl\b{_SEGMENT}[ \t](?:-b|--cookie)[ =]{{0,9}}[\"']?[\w.-]{{1,100}}=(?P<v>[^\"'\s]{{1,4000}})",
        ),
        (
            "curl",
            rf"\b(?:curl|wget)\b{_SEGMENT}[ \t](?:-\w{{0,9}}u|--user|--proxy-user|-U)[ =]{{0,9}}(?:\"[^\s:\"'$]{{0,99}}:(?P<v>[^\"\n]{{1,400}})|'[^\s:\"'$]{{0,99}}:(?P<w>[^'\n]{{1,400}})|[^\s:\"'$]{{0,99}}:(?P<x>[^\s\"']{{1,400}}))",
        ),
        (
            "http",
            rf"\bhttps?[ \t]{_SEGMENT}(?:-a|--auth)[ =][\"']?[^\s:\"']{{1,99}}:(?P<v>[^\s\"']{{1,400}})",
        ),
        ("mysql", rf"\bmysql\w{{0,20}}\b{_SEGMENT}[ \t]-p{VALUE}"),
        ("mariadb", rf"\bmariadb[\w-]{{0,20}}\b{_SEGMENT}[ \t]-p{VALUE}"),
        ("7z", rf"\b7z[ar]?\b{_SEGMENT}[ \t]-p{VALUE}"),
        ("sshpass", rf"\bsshpass[ \t]{{1,9}}-p[ \t]{{0,9}}{VALUE}"),
        ("zip", rf"\b(?:un)?zip\b{_SEGMENT}[ \t]-P[ \t]{{0,9}}{VALUE}"),
        ("-cli", rf"\b(?:redis|valkey)-cli\b{_SEGMENT}[ \t]-a[ \t]{{1,9}}{VALUE}"),
        (
            "login",
            rf"\b(?:docker|podman|nerdctl|buildah|skopeo|az|oc|helm|crane|oras|apptainer|singularity)\b{_SEGMENT}\blogin\b{_SEGMENT}[ \t]-p[ =]{{0,9}}{VALUE}",
        ),
        (
            " -",
            rf"\b(?:mongo\w{{0,9}}|sqlcmd|bcp|ipmitool|snmp\w{{1,9}}|isql)\b{_SEGMENT}[ \t]-[pP][ \t]{{0,9}}{VALUE}",
        ),
        ("ldap", rf"\bldap\w{{1,20}}\b{_SEGMENT}[ \t]-w[ \t]{{0,9}}{VALUE}"),
        (
            "%",
            rf"\b(?:smbclient|mount\.cifs|rpcclient)\b{_SEGMENT}[ \t]-U[ \t]{{0,9}}[\"']?[^\s%\"']{{1,99}}%(?P<v>[^\s\"']{{1,400}})",
        ),
        ("lftp", rf"\blftp\b{_SEGMENT}[ \t]-u[ \t]{{0,9}}[\"']?[^\s,\"']{{1,99}},(?P<v>[^\s\"']{{1,400}})"),
        ("openssl", rf"\bopenssl\b{_SEGMENT}[ \t]-k[ \t]{{1,9}}{VALUE}"),
        ("pass:", r"-pass(?:in|out)?[ \t]{1,9}pass:(?P<v>[^\s\"']{1,400})"),
        ("openssl", rf"\bopenssl\b{_SEGMENT}[ \t]-k[ \t]{{1,9}}{VALUE}"),
        (
            "htpasswd",
            rf"\bhtpasswd[ \t]{{1,9}}-\w{{0,9}}b\w{{0,9}}[ \t]{{1,9}}\S{{1,200}}[ \t]{{1,9}}\S{{1,99}}[ \t]{{1,9}}{VALUE}",
        ),
        (
            "kaggle",
            rf"\bkaggle[ \t]{{1,9}}config[ \t]{{1,9}}set[ \t]{{1,9}}-n[ \t]{{1,9}}key[ \t]{{1,9}}-v[ \t]{{1,9}}{VALUE}",
        ),
        (
            "login",
            rf"\b(?:wandb|vault|comet|clearml|neptune|hf|huggingface-cli|railway|fly)[ \t]{{1,9}}(?:auth[ \t]{{1,9}})?login(?:[ \t]{{1,9}}--?[\w-]{{1,40}}(?:=\S{{1,200}})?){{0,5}}[ \t]{{1,9}}(?!-){VALUE}",
        ),
        ("login", r"\blogin[ \t]{0,9}\([^)\n]{0,200}?(?P<v>\"[^\"\n]{8,400}\"|'[^'\n]{8,400}')"),
        (
            "|",
            rf"\b(?:echo|printf)[ \t]{{1,9}}(?:-\w{{1,9}}[ \t]{{1,9}}){{0,3}}(?:[\"'][^\"'\n]{{0,20}}%[^\"'\n]{{0,20}}[\"'][ \t]{{1,9}})?{VALUE}[ \t]{{0,9}}\|[^\n]{{0,200}}?(?:--password-stdin|\bsudo[ \t]{{1,9}}(?:-\w{{1,9}}[ \t]{{1,9}})?(?:-\w{{0,9}}S|--stdin)|--with-token|\bch?passwd\b|--passphrase-fd|\blogin\b|\bcryptsetup\b|\bkinit\b|-pass stdin)",
        ),
        (
            "<<<",
            rf"(?:--password-stdin|\bsudo[ \t]{{1,9}}(?:-\w{{1,9}}[ \t]{{1,9}})?(?:-\w{{0,9}}S|--stdin)|--with-token|--passphrase-fd\s\d|\bcryptsetup\b|\bkinit\b|\bpasswd\b)[^\n<]{{0,200}}<<<[ \t]{{0,9}}{VALUE}",
        ),
        (
            "send",
            rf"(?i:assword)[^\n]{{0,200}}\n?[^\n]{{0,200}}?\bsend[ \t]{{1,9}}(?:--[ \t]{{1,9}})?{VALUE}",
        ),
        ("/p:", r"\bxfreerdp\b[^\n]{0,200}?/p:(?P<v>\S{1,200})"),
        ("password", r"\b(?:login|account)\s{1,40}\S{1,200}\s{1,40}password\s{1,40}(?P<v>[^\s\"']{1,400})"),
        ("password", r"^[ \t]{0,40}password[ \t]{1,40}(?P<v>\S{1,400})[ \t]{0,40}$"),
        (":", r"^[\w.*-]{1,200}:(?:\d{2,5}|\*):[\w*-]{1,99}:[\w*.-]{1,99}:(?P<v>\S{1,400})$"),
        (
            ">",
            rf"\b(?:echo|printf)[ \t]{{1,9}}(?:-\w{{1,9}}[ \t]{{1,9}}){{0,3}}(?:[\"'][^\"'\n]{{0,20}}%[^\"'\n]{{0,20}}[\"'][ \t]{{1,9}})?{VALUE}[ \t]{{0,9}}>{{1,2}}[ \t]{{0,9}}[^\s;&|]{{0,200}}(?:key|token|secret|passw|\.pw|cred)[^\s;&|/]{{0,40}}(?:$|[\s;&|])",
        ),
        ("ssh-keygen", rf"\bssh-keygen\b{_SEGMENT}[ \t]-[NP][ \t]{{0,9}}{VALUE}"),
        ("ignature=", r"\bSignature=(?P<v>[^\s,\"'&]{4,4000})"),
        (":@", r"://(?P<v>[^\s:/@'\"]{6,400}):@"),
        ("oauth", r"://(?P<v>[^\s:/@'\"]{8,400}):x-oauth-basic@"),
    )
)
URL = re.compile(
    r"(?P<n>\b[a-z][a-z0-9+.-]{1,30}://[^\s:/@'\"]{0,200}):(?P<v>[^\s'\"]{1,400}?)@(?=[\w\[\]$.{}-]{1,200}(?::\d{1,5})?(?:[/\s'\"?),;:#]|$))",
    re.IGNORECASE,
)
URL_USER = re.compile(r"\b[a-z][a-z0-9+.-]{1,30}://(?P<v>[^\s:/@'\"]{1,400}):?@(?=[\w\[.-])", re.IGNORECASE)
# One of several behind a comma, and a name that leaves no doubt with a blank behind it.
LISTED = re.compile(r"(?<=[,;])(?P<n>[A-Za-z_]\w{0,100})=(?P<v>[^,\s\"';&)]{1,4000})")
SPACED = re.compile(
    rf"(?i)(?<![\w$.-])(?P<n>\w{{0,40}}(?:secret_access_key|access_key_secret|api_key|secret_key|client_secret|auth_token))[ \t]{{1,9}}(?![-=:]|is\b|was\b){VALUE}"
)
# A name and its value as words of a list, as two arguments, as two fields; without quotes in lists of ours.
_QUOTED = r"(?P<v>\"[^\"\n]{1,4000}\"|'[^'\n]{1,4000}')"
APART = tuple(
    re.compile(pattern)
    for pattern in (
        rf"[\"']--?(?P<n>[A-Za-z][\w.-]{{0,100}})[\"'][ \t]{{0,9}},\s{{0,99}}{_QUOTED}",
        rf"\b(?:setdefault|putenv|setenv|getenv|get)[ \t]{{0,9}}\([ \t]{{0,9}}[\"']{_NAME}[\"'][ \t]{{0,9}},\s{{0,99}}{_QUOTED}",
        rf"\bname[\"']?[ \t]{{0,9}}:[ \t]{{0,9}}[\"']?{_NAME}[\"']?[ \t]{{0,9}},?\s{{1,99}}[\"']?value[\"']?[ \t]{{0,9}}:[ \t]{{0,9}}{VALUE}",
    )
)
BARE_LIST = re.compile(r"(?<=[\[ ])--?(?P<n>[A-Za-z][\w.-]{0,100}), (?P<v>[^\s,\]]{1,4000})")
PHRASE = re.compile(
    r"(?i)\bpass[ -]?phrase(?:[ \t]{1,9}(?:for|of|to)[ \t]{1,9}(?:(?:the|my|our)[ \t]{1,9})?[\w.@-]{1,60})?[ \t]{0,9}(?:\bis\b|:|=)[ \t]{1,9}"
    r"(?P<v>(?:[\w'-]{1,40}[ \t]{1,3}){1,9}[\w'-]{1,40})"
)
QUERY = re.compile(
    r"[?&](?P<n>sig|signature|x-amz-[a-z-]{1,40}|x-goog-signature|key|code|auth|access|[\w-]{0,40}(?:token|key|secret)"
    r"|pass|pwd|password)=(?P<v>[^\s&'\"#;]{1,4000})", re.IGNORECASE,
)  # fmt: skip
BEARER = re.compile(r"\b[Bb]earer[ \t]{1,9}(?P<v>[^\s\"']{1,4000})")
PAIR = re.compile(
    r"(?i)\b(?:login|creds?|credentials?|account|logs? in (?:as|with))\b[ \t]{0,9}(?:is|:|=|->)?[ \t]{0,9}[\w.@-]{1,60}\s?[/:]\s?"
    r"(?P<v>[^\s\"'/,;)]{1,200})"
)
# The same with a blank between: `login: me PASS`, and nothing else on the line.
BESIDE = re.compile(
    r"(?im)\b(?:login|creds?|credentials?)\b[ \t]{0,9}(?:is\b|:|->)[ \t]{1,9}(?P<n>[\w.@-]{1,60})[ \t]{1,9}"
    r"(?P<v>\"[^\"\n]{1,200}\"|'[^'\n]{1,200}'|[^\s\"']{1,200})[ \t\r]{0,9}$"
)
CODE = re.compile(
    r"(?i)\b(?:(?:otp|2fa|mfa|totp)(?:[ -](?:code|token|pin))?|one[- ]time (?:code|password)|pin(?=[ \t]{0,9}(?:[:=]|is\b)))"
    r"[ \t]{0,9}(?:is|was|:|=|->)?[ \t]{0,9}(?P<v>\d{4,8})\b"
)

# Prose: a secret's word, a few words that may follow it, a verb or sign, the value.
PASSWORDS = r"pass(?:word|wd|phrase|code|wort)|pwd?"
SAID = re.compile(
    rf"(?i)(?<![\w-])(?P<n>{PASSWORDS}|pass|(?P<root>sudo|root|user|db|admin|ssh|wifi|vpn|login|email|mail)[ _-]?pass|(?:(?P<who>api|access|secret|private|auth|hf|wandb|github|gitlab|gh|slack|openai|bot|"
    rf"login|personal|deploy|master|license|comet|neptune|hub|huggingface|account|admin)[ _-]?)?(?:key|token)|secret|creds?|credentials?)"
    r"(?:[ \t]{1,9}(?:for|of|on|to|at)[ \t]{1,9}(?:(?:the|my|our|this)[ \t]{1,9})?[\w.@-]{1,60})?"
    r"(?P<s>[ \t]{0,9}(?:=+>?|:|->|→)[ \t]{0,9}|[ \t]{1,9}(?:is|was|ist|be|now)[ \t]{0,9}:?[ \t]{1,9}|[ \t]{1,9})"
    r"(?P<v>\"[^\"\n]{1,400}\"|'[^'\n]{1,400}'|`[^`\s]{1,400}`|[^\s\"'`]{1,400})"
)
COMMON = set(
    "a an the in on at by for from to of as is are was be been it its not no none never always required needed necessary "  # noqa: SIM905
    "optional stored kept set unset saved read same different wrong right correct expired invalid missing empty lost "
    "forgotten secret unknown changed ask see use using used with without via per like when where what which who how if "
    "and or but so then now only also old new my your our their his her this that these those here there ok okay good "
    "bad fine still just all any each every must should can cannot will would has have had get got give given typed "
    "entered asked prompted protected hidden public private default mentioned below above todo tbd todo: later soon "
    "disabled enabled off true false yes manually prompt vault keyring keychain file env out too very hard easy you we "
    "they he she i strength length policy reset manager field prompt free less based merging budget level".split()
)
