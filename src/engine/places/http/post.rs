//! Something is told to an address: one request, of whose answer only counts whether it was taken.

use std::time::Duration;

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{Inquiry, Method};
use serde_json::Value as Json;

use super::{Client, Opened, RETRIES, Trouble, header};

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
    let retries = opened.number("retries", RETRIES) as u32;
    let mut tried = 0;
    loop {
        let fault = match client.send(&target, false) {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) => {
                let status = answer.status().as_u16();
                let fault = client.refused(status, "");
                if status != 429 && status < 500 {
                    return Err(fault);
                }
                fault
            }
            Err(Trouble::Lasting(fault)) => return Err(fault),
            Err(Trouble::Passing(fault, _)) => fault,
        };
        if tried == retries {
            return Err(fault);
        }
        client.wait(Duration::from_millis(500 << tried.min(6)).mul_f64(0.5 + fastrand::f64()))?;
        tried += 1;
    }
}
