//! Something is told to an address: one request, of whose answer only counts whether it was taken.

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{Inquiry, Method};
use serde_json::Value as Json;

use super::super::patience::{Trouble, patiently};
use super::{Client, Opened, header};

/// Posts JSON to the connection's address, with `path` behind it; tried again where the server is busy.
pub(in super::super) fn post(opened: &Opened, path: &str, body: &Json) -> Result<(), Diagnostic> {
    let inquiry = Inquiry {
        path: path.to_owned(),
        method: Method::Post,
        // It is sent as it is: no parameter stands in it.
        body: body.to_string().replace('$', "$$"),
        headers: [(header::CONTENT_TYPE.to_string(), "application/json".to_owned())].into(),
        ..Inquiry::default()
    };
    let mut client = Client::new(opened, &inquiry)?;
    let target = client.first.clone();
    patiently(opened, || {
        let answer = client.send(&target, false)?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(Trouble::of_status(status.as_u16(), client.refused(status.as_u16(), ""), answer.headers())),
        }
    })
}
