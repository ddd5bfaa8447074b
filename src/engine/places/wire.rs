//! A conversation with a PostgreSQL server, message by message. Knows no connections of projects and no rows; every fault
//! ends it.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::{md5_hash, sasl};
use postgres_protocol::message::{backend::Message, frontend};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::cancel::Cancel;

/// How often a silent server's line is looked at.
const TURN: Duration = Duration::from_millis(200);
/// Bytes of rows that are sent at once.
const PIECE: usize = 1 << 18;
/// Rounds of hashing that a server may ask for: some seconds of work. Usual are 4,096.
const MOST_ROUNDS: u64 = 5_000_000;
/// Remarks of a server before it has let somebody in.
const MOST_REMARKS: u64 = 10_000;

/// The rounds of hashing that the server's part of SCRAM asks for (RFC 5802: `r=…,s=…,i=4096`).
fn rounds(challenge: &[u8]) -> u64 {
    let parts = std::str::from_utf8(challenge).unwrap_or_default().split(',');
    { parts }.find_map(|part| part.strip_prefix("i=")).and_then(|count| count.parse().ok()).unwrap_or(u64::MAX)
}

/// Who is talked to.
pub(super) struct Address<'a> {
    pub host: &'a str,
    pub port: u16,
    pub database: &'a str,
    pub user: &'a str,
    pub password: Option<&'a str>,
    pub tls: bool,
    /// Has signed the server's certificate; `None`: one of those that browsers trust.
    pub certificate: Option<&'a Path>,
    /// Without a word from the server for so long it is given up.
    pub patience: Duration,
}

/// Why a conversation ended.
#[derive(Debug)]
pub(super) enum Fault {
    /// The server says so: its code (SQLSTATE), its words.
    Server {
        code: String,
        message: String,
    },
    Line(io::Error),
    /// It said nothing for too long.
    Silent,
    Cancelled,
    /// What it wants is not spoken here.
    Unknown(&'static str),
    Certificate(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Line(error)
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(stream) => stream.read(buffer),
            Stream::Tls(stream) => stream.read(buffer),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Stream::Plain(stream) => stream.write_all(bytes),
            Stream::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        }
    }
}

/// A column of a query: its name, and the number of its type.
pub(super) type WireColumn = (String, u32);
/// A row, as texts.
pub(super) type WireRow = Vec<Option<String>>;

/// A server that has let the user in.
pub(super) struct Server {
    stream: Stream,
    incoming: BytesMut,
    patience: Duration,
    cancel: Cancel,
    /// Rows that the last statement put in, changed or took out, as the server counts them.
    pub touched: u64,
    /// Remarks that are still listened to before something else comes.
    remarks_left: u64,
}

impl Server {
    pub fn connect(address: &Address, cancel: &Cancel) -> Result<Server, Fault> {
        let stream = tcp(address)?;
        stream.set_nodelay(true)?;
        let stream = if address.tls { tls(stream, address)? } else { Stream::Plain(stream) };
        let socket = match &stream {
            Stream::Plain(stream) => stream,
            Stream::Tls(stream) => &stream.sock,
        };
        socket.set_read_timeout(Some(TURN))?;
        // A server that takes nothing more is not waited for either.
        socket.set_write_timeout(Some(address.patience))?;
        let (patience, cancel) = (address.patience, cancel.clone());
        let mut server =
            Server { stream, incoming: BytesMut::new(), patience, cancel, touched: 0, remarks_left: MOST_REMARKS };
        let about = [
            ("user", address.user),
            ("database", address.database),
            // Literals are quoted by the standard's rules, whatever the server is set to.
            ("standard_conforming_strings", "on"),
            ("client_encoding", "UTF8"),
            ("application_name", "pipewright"),
        ];
        server.send(|out| frontend::startup_message(about, out))?;
        server.log_in(address)?;
        server.until_ready(&mut |_| Ok(()))?;
        // A statement may have something to say of each of its rows.
        server.remarks_left = u64::MAX;
        Ok(server)
    }

    /// From here on nothing but the server's silence ends it.
    pub fn go_on_to_the_end(&mut self) {
        self.cancel = Cancel::default();
    }

    fn log_in(&mut self, address: &Address) -> Result<(), Fault> {
        let password = || address.password.ok_or(Fault::Unknown("a password, and the connection has none"));
        loop {
            match self.receive()? {
                Message::AuthenticationOk => return Ok(()),
                // On this machine too: whoever takes the port first would have it.
                Message::AuthenticationCleartextPassword if !address.tls => {
                    return Err(Fault::Unknown("the password as plain text over an open line"));
                }
                Message::AuthenticationCleartextPassword => {
                    let password = password()?.as_bytes();
                    self.send(|out| frontend::password_message(password, out))?;
                }
                Message::AuthenticationMd5Password(body) => {
                    let hash = md5_hash(address.user.as_bytes(), password()?.as_bytes(), body.salt());
                    self.send(|out| frontend::password_message(hash.as_bytes(), out))?;
                }
                Message::AuthenticationSasl(body) => {
                    let known = body.mechanisms().any(|name| Ok(name == sasl::SCRAM_SHA_256))?;
                    if !known {
                        return Err(Fault::Unknown("another way to log in than by a password"));
                    }
                    self.scram(password()?)?;
                }
                _ => return Err(Fault::Unknown("another way to log in than by a password")),
            }
        }
    }

    fn scram(&mut self, password: &str) -> Result<(), Fault> {
        let mut scram = sasl::ScramSha256::new(password.as_bytes(), sasl::ChannelBinding::unsupported());
        self.send(|out| frontend::sasl_initial_response(sasl::SCRAM_SHA_256, scram.message(), out))?;
        let Message::AuthenticationSaslContinue(body) = self.receive()? else {
            return Err(Fault::Unknown("another order of messages"));
        };
        if rounds(body.data()) > MOST_ROUNDS {
            return Err(Fault::Unknown("more rounds of hashing than any server does"));
        }
        scram.update(body.data())?;
        self.send(|out| frontend::sasl_response(scram.message(), out))?;
        let Message::AuthenticationSaslFinal(body) = self.receive()? else {
            return Err(Fault::Unknown("another order of messages"));
        };
        Ok(scram.finish(body.data())?)
    }

    fn send(&mut self, write: impl FnOnce(&mut BytesMut) -> io::Result<()>) -> Result<(), Fault> {
        let mut out = BytesMut::new();
        write(&mut out)?;
        Ok(self.stream.write_all(&out)?)
    }

    /// The next message that says something; a fault of the server's is one.
    fn receive(&mut self) -> Result<Message, Fault> {
        let mut heard = Instant::now();
        let mut buffer = [0; 1 << 14];
        loop {
            match Message::parse(&mut self.incoming)? {
                Some(Message::NoticeResponse(_) | Message::ParameterStatus(_) | Message::NotificationResponse(_)) => {
                    self.cancel.check().map_err(|_| Fault::Cancelled)?;
                    self.remarks_left = self.remarks_left.saturating_sub(1);
                    if self.remarks_left == 0 {
                        return Err(Fault::Unknown("to be listened to without an end"));
                    }
                }
                Some(Message::ErrorResponse(body)) => {
                    let (mut code, mut message, mut detail) = (String::new(), String::new(), String::new());
                    let mut fields = body.fields();
                    while let Some(field) = fields.next()? {
                        let text = String::from_utf8_lossy(field.value_bytes()).into_owned();
                        match field.type_() {
                            b'C' => code = text,
                            b'M' => message = text,
                            b'D' => detail = format!(" ({text})"),
                            _ => {}
                        }
                    }
                    // There it repeats values of the row, which may be secret; the constraint is named before.
                    if ["23", "44"].iter().any(|class| code.starts_with(class)) {
                        detail.clear();
                    }
                    return Err(Fault::Server { code, message: message + &detail });
                }
                Some(message) => return Ok(message),
                None => match self.stream.read(&mut buffer) {
                    Ok(0) => return Err(Fault::Line(io::ErrorKind::UnexpectedEof.into())),
                    Ok(count) => {
                        heard = Instant::now();
                        self.incoming.extend_from_slice(&buffer[..count]);
                    }
                    Err(error) if is_early(&error) => {
                        self.cancel.check().map_err(|_| Fault::Cancelled)?;
                        if heard.elapsed() > self.patience {
                            return Err(Fault::Silent);
                        }
                    }
                    Err(error) => return Err(error.into()),
                },
            }
        }
    }

    /// Takes messages until the server waits for the next question.
    fn until_ready(&mut self, take: &mut dyn FnMut(Message) -> Result<(), Fault>) -> Result<(), Fault> {
        loop {
            match self.receive()? {
                Message::ReadyForQuery(_) => return Ok(()),
                Message::CommandComplete(body) => self.touched = touched(body.tag()?),
                message => take(message)?,
            }
        }
    }

    /// The columns of one statement, without running it; `None`: it gives none.
    pub fn describe(&mut self, sql: &str) -> Result<Option<Vec<WireColumn>>, Fault> {
        self.send(|out| {
            frontend::parse("", sql, [], out)?;
            frontend::describe(b'S', "", out)?;
            frontend::sync(out);
            Ok(())
        })?;
        let mut columns = None;
        self.until_ready(&mut |message| {
            if let Message::RowDescription(body) = message {
                let all = body.fields().map(|field| Ok((field.name().to_owned(), field.type_oid()))).collect()?;
                columns = Some(all);
            }
            Ok(())
        })?;
        Ok(columns)
    }

    /// Runs statements; gives the rows of all.
    pub fn rows(&mut self, sql: &str) -> Result<Vec<WireRow>, Fault> {
        self.send(|out| frontend::query(sql, out))?;
        let mut rows = Vec::new();
        self.until_ready(&mut |message| {
            if let Message::DataRow(body) = message {
                let buffer = body.buffer();
                let cell = |range: Option<std::ops::Range<usize>>| {
                    Ok(range.map(|range| String::from_utf8_lossy(&buffer[range]).into_owned()))
                };
                rows.push(body.ranges().map(cell).collect()?);
            }
            Ok(())
        })?;
        Ok(rows)
    }

    /// Rows that a COPY sends, line by line as they come.
    pub fn copy_out(&mut self, sql: &str, take: &mut dyn FnMut(&[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
        self.send(|out| frontend::query(sql, out))?;
        self.until_ready(&mut |message| match message {
            Message::CopyData(body) => take(body.data()),
            _ => Ok(()),
        })
    }

    /// Sends what a COPY takes.
    pub fn copy_in(&mut self, sql: &str, lines: &mut dyn Read) -> Result<(), Fault> {
        self.send(|out| frontend::query(sql, out))?;
        let Message::CopyInResponse(_) = self.receive()? else { return Err(Fault::Unknown("no rows")) };
        let mut buffer = vec![0; PIECE];
        loop {
            self.cancel.check().map_err(|_| Fault::Cancelled)?;
            let count = lines.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            self.send(|out| {
                frontend::CopyData::new(&buffer[..count])?.write(out);
                Ok(())
            })?;
        }
        self.send(|out| {
            frontend::copy_done(out);
            Ok(())
        })?;
        self.until_ready(&mut |_| Ok(()))
    }
}

impl Drop for Server {
    /// A transaction that was not committed is gone with it.
    fn drop(&mut self) {
        let _ = self.send(|out| {
            frontend::terminate(out);
            Ok(())
        });
    }
}

/// `INSERT 0 4`, `UPDATE 4`: 4.
fn touched(tag: &str) -> u64 {
    tag.rsplit(' ').next().and_then(|count| count.parse().ok()).unwrap_or_default()
}

fn is_early(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

fn tcp(address: &Address) -> Result<TcpStream, Fault> {
    let host = address.host.trim_start_matches('[').trim_end_matches(']');
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for place in (host, address.port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&place, address.patience.min(Duration::from_secs(20))) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last.into())
}

/// What is wrong with a server's certificate, in words of people.
fn certificate_fault(said: &str) -> &str {
    const WORDS: [(&str, &str); 5] = [
        ("UnknownIssuer", "nobody that is trusted has signed the server's certificate"),
        ("Expired", "the server's certificate has expired"),
        ("NotValidForName", "the server's certificate is for another host"),
        ("not valid for name", "the server's certificate is for another host"),
        ("CaUsedAsEndEntity", "the server's certificate is one that signs others"),
    ];
    WORDS
        .iter()
        .find(|(part, _)| said.contains(part))
        .map_or("the two do not agree on how to speak", |(_, words)| words)
}

fn tls(mut stream: TcpStream, address: &Address) -> Result<Stream, Fault> {
    let mut out = BytesMut::new();
    frontend::ssl_request(&mut out);
    stream.set_read_timeout(Some(address.patience))?;
    stream.write_all(&out)?;
    let mut answer = [0];
    stream.read_exact(&mut answer)?;
    if answer[0] != b'S' {
        return Err(Fault::Certificate("the server speaks no TLS".to_owned()));
    }
    let told = |error: &dyn std::fmt::Display| Fault::Certificate(certificate_fault(&error.to_string()).to_owned());
    let mut roots = RootCertStore::empty();
    match address.certificate {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let file = pipewright_core::files::read_file(path)?;
            for certificate in CertificateDer::pem_slice_iter(&file) {
                roots.add(certificate.map_err(|error| told(&error))?).map_err(|error| told(&error))?;
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| told(&error))?.with_root_certificates(roots).with_no_client_auth();
    let name = address.host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(name).map_err(|error| told(&error))?;
    let mut session = ClientConnection::new(Arc::new(config), name).map_err(|error| told(&error))?;
    while session.is_handshaking() {
        session.complete_io(&mut stream).map_err(|error| told(&error))?;
    }
    Ok(Stream::Tls(Box::new(StreamOwned::new(session, stream))))
}
