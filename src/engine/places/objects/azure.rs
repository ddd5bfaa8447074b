//! Azure's protocol of blobs: signed with the account's key (Shared Key), let in by a signature in the address, or with a
//! token. Blocks that nobody has put together are seen by nobody, and Azure takes them away after a week.

use std::collections::BTreeMap;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::interpolate;

use super::answers::{element, elements};
use super::load::Upload;
use super::sign::{Request, code};
use super::{Call, Listing, Object, Protocol, Store};
use crate::places::patience::{Trouble, patiently};

/// Of the protocol: with listings that tell folders of a hierarchical namespace from blobs.
const VERSION: &str = "2020-10-02";
const MARK: &str = "x-ms-meta-pipewright";

pub(super) struct Azure;

impl Protocol for Azure {
    fn admit(&self, store: &Store, request: &mut Request) -> Result<(), Diagnostic> {
        request.headers.push(("x-ms-version".into(), VERSION.into()));
        let secrets = &store.opened.secrets;
        if let Some(signature) = secrets.get("sas") {
            request.more = signature.trim().trim_start_matches('?').to_owned();
        } else if let Some(token) = store.token.get(store)? {
            request.headers.push(("authorization".into(), format!("Bearer {token}")));
        } else if let Some(key) = secrets.get("account_key") {
            let account = account(store)?;
            let key = STANDARD.decode(key.trim()).map_err(|_| {
                let fault = store.opened.fault("PW1166", "the secret `account_key` is no key of a storage account");
                fault.help("put the key there as Azure shows it: in base64, with its `=` at the end")
            })?;
            let now = chrono::Utc::now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
            request.headers.push(("x-ms-date".into(), now));
            let signature = STANDARD.encode(code(&key, &to_sign(request, &account)));
            request.headers.push(("authorization".into(), format!("SharedKey {account}:{signature}")));
        }
        Ok(())
    }

    fn listing(&self, prefix: &str, most: usize, mark: Option<&str>) -> Vec<(&'static str, String)> {
        let mut parameters = vec![
            ("restype", "container".to_owned()),
            ("comp", "list".to_owned()),
            ("include", "metadata".to_owned()),
            ("prefix", prefix.to_owned()),
            ("maxresults", most.to_string()),
        ];
        parameters.extend(mark.map(|mark| ("marker", mark.to_owned())));
        parameters
    }

    fn listed(&self, text: &str) -> Option<Listing> {
        let next = element(text, "EnumerationResults")?.get("NextMarker").filter(|next| !next.is_empty()).cloned();
        let blobs = elements(text, "Blob")?;
        let objects = blobs.iter().filter(|blob| !is_folder(blob)).map(object_of).collect::<Option<_>>()?;
        Some(Listing { objects, next })
    }

    fn whole(&self) -> Vec<(&'static str, String)> {
        vec![("x-ms-blob-type", "BlockBlob".to_owned())]
    }

    fn mark(&self, _: &Store) -> &'static str {
        MARK
    }

    fn begin(&self, _: &Store, _: &Upload, run: &str) -> Result<String, Diagnostic> {
        Ok(run.to_owned())
    }

    fn part(&self, store: &Store, upload: &Upload, index: usize, part: &[u8]) -> Result<String, Diagnostic> {
        // All of a blob have names of one length.
        let name = STANDARD.encode(format!("{}-{index:06}", upload.id));
        // A block holds something; a blob of none is empty.
        if !part.is_empty() {
            let parameters = vec![("comp", "block".to_owned()), ("blockid", name.clone())];
            let headers = vec![("content-type", "application/octet-stream".to_owned())];
            let call = Call { method: "PUT", key: &upload.key, parameters, headers, body: part };
            patiently(store.opened, || store.send(&call))?;
        }
        Ok(name)
    }

    fn complete(
        &self,
        store: &Store,
        upload: &Upload,
        run: &str,
        condition: &[(&'static str, String)],
    ) -> Result<Option<String>, Trouble> {
        let filled = upload.parts.iter().filter(|_| upload.bytes > 0);
        let blocks: String = filled.map(|name| format!("<Latest>{name}</Latest>")).collect();
        let body = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>{blocks}</BlockList>");
        let headers = vec![
            ("content-type", "application/xml".to_owned()),
            ("x-ms-blob-content-type", upload.kind.clone()),
            (MARK, run.to_owned()),
        ];
        let parameters = vec![("comp", "blocklist".to_owned())];
        let call = Call { method: "PUT", key: &upload.key, parameters, headers, body: body.as_bytes() };
        let answer = store.exchange_on(&call, condition)?;
        let is_gone = answer.status() == 400 && said_code(&answer) == Some("InvalidBlockList");
        if is_gone || matches!(answer.status().as_u16(), 409 | 412) {
            return Ok(None);
        }
        if !answer.status().is_success() {
            return Err(store.refused(&call, answer));
        }
        Ok(answer.headers().get("etag").and_then(|etag| etag.to_str().ok()).map(str::to_owned))
    }

    fn abort(&self, _: &Store, _: &Upload) -> Result<(), Diagnostic> {
        Ok(())
    }

    fn only_over(&self, _: &Store, known: Option<&str>) -> Vec<(&'static str, String)> {
        match known {
            Some(etag) => vec![("if-match", etag.to_owned())],
            None => vec![("if-none-match", "*".to_owned())],
        }
    }
}

/// Why a request was refused, in Azure's own word.
fn said_code(answer: &super::Answer) -> Option<&str> {
    answer.headers().get("x-ms-error-code").and_then(|code| code.to_str().ok())
}

/// Folders of accounts with a hierarchical namespace are listed as blobs without bytes.
fn is_folder(blob: &BTreeMap<String, String>) -> bool {
    let says = |name: &str, value: &str| blob.get(name).is_some_and(|found| found == value);
    says("Properties/ResourceType", "directory") || says("Metadata/hdi_isfolder", "true")
}

fn object_of(blob: &BTreeMap<String, String>) -> Option<Object> {
    let bytes = blob.get("Properties/Content-Length")?.parse().ok()?;
    let changed = blob.get("Properties/Last-Modified").and_then(|text| DateTime::parse_from_rfc2822(text).ok());
    // Headers have it in quotes, listings have not.
    let etag = format!("\"{}\"", blob.get("Properties/Etag")?.trim_matches('"'));
    Some(Object { key: blob.get("Name")?.clone(), bytes, etag, changed: changed.map(SystemTime::from) })
}

/// The storage account: as it is set, or as the address begins.
fn account(store: &Store) -> Result<String, Diagnostic> {
    let said = interpolate(store.opened.connection.setting("account"), store.opened.visit.parameters)?;
    Ok(match said.trim() {
        "" => store.host.split(['.', ':']).next().unwrap_or_default().to_owned(),
        said => said.to_owned(),
    })
}

/// What is signed with the account's key (“Authorize with Shared Key” of Azure's pages).
fn to_sign(request: &Request, account: &str) -> String {
    let header = |name: &str| {
        let found = request.headers.iter().find(|(known, _)| known == name);
        found.map_or(String::new(), |(_, value)| value.clone())
    };
    let length = if request.body.is_empty() { String::new() } else { request.body.len().to_string() };
    // Content-Encoding, -Language, -Length, -MD5, -Type, Date, If-Modified-Since, If-Match, If-None-Match,
    // If-Unmodified-Since, Range.
    let none = String::new;
    let usual = [none(), none(), length, none(), header("content-type"), none(), none(), header("if-match")];
    let usual =
        usual.into_iter().chain([header("if-none-match"), none(), header("range")]).collect::<Vec<_>>().join("\n");
    let mut own: Vec<String> = request
        .headers
        .iter()
        .filter(|(name, _)| name.starts_with("x-ms-"))
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect();
    own.sort();
    let mut parameters: Vec<String> =
        request.parameters.iter().map(|(name, value)| format!("\n{name}:{value}")).collect();
    parameters.sort();
    format!("{}\n{usual}\n{}/{account}{}{}", request.method, own.concat(), request.path, parameters.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_are_listed_without_folders() {
        let blob = |name: &str, more: &str| {
            format!(
                "<Blob><Name>{name}</Name><Properties><Last-Modified>Mon, 02 Mar 2026 10:00:00 GMT</Last-Modified>\
                 <Etag>0x8D</Etag><Content-Length>4</Content-Length>{more}</Properties><Metadata /></Blob>"
            )
        };
        let listing = |next: &str| {
            let folder = blob("in", "<ResourceType>directory</ResourceType>");
            format!(
                "<?xml version=\"1.0\"?><EnumerationResults ContainerName=\"c\"><Blobs>{folder}{}</Blobs>{next}\
                 </EnumerationResults>",
                blob("in/a&amp;b.txt", "")
            )
        };
        let page = Azure.listed(&listing("<NextMarker>m</NextMarker>")).unwrap();
        assert_eq!((page.objects.len(), page.next.as_deref()), (1, Some("m")));
        let object = &page.objects[0];
        assert_eq!((object.key.as_str(), object.bytes, object.etag.as_str()), ("in/a&b.txt", 4, "\"0x8D\""));
        assert!(object.changed.is_some());
        assert_eq!(Azure.listed(&listing("<NextMarker />")).unwrap().next, None);
        assert!(Azure.listed("<Error/>").is_none());
    }

    /// As the page “Authorize with Shared Key” spells it.
    #[test]
    fn what_is_signed_is_spelt_as_in_the_reference() {
        let parameters =
            [("restype", "container".to_owned()), ("comp", "metadata".to_owned()), ("timeout", "20".into())];
        let headers = [("x-ms-version", "2015-02-21"), ("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT")];
        let request = Request {
            method: "GET",
            host: "myaccount.blob.core.windows.net",
            path: "/mycontainer",
            parameters: &parameters,
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            body: b"",
            more: String::new(),
        };
        assert_eq!(
            to_sign(&request, "myaccount"),
            "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n\
             /myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"
        );
    }
}
