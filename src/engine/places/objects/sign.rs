//! Signatures of requests to S3 and what speaks its protocol (AWS Signature Version 4, with the headers that S3 wants).

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use pipewright_core::ir::encoded;
use sha2::{Digest, Sha256};

/// Who signs, for which region.
pub(super) struct Keys<'a> {
    pub id: &'a str,
    pub secret: &'a str,
    pub session: Option<&'a str>,
    pub region: &'a str,
}

/// A request, and what is signed of it.
pub(super) struct Request<'a> {
    pub method: &'a str,
    pub host: &'a str,
    /// Encoded, with `/` between its parts.
    pub path: &'a str,
    /// As they are, not encoded.
    pub parameters: &'a [(&'a str, String)],
    /// Signed along, with small letters in their names.
    pub headers: Vec<(String, String)>,
    pub body: &'a [u8],
    /// What goes behind the parameters and is signed by nobody.
    pub more: String,
}

/// Parameters in the order in which they are signed, as they stand in an address.
pub(super) fn in_address(parameters: &[(&str, String)]) -> String {
    let mut pairs: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| (encoded(name), encoded(value))).collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(super) fn code(key: &[u8], text: &str) -> Vec<u8> {
    // A key of any length is one: there is no fault.
    let made = Hmac::<Sha256>::new_from_slice(key).map(|code| code.chain_update(text).finalize().into_bytes().to_vec());
    made.unwrap_or_default()
}

/// The headers that a request goes along with, signed for a time.
pub(super) fn signed(request: &Request, keys: &Keys, at: DateTime<Utc>) -> Vec<(String, String)> {
    let (time, body) = (at.format("%Y%m%dT%H%M%SZ").to_string(), digest(request.body));
    let mut headers = request.headers.clone();
    headers.push(("x-amz-content-sha256".into(), body.clone()));
    headers.push(("x-amz-date".into(), time.clone()));
    headers.extend(keys.session.map(|session| ("x-amz-security-token".into(), session.to_owned())));
    let mut all = headers.clone();
    all.push(("host".into(), request.host.to_owned()));
    all.sort();
    let names = all.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let lines: String = all.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let whole = [request.method, request.path, &in_address(request.parameters), &lines, &names, &body].join("\n");
    let day = &time[..8];
    let scope = format!("{day}/{}/s3/aws4_request", keys.region);
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", digest(whole.as_bytes()));
    let first = code(format!("AWS4{}", keys.secret).as_bytes(), day);
    let key = [keys.region, "s3", "aws4_request"].iter().fold(first, |key, part| code(&key, part));
    let signature = hex(&code(&key, &text));
    let signer = format!("Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", keys.id);
    headers.push(("authorization".into(), format!("AWS4-HMAC-SHA256 {signer}")));
    headers
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    const KEYS: Keys = Keys {
        id: "AKIAIOSFODNN7EXAMPLE",
        secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        session: None,
        region: "us-east-1",
    };

    fn signature(
        method: &str,
        path: &str,
        parameters: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: &str,
    ) -> String {
        fn owned<'a>(pairs: &[(&'a str, &str)]) -> Vec<(&'a str, String)> {
            pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
        }
        let parameters = owned(parameters);
        let headers = owned(headers).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let (host, body) = ("examplebucket.s3.amazonaws.com", body.as_bytes());
        let request = Request { method, host, path, parameters: &parameters, headers, body, more: String::new() };
        let at = Utc.with_ymd_and_hms(2013, 5, 24, 0, 0, 0).unwrap();
        let all = signed(&request, &KEYS, at);
        all.last().unwrap().1.rsplit_once('=').unwrap().1.to_owned()
    }

    /// Those that AWS's own pages compute.
    #[test]
    fn signatures_are_those_of_the_reference() {
        assert_eq!(
            signature("GET", "/test.txt", &[], &[("range", "bytes=0-9")], ""),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
        let stored = [("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")];
        assert_eq!(
            signature("PUT", "/test%24file.text", &[], &stored, "Welcome to Amazon S3."),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        );
        assert_eq!(
            signature("GET", "/", &[("lifecycle", "")], &[], ""),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        );
        assert_eq!(
            signature("GET", "/", &[("prefix", "J"), ("max-keys", "2")], &[], ""),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        );
    }
}
