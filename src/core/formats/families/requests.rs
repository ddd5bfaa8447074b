//! Requests as frameworks and small servers log them, beside what nginx and Apache write.

use crate::formats::template::{Joins, Table, TemplateFormat};

pub static FRAMEWORK_ACCESS: TemplateFormat = TemplateFormat::new(Table {
    name: "framework_access",
    title: "Request log of a framework",
    doc: "Requests as the development servers of Flask (werkzeug.palletsprojects.com) and Django (docs.djangoproject.com, \
          runserver), Go's gin (github.com/gin-gonic/gin) and morgan's `tiny` and `dev` (github.com/expressjs/morgan) write them: time, \
          client, request, status, bytes, duration. morgan's lines have no time.",
    weight: 97,
    variants: &[
        "{client:word} - {user:word} [{time:%d/%b/%Y %H:%M:%S}] {request:request} {status:int} {bytes:int} {message:rest}",
        "{client:word} - {user:word} [{time:%d/%b/%Y %H:%M:%S}] {message:rest}",
        "[{time:%d/%b/%Y %H:%M:%S}] {request:request} {status:int} {bytes:int} {message:rest}",
        "[GIN] {time:%Y/%m/%d - %H:%M:%S} | {status:int} | {duration:span} | {client:word} | {method:word} {path:quoted} {message:rest}",
        "[GIN-debug] {message:rest}",
        "{method:=GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS} {path:word} {status:int} {bytes:int} - {duration:ms} ms {message:rest}",
        "{method:=GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS} {path:word} {status:int} {duration:ms} ms - {bytes:int} {message:rest}",
    ],
    joins: Joins::Traces,
    meta: &[
        " * Serving Flask app",
        " * Debug mode:",
        " * Environment:",
        " * Running on ",
        " * Restarting with ",
        " * Debugger ",
        "Press CTRL+C to quit",
        "Watching for file changes with ",
        "Performing system checks...",
        "System check identified ",
        "Starting development server at ",
        "Quit the server with ",
    ],
    examples: &[
        "192.0.2.7 - - [01/Mar/2024 10:00:00] \"GET /orders/17 HTTP/1.1\" 200 -",
        "[01/Mar/2024 10:00:00] \"POST /orders/ HTTP/1.1\" 302 17",
        "[GIN] 2024/03/01 - 10:00:00 | 200 |     1.234ms |       192.0.2.7 | GET      \"/orders/17\"",
        "GET /orders/17 200 512 - 3.145 ms",
    ],
    ..Table::PLAIN
});

#[cfg(test)]
mod tests {
    use crate::formats::families::tests::fields;

    #[test]
    fn requests_of_frameworks_have_their_fields() {
        let flask = fields("framework_access", "192.0.2.7 - - [01/Mar/2024 10:00:00] \"GET /a HTTP/1.1\" 404 -\n");
        assert_eq!(
            (&flask["client"], &flask["path"], &flask["status"]),
            (&"192.0.2.7".into(), &"/a".into(), &404.into())
        );
        assert_eq!((&flask["time"], flask.get("bytes")), (&"2024-03-01T10:00:00Z".into(), None));
        let gin = "[GIN] 2024/03/01 - 10:00:00 | 500 |  340µs | 192.0.2.7 | POST     \"/a\"\n";
        let row = fields("framework_access", gin);
        assert_eq!((&row["method"], &row["path"], &row["status"]), (&"POST".into(), &"/a".into(), &500.into()));
        assert!((row["duration"].as_f64().unwrap() - 340e-6).abs() < 1e-12, "{row}");
        let morgan = fields("framework_access", "GET /a 200 17 - 3.5 ms\n");
        assert_eq!((&morgan["duration"], &morgan["bytes"]), (&0.0035.into(), &17.into()));
    }
}
