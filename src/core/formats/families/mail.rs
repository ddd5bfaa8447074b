//! Logs of mail servers: Exim's own, and what Postfix, Sendmail and Dovecot write to syslog.

use crate::formats::template::{Pairs, Table, TemplateFormat};

pub static EXIM: TemplateFormat = TemplateFormat::new(Table {
    name: "exim",
    title: "Exim main log",
    doc: "Exim's main log (exim.org, Log files): time, number of the mail, what became of it (`flag`: `<=` arrived, `=>` and `->` \
          delivered, `==` deferred, `**` failed), address, and the fields under their letters (H host, U user, P protocol, S \
          size, T transport, or subject where the mail arrived).",
    weight: 98,
    variants: &[
        "{time:iso} {?[{pid:int}] ?}{message_id:word} {flag:=<=|=>|->|>>|*>|==|**} {address:word}{? <{recipient:text}>?} {pairs}{message:rest}",
        "{time:iso} {?[{pid:int}] ?}{message_id:word} {message:=Completed|Frozen|Unfrozen}{? {more:rest}?}",
    ],
    also: &["{time:iso} {?[{pid:int}] ?}{message:rest}"],
    pairs: Pairs::SPACED,
    tells: &[" <= ", " => ", " == ", " ** "],
    nulls: &[],
    examples: &[
        "2024-03-01 10:00:00 1rbXYZ-0001Ab-2c <= bob@example.org H=mail.example.org [192.0.2.25] P=esmtps S=1204\n2024-03-01 10:00:01 1rbXYZ-0001Ab-2c => eve <eve@example.org> R=local T=delivery\n2024-03-01 10:00:01 1rbXYZ-0001Ab-2c Completed",
    ],
    ..Table::PLAIN
});

pub static QUEUED: TemplateFormat = TemplateFormat::new(Table {
    name: "mail_queue",
    title: "Messages of Postfix and Sendmail",
    doc: "What Postfix (postfix.org) and Sendmail (sendmail.org) write to syslog: number of the mail in the queue, and its keys; \
          who connects; and what was rejected, as message.",
    programs: &["postfix", "sendmail", "sm-mta", "sm-msp-queue", "sm-acceptingconnections"],
    variants: &[
        "{queue_id:=NOQUEUE}: {event:name}: {message:rest}",
        "{event:=connect from|disconnect from|lost connection after} {client_name:text}[{client:text}]{message:rest}",
        "{queue_id:name}: {event:=removed}",
        "{queue_id:name}: {event:=reject|warning|hold|filter|discard}: {message:rest}",
        "{queue_id:name}: {pairs}{message:rest}",
    ],
    pairs: Pairs::LISTED,
    nulls: &[],
    examples: &[
        "4TXyz12abc: to=<eve@example.org>, relay=mx.example.org[192.0.2.25]:25, delay=1.2, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 12)",
    ],
    ..Table::PLAIN
});

pub static DOVECOT_MESSAGES: TemplateFormat = TemplateFormat::new(Table {
    name: "dovecot_syslog",
    title: "Messages of Dovecot",
    doc: "What Dovecot writes to syslog (doc.dovecot.org, Logging): service, user, process and session where they are written, \
          level, message; of logins the keys.",
    programs: &["dovecot"],
    variants: &[
        "{service:name}: {event:=Login|Disconnected|Aborted login|Logged out}{? ({reason:text})?}: {pairs}{message:rest}",
        "{service:name}({user:text})<{process:int}><{session:text}>: {level:=Info|Warning|Error|Debug|Fatal|Panic}: {message:rest}",
        "{service:name}({user:text})<{process:int}><{session:text}>: {message:rest}",
        "{service:name}({user:text}): {level:=Info|Warning|Error|Debug|Fatal|Panic}: {message:rest}",
        "{service:name}({user:text}): {message:rest}",
        "{service:name}: {level:=Info|Warning|Error|Debug|Fatal|Panic}: {message:rest}",
    ],
    pairs: Pairs::LISTED,
    renames: &[("rip", "client"), ("lip", "local")],
    nulls: &[],
    examples: &[
        "imap-login: Login: user=<bob@example.org>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.80, TLS, session=<f3a>",
    ],
    ..Table::PLAIN
});
