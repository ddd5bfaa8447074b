//! S3's protocol, and that of Google Cloud Storage, which speaks it with keys and tokens of its own.

use std::collections::BTreeMap;
use std::time::SystemTime;

use chrono::DateTime;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{ConnectionKind, decoded};

use super::answers::{element, elements};
use super::load::Upload;
use super::sign::{Keys, Request, signed};
use super::{Call, Listing, Object, Protocol, Store};
use crate::places::patience::{Trouble, patiently, whole_text};

pub(super) struct S3;

impl Protocol for S3 {
    fn admit(&self, store: &Store, request: &mut Request) -> Result<(), Diagnostic> {
        let secrets = &store.opened.secrets;
        if let Some(token) = store.token.get(store)? {
            request.headers.push(("authorization".into(), format!("Bearer {token}")));
        } else if let Some((id, secret)) = secrets.get("access_key").zip(secrets.get("secret_key")) {
            let session = secrets.get("session_token");
            request.headers = signed(request, &Keys { id, secret, session, region: &store.region }, chrono::Utc::now());
        }
        Ok(())
    }

    fn listing(&self, prefix: &str, most: usize, mark: Option<&str>) -> Vec<(&'static str, String)> {
        let mut parameters = vec![
            ("list-type", "2".to_owned()),
            ("prefix", prefix.to_owned()),
            ("encoding-type", "url".to_owned()),
            ("max-keys", most.to_string()),
        ];
        parameters.extend(mark.map(|mark| ("continuation-token", mark.to_owned())));
        parameters
    }

    fn listed(&self, text: &str) -> Option<Listing> {
        let whole = element(text, "ListBucketResult")?;
        let objects = elements(text, "Contents")?.iter().map(object_of).collect::<Option<_>>()?;
        let is_last = whole.get("IsTruncated").is_none_or(|text| text != "true");
        let next = (!is_last).then(|| whole.get("NextContinuationToken").cloned().unwrap_or_default());
        Some(Listing { objects, next })
    }

    fn whole(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn mark(&self, store: &Store) -> &'static str {
        // Google has headers of its own, and takes S3's where a request is signed as S3's are; never both.
        match store.opened.connection.kind {
            ConnectionKind::Gcs if store.opened.secrets.get("access_key").is_none() => "x-goog-meta-pipewright",
            _ => "x-amz-meta-pipewright",
        }
    }

    fn begin(&self, store: &Store, upload: &Upload, run: &str) -> Result<String, Diagnostic> {
        let begin = Call {
            method: "POST",
            key: &upload.key,
            parameters: vec![("uploads", String::new())],
            headers: vec![("content-type", upload.kind.clone()), (self.mark(store), run.to_owned())],
            ..Call::default()
        };
        let mut times = 0;
        let answer = patiently(store.opened, || {
            times += 1;
            whole_text(store.opened, &mut store.send(&begin)?, &store.address)
        })?;
        let begun = element(&answer, "InitiateMultipartUploadResult");
        let id = begun.and_then(|begun| begun.get("UploadId").cloned());
        let id = id.ok_or_else(|| store.not_understood("its answer to an upload"))?;
        // One whose answer was lost would lie there for ever.
        if times > 1 {
            abort_uploads(store, &upload.key, Some(&id))?;
        }
        Ok(id)
    }

    fn part(&self, store: &Store, upload: &Upload, index: usize, part: &[u8]) -> Result<String, Diagnostic> {
        let parameters = vec![("partNumber", (index + 1).to_string()), ("uploadId", upload.id.clone())];
        let call = Call { method: "PUT", key: &upload.key, parameters, body: part, ..Call::default() };
        let sent = patiently(store.opened, || store.send(&call))?;
        let etag = sent.headers().get("etag").and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        etag.ok_or_else(|| store.not_understood("its answer to a part"))
    }

    fn complete(
        &self,
        store: &Store,
        upload: &Upload,
        _: &str,
        condition: &[(&'static str, String)],
    ) -> Result<Option<String>, Trouble> {
        let part = |(index, etag): (usize, &String)| {
            format!("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", index + 1, etag.replace('"', "&quot;"))
        };
        let parts: String = upload.parts.iter().enumerate().map(part).collect();
        let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
        let parameters = vec![("uploadId", upload.id.clone())];
        let call = Call { method: "POST", key: &upload.key, parameters, body: body.as_bytes(), ..Call::default() };
        let mut answer = store.exchange_on(&call, condition)?;
        if matches!(answer.status().as_u16(), 404 | 409 | 412) {
            return Ok(None);
        }
        if !answer.status().is_success() {
            return Err(store.refused(&call, answer));
        }
        // What went wrong while it was put together is said with a status that is well.
        let text = whole_text(store.opened, &mut answer, &store.address)?;
        match element(&text, "CompleteMultipartUploadResult") {
            Some(result) => Ok(result.get("ETag").cloned()),
            None => {
                let message = format!("{} was not put together", store.shown(&upload.key));
                Err(Trouble::Passing(store.opened.fault("PW0672", &message).help("run again"), None))
            }
        }
    }

    fn abort(&self, store: &Store, upload: &Upload) -> Result<(), Diagnostic> {
        match upload.id.as_str() {
            "" => abort_uploads(store, &upload.key, None),
            id => abort_upload(store, &upload.key, id),
        }
    }

    fn only_over(&self, store: &Store, known: Option<&str>) -> Vec<(&'static str, String)> {
        // Google's stores compare generations, which S3 has none of.
        match (store.opened.connection.kind, known) {
            (ConnectionKind::Gcs, _) => Vec::new(),
            (_, Some(etag)) => vec![("if-match", etag.to_owned())],
            (_, None) => vec![("if-none-match", "*".to_owned())],
        }
    }
}

/// Takes the uploads to a key away, but for one.
fn abort_uploads(store: &Store, key: &str, but: Option<&str>) -> Result<(), Diagnostic> {
    let parameters = vec![("uploads", String::new()), ("prefix", key.to_owned())];
    let text = store.ask(&Call { parameters, ..Call::get("") })?;
    let open = elements(&text, "Upload").ok_or_else(|| store.not_understood("its listing of uploads"))?;
    for upload in open.iter().filter(|upload| upload.get("Key").is_some_and(|found| found == key)) {
        let Some(id) = upload.get("UploadId").filter(|id| but != Some(id.as_str())) else { continue };
        abort_upload(store, key, id)?;
    }
    Ok(())
}

fn abort_upload(store: &Store, key: &str, id: &str) -> Result<(), Diagnostic> {
    let call = Call { method: "DELETE", key, parameters: vec![("uploadId", id.to_owned())], ..Call::default() };
    patiently(store.opened, || match store.exchange(&call)? {
        answer if answer.status().is_success() || answer.status() == 404 => Ok(()),
        answer => Err(store.refused(&call, answer)),
    })
}

fn object_of(texts: &BTreeMap<String, String>) -> Option<Object> {
    let key = key_of(texts.get("Key")?)?;
    let bytes = texts.get("Size")?.parse().ok()?;
    let changed = texts.get("LastModified").and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    Some(Object { key, bytes, etag: texts.get("ETag")?.clone(), changed: changed.map(SystemTime::from) })
}

/// A key as a listing spells it.
fn key_of(text: &str) -> Option<String> {
    String::from_utf8(decoded(&text.replace('+', " "))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_spelt_in_percents() {
        assert_eq!(key_of("a%20b%2Fc+d%C3%A4%").unwrap(), "a b/c dä%");
        assert_eq!(key_of("%FF"), None);
    }
}
