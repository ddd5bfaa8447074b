//! Logs of systems and runtimes: Kubernetes' own, auditd, netfilter, Android, the JVM.

use crate::formats::template::{Joins, Pairs, Table, TemplateFormat};

pub static KLOG: TemplateFormat = TemplateFormat::new(Table {
    name: "klog",
    title: "klog",
    doc: "The log of Kubernetes' components and of other programs with klog or glog (github.com/kubernetes/klog): level \
          (I, W, E, F), time without a year, thread, place in the source, message.",
    weight: 98,
    variants: &[
        // CockroachDB.
        "{level:[IWEF]}{time:%y%m%d %H:%M:%S%f} {thread:int} {?{channel:int}@?}{file:name}:{line:int} ⋮ [{tags:text}] {?{counter:int} ?}{message:rest}",
        "{level:[IWEF]}{time:%Y%m%d %H:%M:%S%f} {thread:int} {file:name}:{line:int}] {message:rest}",
        "{level:[IWEF]}{time:%m%d %H:%M:%S%f} {thread:int} {file:name}:{line:int}] {message:rest}",
    ],
    joins: Joins::Traces,
    meta: &["Log file created at:", "Running on machine:", "Log line format:", "Running duration"],
    examples: &["I0301 10:00:00.123456   12 server.go:34] \"Started\" port=8080"],
    ..Table::PLAIN
});

pub static AUDITD: TemplateFormat = TemplateFormat::new(Table {
    name: "auditd",
    title: "Linux audit log",
    doc: "Records of the kernel's audit daemon (github.com/linux-audit, Audit event fields): type, time, serial, and keys \
          with values, those inside `msg='…'` too. `client` is the key `addr`; `old auid` and `new auid` are `old-auid` \
          and `auid`, as newer kernels write them. Records of one event have the same serial.",
    weight: 99,
    variants: &["{?node={host:word} ?}type={type:word} msg=audit({time:epoch}:{serial:int}):{pairs}{message:rest}"],
    pairs: Pairs::NESTED,
    renames: &[
        ("addr", "client"),
        // As kernels since 3.13 write them.
        ("old auid", "old-auid"),
        ("new auid", "auid"),
        ("old ses", "old-ses"),
        ("new ses", "ses"),
    ],
    nulls: &["?", "(null)", "(none)"],
    examples: &[
        "type=USER_LOGIN msg=audit(1709287200.123:45): user pid=12 uid=0 msg='op=login acct=\"bob\" exe=\"/usr/sbin/sshd\" addr=192.0.2.7 res=success'",
    ],
    ..Table::PLAIN
});

pub static IPTABLES: TemplateFormat = TemplateFormat::new(Table {
    name: "iptables",
    title: "Netfilter log",
    doc: "Packets that iptables, nftables and UFW log through the kernel (netfilter.org, LOG target): `prefix` is what the \
          rule's `--log-prefix` says, `client` and `client_port` are SRC and SPT; flags such as SYN are true where set. Of an ICMP error `inner` is the packet \
          that it is about.",
    weight: 99,
    variants: &[
        "{?<{priority:int}>?}{time:syslog} {?{host:word} ?}{app:=kernel}: {?[{? ?}{uptime:float}] ?}{prefix:text}IN={?{in:name}?} {pairs}{message:rest}",
        "{?<{priority:int}>?}{time:iso} {?{host:word} ?}{app:=kernel}: {?[{? ?}{uptime:float}] ?}{prefix:text}IN={?{in:name}?} {pairs}{message:rest}",
        "{?<{priority:int}>?}{time:syslog} {?{host:word} ?}{prefix:text}IN={?{in:name}?} OUT={?{OUT:name}?} {pairs}{message:rest}",
    ],
    tells: &[" SRC="],
    pairs: Pairs::FLAGS,
    renames: &[("SRC", "client"), ("SPT", "client_port")],
    nulls: &[],
    examples: &[
        "Mar  1 10:00:00 fw kernel: [12.345] DROP: IN=eth0 OUT= SRC=192.0.2.7 DST=192.0.2.80 LEN=52 PROTO=TCP SPT=5678 DPT=22 WINDOW=8192 SYN URGP=0",
    ],
    ..Table::PLAIN
});

pub static BIND: TemplateFormat = TemplateFormat::new(Table {
    name: "bind",
    title: "BIND log",
    doc: "What BIND's `named` writes to the files of its channels (bind9.readthedocs.io, logging): time, category, severity, \
          message; of queries the client, what is asked for, its class and type, flags, and the address that was asked; the client of \
          other lines, where they name it.",
    weight: 98,
    variants: &[
        "{time:%d-%b-%Y %H:%M:%S%f} {category:=queries}: {level:=info}: client {?@{client_id:word} ?}{client:word}#{client_port:int} ({question:word}): {?view {view:name}: ?}query: {query:word} {class:word} {type:word} {flags:word} ({server:word})",
        "{time:%d-%b-%Y %H:%M:%S%f} {category:name}: {level:=critical|error|warning|notice|info|debug}{? {debug_level:int}?}: client {?@{client_id:word} ?}{client:word}#{client_port:int}{? ({question:word})?}: {?view {view:name}: ?}{message:rest}",
        "{time:%d-%b-%Y %H:%M:%S%f} {category:name}: {level:=critical|error|warning|notice|info|debug}{? {debug_level:int}?}: {message:rest}",
        "{time:%d-%b-%Y %H:%M:%S%f} {level:=critical|error|warning|notice|info}: {message:rest}",
    ],
    nulls: &[],
    examples: &[
        "01-Mar-2024 10:00:00.123 queries: info: client @0x7f264c465b08 192.0.2.7#5678 (example.org): query: example.org IN A + (192.0.2.80)",
        "01-Mar-2024 10:00:00.123 network: info: no longer listening on 192.0.2.80#53",
    ],
    ..Table::PLAIN
});

pub static LOGCAT: TemplateFormat = TemplateFormat::new(Table {
    name: "logcat",
    title: "Android logcat",
    doc: "Android's log in the forms `threadtime` and `brief` (developer.android.com, Logcat): time without a year, \
          process, thread, priority (V, D, I, W, E, F), tag, message.",
    weight: 98,
    variants: &[
        "{time:%m-%d %H:%M:%S%f} {pid:int} {thread:int} {level:[VDIWEFSA]} {logger:text}: {message:rest}",
        "{level:[VDIWEFSA]}/{logger:text}({? ?}{pid:int}): {message:rest}",
    ],
    meta: &["--------- beginning of"],
    examples: &["03-01 10:00:00.123  1702  2395 I ActivityManager: Start proc 12:com.example/u0a1"],
    ..Table::PLAIN
});

pub static JVM_GC: TemplateFormat = TemplateFormat::new(Table {
    name: "jvm_gc",
    title: "JVM garbage collection log",
    doc: "What the JVM writes with `-Xlog:gc*` (docs.oracle.com, The java command) and, before 9, with \
          `-XX:+PrintGCDetails`: time, seconds since the start, level, tags, message; of a pause what it was, its number, kind and cause, the heap \
          before and after and in all (`before`, `after`, `total`, in bytes), and how long it took. Indented lines belong to the line \
          before them.",
    weight: 98,
    variants: &[
        "[{time:iso}]{?[{uptime:float}s]?}{?[{level:level}{? ?}]?}{?[{tags:text}]?} GC({gc_id:int}) Pause {pause:text} ({kind:text}) ({cause:text}) {before:size}->{after:size}({total:size}) {duration:ms}ms{message:rest}",
        "[{time:iso}]{?[{uptime:float}s]?}{?[{level:level}{? ?}]?}{?[{tags:text}]?} GC({gc_id:int}) Pause {pause:text} ({cause:text}) {before:size}->{after:size}({total:size}) {duration:ms}ms{message:rest}",
        "[{time:iso}]{?[{uptime:float}s]?}{?[{level:level}{? ?}]?}{?[{tags:text}]?} GC({gc_id:int}) Pause {pause:word} {before:size}->{after:size}({total:size}) {duration:ms}ms{message:rest}",
        "[{time:iso}]{?[{uptime:float}s]?}{?[{level:level}{? ?}]?}{?[{tags:text}]?} GC({gc_id:int}) {message:rest}",
        "[{time:iso}]{?[{uptime:float}s]?}{?[{level:level}{? ?}]?}{?[{tags:text}]?} {message:rest}",
        "[{uptime:float}s][{level:level}{? ?}][{tags:text}] GC({gc_id:int}) Pause {pause:text} ({kind:text}) ({cause:text}) {before:size}->{after:size}({total:size}) {duration:ms}ms{message:rest}",
        "[{uptime:float}s][{level:level}{? ?}][{tags:text}] GC({gc_id:int}) Pause {pause:text} ({cause:text}) {before:size}->{after:size}({total:size}) {duration:ms}ms{message:rest}",
        "[{uptime:float}s][{level:level}{? ?}][{tags:text}] GC({gc_id:int}) Pause {pause:word} {before:size}->{after:size}({total:size}) {duration:ms}ms{message:rest}",
        "[{uptime:float}s][{level:level}{? ?}][{tags:text}] GC({gc_id:int}) {message:rest}",
        "[{uptime:float}s][{level:level}{? ?}][{tags:text}] {message:rest}",
        "{time:iso}: {uptime:float}: [{pause:=GC} ({cause:text}) [{generations:text}] {before:size}->{after:size}({total:size}), {duration:s} secs]{message:rest}",
        "{time:iso}: {uptime:float}: [{pause:=Full GC} ({cause:text}) {generations:until_last}], {duration:s} secs]{message:rest}",
        "{time:iso}: {uptime:float}: [{pause:=GC pause} ({cause:text}) ({kind:text}), {duration:s} secs]{message:rest}",
        "{time:iso}: {uptime:float}: {message:rest}",
    ],
    // Elasticsearch has `] [gc]` in its messages.
    tells: &["][gc", "][safepoint", ": [GC", ": [Full GC", "Total time for which"],
    joins: Joins::Texts,
    meta: &["OpenJDK ", "Java HotSpot", "Memory: ", "CommandLine flags:"],
    examples: &["[2024-03-01T10:00:00.123+0000][0.005s][info][gc] GC(0) Pause Young (Normal) 23M->4M(256M) 3.210ms"],
    ..Table::PLAIN
});
